// Filters with counts: how many rows there are of each value.

import { FILTERS, changed } from "./address.js";
import { element, fill } from "./element.js";
import { fieldWord, figure, valueWord } from "./words.js";

const AT_ONCE = 8;

/** The filters beside a table. */
export class Facets {
  /**
   * @param {function(URLSearchParams)} choose called with the query that the reader wants
   * @param {string[]} names of the fields
   */
  constructor(choose, names = FILTERS) {
    this.choose = choose;
    this.names = names;
    this.fields = element("div.fields");
    this.root = element(
      "details.facets",
      { open: matchMedia("(min-width: 56rem)").matches },
      element("summary", { id: "facets" }, "Filters"),
      this.fields,
    );
  }

  /**
   * Shows the values of each field.
   * @param {Object<string, Object<string, number>>} facets counts per field and value
   * @param {URLSearchParams} query the filters that are set
   */
  show(facets, query) {
    const fields = this.names.map((field) => [field, withChosen(facets[field] ?? {}, query.getAll(field))]);
    const told = fields.filter(([field, values]) => values.length > 1 || query.has(field));
    fill(
      this.fields,
      told.map(([field, values]) => this.#field(field, values, query)),
      told.length ? null : element("p.note", {}, "Every row has the same values."),
    );
  }

  #field(field, values, query) {
    const lines = values.map(([value, count]) => this.#value(field, value, count, query));
    const rest = lines.slice(AT_ONCE);
    return element(
      "fieldset",
      {},
      element("legend", {}, fieldWord(field)),
      lines.slice(0, AT_ONCE),
      rest.length ? element("details", {}, element("summary", {}, `${rest.length} more`), rest) : null,
    );
  }

  #value(field, value, count, query) {
    const chosen = query.getAll(field);
    const box = element("input", {
      type: "checkbox",
      id: `facet-${field}-${value}`,
      checked: chosen.includes(value),
      onchange: (event) => {
        const values = event.target.checked ? [...chosen, value] : chosen.filter((one) => one !== value);
        this.choose(changed(query, { [field]: values, offset: null }));
      },
    });
    const word = element("span.word", { dir: "auto" }, valueWord(field, value));
    return element("label.check", {}, box, word, element("span.count", {}, figure(count)));
  }
}

/**
 * The filters that are set, each with a button that takes it away.
 * @param {URLSearchParams} query
 * @param {function(URLSearchParams)} choose called with the query without one of them
 * @param {string[]} names of the fields
 * @param {function(string, string): string} word of a field's value
 */
export function chosenFilters(query, choose, names = FILTERS, word = valueWord) {
  const set = names.flatMap((field) => query.getAll(field).map((value) => [field, value]));
  if (!set.length) return null;
  return element(
    "ul.chosen",
    { "aria-label": "Filters that are set" },
    set.map(([field, value]) => {
      const rest = query.getAll(field).filter((one) => one !== value);
      const text = `${fieldWord(field).toLowerCase()}: ${word(field, value)}`;
      const drop = () => choose(changed(query, { [field]: rest, offset: null }));
      const cross = element("span", { "aria-hidden": "true" }, " ×");
      return element(
        "li",
        {},
        element("button", { type: "button", "aria-label": `Without ${text}`, onclick: drop }, text, cross),
      );
    }),
  );
}

function withChosen(counts, chosen) {
  const missing = chosen.filter((value) => !(value in counts)).map((value) => [value, 0]);
  return [...Object.entries(counts), ...missing].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
}
