// One row of a table: the question, the response, its critique, its score, and verdicts on it.

import { ROW_QUERY, addressOf, changed, go, only } from "./address.js";
import { critiqueView } from "./critique.js";
import { element, fill } from "./element.js";
import { chosenFilters } from "./facets.js";
import { historyView } from "./history.js";
import { focusOn } from "./keys.js";
import { opened } from "./listing.js";
import { marksOf } from "./marks.js";
import { complain, say } from "./notice.js";
import { PAGE } from "./pager.js";
import { problemView } from "./problem.js";
import { responseView } from "./response.js";
import { reviewedStage, showReview } from "./review.js";
import { entryChanged, sequenceOf } from "./sequence.js";
import { ask, isBundle } from "./source.js";
import { StepBar } from "./steps.js";
import { VerdictPanel } from "./verdict.js";
import { counted } from "./words.js";

/** The page of one item of a table. */
export class ItemPage {
  constructor(run) {
    this.run = run;
    this.heading = element("h1", { tabindex: "-1" });
    this.way = element("div.way");
    this.body = element("div");
    this.steps = new StepBar((step) => this.#step(step));
    this.verdict = new VerdictPanel(run.reviewer, (answer) => this.#changed(answer));
    this.writes = run.writable && !isBundle();
    const foot = element("footer.dock", {}, this.steps.root, this.writes ? this.verdict.root : null);
    this.root = element("div.page.item", {}, this.way, this.heading, this.body, foot);
    this.keys = [
      ...this.steps.keys,
      ...(this.writes ? this.verdict.keys : []),
      { key: "d", says: "disagreements only", does: () => this.#disagreements() },
      { key: "e", says: "responses with a wrong step only", does: () => this.#errors() },
      { key: "b", says: "back to the rows", does: () => go(this.#listAddress()) },
      { key: "/", says: "search in the rows", does: () => this.#search() },
    ];
  }

  async show({ parts: [stage, id], query }, signal) {
    const filters = only(query, ROW_QUERY);
    const list = changed(filters, { sort: filters.get("sort") ?? "suspicious" });
    const sequence = sequenceOf(["rows", stage], list, "id");
    const [item] = await Promise.all([
      ask(["item", stage, id], {}, signal),
      sequence.around(id, Number(query.get("at") ?? 0) || 0).catch(() => null),
    ]);
    signal.throwIfAborted();
    Object.assign(this, { stage, id, query, filters, sequence, item });
    opened(id);
    showReview(reviewedStage(this.run, stage));
    this.#draw();
    return `${stage}: ${id}`;
  }

  #draw() {
    const place = this.sequence.place(this.id);
    const where = place === null ? "" : `, ${place + 1} of ${counted(this.sequence.matching, "row")}`;
    fill(
      this.way,
      element("a", { href: this.#listAddress(), id: "to-rows" }, `← ${this.stage}`),
      chosenFilters(this.filters, (query) => go(this.#address(query, {}))),
    );
    fill(this.heading, `${kindWord(this.item.kind)}${where}`);
    const { problem, response, critique, score } = this.item;
    const sides = [responseView(response, problem, score, marksOf(this.item)), critiqueView(critique)].filter(Boolean);
    fill(
      this.body,
      problemView(problem),
      response
        ? null
        : element("p", {}, "Reference answer: ", element("b", { dir: "auto" }, problem?.answer ?? "none")),
      sides.length ? element("div.sides", {}, sides) : null,
      historyView(this.item.edits),
    );
    this.steps.show(place, this.sequence.matching);
    if (this.writes) this.verdict.show(this.stage, this.item);
  }

  async #changed() {
    entryChanged();
    this.item = await ask(["item", this.stage, this.id]);
    this.#draw();
    showReview(reviewedStage(this.run, this.stage));
  }

  async #step(step) {
    try {
      const found = await this.sequence.beside(this.id, step);
      if (found)
        go(addressOf("item", [this.stage, found.id], changed(this.filters, { at: String(found.at) })));
      else say(step > 0 ? "This is the last row." : "This is the first row.");
    } catch (error) {
      complain(error);
    }
  }

  #disagreements() {
    return this.#only("agrees", "false", "No row here disagrees.", "Disagreements only");
  }

  #errors() {
    return this.#only("has_error", "yes", "No row here has labels of a wrong step.", "With a wrong step only");
  }

  /** Goes through the rows with one value of a field only, or through all again. */
  async #only(field, value, none, name) {
    const on = this.filters.get(field) !== value;
    const filters = changed(this.filters, { [field]: on ? value : null });
    const sequence = sequenceOf(
      ["rows", this.stage],
      changed(filters, { sort: filters.get("sort") ?? "suspicious" }),
      "id",
    );
    await sequence.around(this.id, 0);
    if (!sequence.matching) return say(none);
    const found =
      sequence.place(this.id) === null && on
        ? await sequence.beside(this.id, 1)
        : { id: this.id, at: sequence.place(this.id) ?? 0 };
    say(on ? `${name}: ${counted(sequence.matching, "row")}.` : "All rows.");
    go(this.#address(filters, found));
  }

  #search() {
    document.addEventListener("shown", () => focusOn("search"), { once: true });
    go(this.#listAddress());
  }

  #address(filters, { id = this.id, at = 0 }) {
    return addressOf("item", [this.stage, id], changed(filters, { at: String(at) }));
  }

  #listAddress() {
    const place = this.sequence?.place(this.id) ?? 0;
    const offset = Math.floor(place / PAGE) * PAGE;
    return addressOf("rows", [this.stage], changed(this.filters, { offset: offset ? String(offset) : null }));
  }
}

function kindWord(kind) {
  return (
    { problems: "Problem", responses: "Response", critiques: "Critique", labels: "Labelled response", scores: "Answer" }[
      kind
    ] ?? "Row"
  );
}
