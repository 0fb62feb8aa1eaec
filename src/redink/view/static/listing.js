// A list of links to step through with keys.

import { element, fill } from "./element.js";

let lastOpened = "";

/** Remembers which entry was opened last, so that coming back finds it. */
export function opened(id) {
  lastOpened = id;
}

/** A list whose entries are links. */
export class Listing {
  /** @param {string} label the list's name for screen readers */
  constructor(label) {
    this.root = element("ol.listing", { "aria-label": label });
  }

  /**
   * Shows entries.
   * @param {Array<{id: string, href: string, title: string, marks: Array}>} entries
   * @param {string} nothing what to say where there are none
   */
  show(entries, nothing) {
    const lines = entries.map(({ id, href, title, marks }) =>
      element(
        "li",
        {},
        element(
          "a",
          { href, id: `entry-${id}` },
          element("span.title", { dir: "auto" }, title || "(empty)"),
          element(
            "span.marks",
            {},
            marks
              .flat(Infinity)
              .filter(Boolean)
              .flatMap((mark) => [mark, " "]),
          ),
        ),
      ),
    );
    fill(this.root, lines.length ? lines : element("li.nothing", {}, nothing));
  }

  /**
   * Moves the focus to the next or the previous entry, or to the one opened last.
   * @param {number} step 1 or -1
   * @returns {boolean} false where there is none on this side
   */
  step(step) {
    const links = [...this.root.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const last = links.findIndex((link) => link.id === `entry-${lastOpened}`);
    const next = at >= 0 ? at + step : Math.max(last, 0);
    links[next]?.focus();
    return next in links;
  }

  /** Puts the focus on the entry that was opened last; false where it is not here. */
  focusOpened() {
    const link = [...this.root.querySelectorAll("a")].find(({ id }) => id === `entry-${lastOpened}`);
    link?.focus();
    return Boolean(link);
  }

  /** Puts the focus on the first or the last entry. */
  focusEnd(last) {
    const links = this.root.querySelectorAll("a");
    links[last ? links.length - 1 : 0]?.focus();
  }
}
