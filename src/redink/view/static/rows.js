// The rows of a table: filters with counts, search, pages; the suspicious ones first.

import { ROW_QUERY, addressOf, changed, go, only } from "./address.js";
import { chip, outcomeChip, verdictChip, warning } from "./chip.js";
import { element, fill } from "./element.js";
import { Facets, chosenFilters } from "./facets.js";
import { focusOn } from "./keys.js";
import { Listing } from "./listing.js";
import { say } from "./notice.js";
import { PAGE, offsetOf, pageBeside, pager } from "./pager.js";
import { picker, toggle } from "./picker.js";
import { reviewedStage, showReview } from "./review.js";
import { searchField } from "./search.js";
import { forgetSequences } from "./sequence.js";
import { ask } from "./source.js";
import { counted, figure, valueWord } from "./words.js";

const SORTS = [
  ["suspicious", "suspicious first"],
  ["order", "as in the table"],
  ["longest", "longest first"],
];

/** The page of a table's rows. */
export class RowsPage {
  constructor(run) {
    this.run = run;
    this.query = new URLSearchParams();
    this.answer = null;
    this.heading = element("h1", { tabindex: "-1" });
    this.tools = element("div.tools");
    this.search = searchField("Search the texts", (q) => this.#choose({ q }));
    this.count = element("p.count", { role: "status" });
    this.chosen = element("div");
    this.listing = new Listing("Rows");
    this.facets = new Facets((query) => go(this.address(query)));
    this.pager = element("div");
    const side = element("div.results", {}, this.chosen, this.count, this.listing.root, this.pager);
    this.root = element(
      "div.page",
      {},
      this.heading,
      this.tools,
      element("div.table", {}, this.facets.root, side),
    );
    this.keys = [
      { key: "j", says: "next row", does: () => this.#step(1) },
      { key: "k", says: "previous row", does: () => this.#step(-1) },
      { key: "d", says: "disagreements only", does: () => this.#disagreements() },
      { key: "e", says: "responses with a wrong step only", does: () => this.#errors() },
      { key: "/", says: "search", does: () => focusOn("search") },
      { key: "f", says: "filters", does: () => focusOn("facets") },
    ];
  }

  address(query) {
    return addressOf("rows", [this.stage], only(query, [...ROW_QUERY, "offset"]));
  }

  /** Puts the keyboard's focus where the reader left the list, or on its heading. */
  focus() {
    if (!this.listing.focusOpened()) this.heading.focus();
  }

  async show({ parts, query }, signal) {
    this.stage = parts[0];
    this.query = query;
    const asked = changed(query, {
      sort: query.get("sort") ?? "suspicious",
      offset: String(offsetOf(query)),
      limit: String(PAGE),
    });
    const answer = await ask(["rows", this.stage], asked, signal);
    this.answer = answer;
    forgetSequences();
    showReview(reviewedStage(this.run, this.stage));
    fill(this.heading, this.stage);
    this.search.shown(query.get("q") ?? "");
    this.#tools();
    this.facets.show(answer.facets ?? {}, query);
    fill(
      this.chosen,
      chosenFilters(query, (next) => go(this.address(next))),
    );
    fill(this.count, figure(answer.matching), " of ", counted(answer.total, "row"));
    this.listing.show(
      answer.rows.map((row, at) => this.#entry(row, offsetOf(query) + at)),
      "No row fits these filters.",
    );
    fill(
      this.pager,
      pager(query, answer.matching, (next) => this.address(next)),
    );
    if (this.entering) this.listing.focusEnd(this.entering < 0);
    this.entering = 0;
    return this.stage;
  }

  #tools() {
    if (!this.search.isConnected) this.tools.append(element("div.settings"), this.search);
    const tables = this.run.stages.filter((stage) => stage.kind).map(({ name }) => [name, name]);
    const sort = this.query.get("sort") ?? "suspicious";
    fill(
      this.tools.firstChild,
      picker("table", "Table", tables, this.stage, (name) => go(addressOf("rows", [name]))),
      picker("sort", "Order", SORTS, sort, (value) =>
        this.#choose({ sort: value === "suspicious" ? null : value }),
      ),
      this.answer.facets?.agrees || this.query.has("agrees")
        ? toggle("disagree", "Disagreements only", "d", this.query.get("agrees") === "false", () =>
            this.#disagreements(),
          )
        : null,
    );
  }

  #entry(row, at) {
    const query = changed(only(this.query, ROW_QUERY), { at: String(at) });
    const marks = [
      outcomeChip(row.outcome),
      row.kind === "labels" ? firstErrorChip(row) : null,
      row.kind === "critiques" ? verdictChip(row.edited ? row.verdict_now : row.verdict) : null,
      row.edited ? element("span.reviewed", {}, "by hand") : null,
      (row.suspicious ?? []).map((word) => warning(word)),
      element("span.quiet", { dir: "auto" }, about(row)),
      element(
        "span.quiet",
        {},
        row.tokens ? counted(row.tokens, "token") : row.chars ? counted(row.chars, "character") : "",
      ),
    ];
    return { id: row.id, href: addressOf("item", [this.stage, row.id], query), title: row.title, marks };
  }

  #choose(values) {
    go(this.address(changed(this.query, { ...values, offset: null })), "q" in values);
  }

  #disagreements() {
    if (!this.answer?.facets?.agrees && !this.query.has("agrees"))
      say("This table has no verdicts that could disagree.");
    else this.#choose({ agrees: this.query.get("agrees") === "false" ? null : "false" });
  }

  #errors() {
    if (!this.answer?.facets?.has_error?.yes && !this.query.has("has_error"))
      say("This table has no labels of a wrong step.");
    else this.#choose({ has_error: this.query.get("has_error") === "yes" ? null : "yes" });
  }

  #step(step) {
    if (this.listing.step(step) || !this.answer) return;
    const beside = pageBeside(this.query, this.answer.matching, step);
    if (!beside) return;
    this.entering = step;
    go(this.address(beside));
  }
}

/** Where a labelled response goes wrong first. */
function firstErrorChip({ first_error: step, has_error: error }) {
  if (typeof step === "number") return chip("verdict_wrong", `wrong from step ${step + 1}`);
  return error === "no"
    ? chip("verdict_right", valueWord("has_error", "no"))
    : chip("none", valueWord("has_error", "none"));
}

/** What else tells a row from others, in a few words. */
function about(row) {
  const injected = row.error_kind && `injected: ${valueWord("error_kind", row.error_kind)}`;
  const labelled = row.labelled && `labels from ${valueWord("labelled", row.labelled)}`;
  const scored = row.scored && "step scores";
  return [row.benchmark, row.model, injected, labelled, scored].filter(Boolean).join(" · ");
}
