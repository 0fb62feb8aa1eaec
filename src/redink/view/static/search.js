// A search field that waits for the reader to finish typing.

import { element } from "./element.js";

const WAIT_MS = 250;

/**
 * A search field with the id "search".
 * @param {string} label its name
 * @param {function(string)} choose called with the words, once typing pauses or Enter is pressed
 * @returns {HTMLElement} holding the field; `shown(words)` on it sets what stands there
 */
export function searchField(label, choose) {
  let waiting = 0;
  const field = element("input", {
    type: "search",
    id: "search",
    placeholder: label,
    "aria-label": label,
    "aria-keyshortcuts": "/",
    autocomplete: "off",
    spellcheck: "false",
    oninput: () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => choose(field.value.trim()), WAIT_MS);
    },
  });
  const form = element("form.search", {
    role: "search",
    onsubmit: (event) => {
      event.preventDefault();
      clearTimeout(waiting);
      choose(field.value.trim());
    },
  });
  form.append(field);
  form.shown = (words) => {
    if (document.activeElement !== field) field.value = words;
  };
  return form;
}
