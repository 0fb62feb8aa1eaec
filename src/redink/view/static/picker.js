// A choice among a few names.

import { element } from "./element.js";

/**
 * A labelled choice.
 * @param {string} id
 * @param {string} label
 * @param {Array<[string, string]>} options values and what stands for them
 * @param {string} chosen value
 * @param {function(string)} choose called with the value that the reader takes
 */
export function picker(id, label, options, chosen, choose) {
  const select = element("select", { id, onchange: (event) => choose(event.target.value) });
  select.append(...options.map(([value, text]) => element("option", { value }, text)));
  select.value = chosen;
  return element("label.picker", {}, element("span", {}, label), select);
}

/** A button that is either on or off, with its key. */
export function toggle(id, label, key, on, choose) {
  return element(
    "button.toggle",
    { type: "button", id, "aria-pressed": String(on), "aria-keyshortcuts": key, onclick: choose },
    label,
    " ",
    element("kbd", {}, key),
  );
}
