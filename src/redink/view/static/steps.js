// The way to the entry before and behind, and where among them the reader is.

import { element, fill } from "./element.js";
import { figure } from "./words.js";

/** Buttons and keys that step through a list's entries. */
export class StepBar {
  /** @param {function(number)} step called with 1 or -1 */
  constructor(step) {
    this.step = step;
    this.root = element("nav.stepping", { "aria-label": "Entries" });
    this.keys = [
      { key: "j", says: "next", does: () => step(1) },
      { key: "k", says: "previous", does: () => step(-1) },
    ];
  }

  /**
   * Shows the place.
   * @param {number|null} place from 0
   * @param {number} matching entries in all
   */
  show(place, matching) {
    const button = (id, name, step, key, text, off) =>
      element(
        "button",
        {
          type: "button",
          id,
          "aria-label": name,
          "aria-disabled": off,
          "aria-keyshortcuts": key,
          onclick: () => this.step(step),
        },
        text,
        " ",
        element("kbd", {}, key),
      );
    fill(
      this.root,
      button("previous", "Previous", -1, "k", "←", place === 0 ? "true" : null),
      element("span.place", {}, place === null ? "" : `${figure(place + 1)} of ${figure(matching)}`),
      button("next", "Next", 1, "j", "→", place !== null && place + 1 >= matching ? "true" : null),
    );
  }
}
