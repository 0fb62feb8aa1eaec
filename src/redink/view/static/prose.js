// Long texts: typeset by the server, or as they were written.

import { element, markup } from "./element.js";
import { counted } from "./words.js";

const LONG = 6000;

/**
 * A text that the server typeset; what is wider than the page can be scrolled by keyboard.
 * @param {string|null} html
 * @param {string} label its name where it has to be scrolled
 */
export function prose(html, label) {
  const made = element("div.prose", { dir: "auto" }, markup(html));
  new ResizeObserver(() => reachable(made, label)).observe(made);
  return (html ?? "").length > LONG ? folded(made, html.length) : made;
}

/** A text exactly as it was written, behind a button; made when it is first opened. */
export function asWritten(text, label = "As written") {
  if (!text) return null;
  const details = element("details.written", {}, element("summary", {}, label));
  details.addEventListener("toggle", () => details.append(element("pre", { dir: "auto" }, text)), {
    once: true,
  });
  return details;
}

function folded(text, length) {
  text.classList.add("folded");
  const open = () => {
    text.classList.remove("folded");
    button.remove();
  };
  const button = element(
    "button.unfold",
    { type: "button", onclick: open },
    `Show all ${counted(length, "character")}`,
  );
  return element("div", {}, text, button);
}

function reachable(node, label) {
  if (node.scrollWidth <= node.clientWidth + 1) return;
  node.tabIndex = 0;
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", label);
}
