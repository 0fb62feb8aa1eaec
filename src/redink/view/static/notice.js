// What the page says aside: short news for eyes and screen readers, and what went wrong.

const NEWS_MS = 4000;
let leaving = 0;

/** Says something short; it goes by itself. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = text;
  clearTimeout(leaving);
  leaving = setTimeout(() => (place.textContent = ""), NEWS_MS);
}

/** Shows what went wrong until something succeeds. */
export function complain(error) {
  if (error.name === "AbortError") return;
  const place = document.getElementById("trouble");
  place.textContent = error.message;
  place.hidden = false;
}

/** Takes away what went wrong before. */
export function calm() {
  const place = document.getElementById("trouble");
  place.hidden = true;
  place.textContent = "";
}
