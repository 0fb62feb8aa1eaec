// A rollout in a list: what it is worth and what became of it.

import { addressOf, changed } from "./address.js";
import { outcomeChip, warning } from "./chip.js";
import { element } from "./element.js";
import { written } from "./figures.js";
import { counted, valueWord } from "./words.js";

/**
 * An entry for a `Listing`.
 * @param {string} stage
 * @param {Object} row as the server describes it
 * @param {Object} place its address's query: the list's filters, `upto` and `at`
 */
export function rolloutEntry(stage, row, place) {
  const query = changed(new URLSearchParams(place.query), { upto: String(place.upto), at: String(place.at) });
  const marks = [
    outcomeChip(row.outcome),
    row.faults.map((name) => warning(valueWord("fault", name))),
    element("span", {}, `reward ${signed(row.reward, "unknown")}`),
    row.advantage === null
      ? element("span.quiet", {}, "not trained on")
      : element("span.quiet", {}, `advantage ${signed(row.advantage)}`),
    element("span.quiet", {}, `step ${row.step}`),
    element("span.quiet", {}, row.tokens === null ? "" : counted(row.tokens, "token")),
    row.title ? element("span.asked", { dir: "auto" }, row.title) : null,
  ];
  return { id: row.id, href: addressOf("rollout", [stage, row.id], query), title: row.begins, marks };
}

/** A figure of a rollout, or what stands for none. */
export function signed(value, nothing = "–", digits = 3) {
  return typeof value === "number" ? written(value, digits) : nothing;
}
