// Small preferences that this browser keeps; where it may not keep any, they last as long as the page.

const held = new Map();

/** What was kept under a name, or null. */
export function remembered(name) {
  try {
    return localStorage.getItem(`redink-${name}`) ?? held.get(name) ?? null;
  } catch {
    return held.get(name) ?? null;
  }
}

/** Keeps a text under a name. */
export function remember(name, text) {
  held.set(name, text);
  try {
    localStorage.setItem(`redink-${name}`, text);
  } catch {
    // The map above has it.
  }
}
