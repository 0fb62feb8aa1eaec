// Which part of a long list is shown, and the way to the parts beside it.

import { changed } from "./address.js";
import { element } from "./element.js";
import { figure } from "./words.js";

/** Entries on one page of a list. */
export const PAGE = 50;

/** Where a list's page begins according to its address. */
export function offsetOf(query) {
  const offset = Number.parseInt(query.get("offset") ?? "0", 10);
  return Number.isFinite(offset) && offset > 0 ? offset : 0;
}

/** The query of the page beside, or null where there is none. */
export function pageBeside(query, matching, step) {
  const next = Math.max(0, offsetOf(query) + step * PAGE);
  if (step < 0 ? offsetOf(query) === 0 : next >= matching) return null;
  return changed(query, { offset: next ? String(next) : null });
}

/**
 * The line below a list.
 * @param {URLSearchParams} query of the page that is shown
 * @param {number} matching entries in all
 * @param {function(URLSearchParams): string} address of a query
 */
export function pager(query, matching, address) {
  if (matching <= PAGE && offsetOf(query) === 0) return null;
  const first = offsetOf(query) + 1;
  const last = Math.min(offsetOf(query) + PAGE, matching);
  const way = (step, text, id) => {
    const beside = pageBeside(query, matching, step);
    return beside
      ? element("a", { href: address(beside), id, rel: step < 0 ? "prev" : "next" }, text)
      : element("span.off", { "aria-disabled": "true" }, text);
  };
  return element(
    "nav.pager",
    { "aria-label": "Parts of the list" },
    way(-1, "← previous", "page-previous"),
    element("span", {}, `${figure(first)}–${figure(last)} of ${figure(matching)}`),
    way(1, "next →", "page-next"),
  );
}
