// Two arms' answers to one problem, side by side, sample by sample, with what differs marked.

import { addressOf, changed, go, only } from "./address.js";
import { answersBeside } from "./answer.js";
import { outcomeChip } from "./chip.js";
import { PAIR_QUERY, armsOf, swapped } from "./compare.js";
import { element, fill } from "./element.js";
import { opened } from "./listing.js";
import { remember, remembered } from "./memory.js";
import { complain, say } from "./notice.js";
import { PAGE } from "./pager.js";
import { toggle } from "./picker.js";
import { problemView } from "./problem.js";
import { asWritten, prose } from "./prose.js";
import { showReview } from "./review.js";
import { sequenceOf } from "./sequence.js";
import { ask } from "./source.js";
import { StepBar } from "./steps.js";
import { counted } from "./words.js";

/** The page of one problem's two answers. */
export class PairPage {
  constructor(run) {
    this.run = run;
    this.heading = element("h1", { tabindex: "-1" });
    this.way = element("div.way");
    this.body = element("div");
    this.steps = new StepBar((step) => this.#step(step));
    this.tools = element("div.verdicts");
    this.root = element(
      "div.page.item",
      {},
      this.way,
      this.heading,
      this.body,
      element("footer.dock", {}, this.steps.root, this.tools),
    );
    this.keys = [
      ...this.steps.keys,
      { key: "m", says: "mark what differs", does: () => this.#mark() },
      { key: "d", says: "disagreements only", does: () => this.#disagreements() },
      {
        key: "x",
        says: "swap the arms",
        does: () => go(this.#address(changed(this.pairs, swapped(this.pairs)))),
      },
      { key: "b", says: "back to the problems", does: () => go(this.#listAddress()) },
    ];
  }

  async show({ parts: [stage, id], query }, signal) {
    const { a, b } = armsOf(this.run, stage, query);
    const pairs = changed(only(query, PAIR_QUERY), { a, b });
    const sequence = sequenceOf(["compare", stage], pairs, "problem_id");
    const benchmark = query.get("benchmark") ?? "";
    const [pair] = await Promise.all([
      ask(["compare", stage, id], { a, b, ...(benchmark && { benchmark }) }, signal),
      sequence.around(id, Number(query.get("at") ?? 0) || 0).catch(() => null),
    ]);
    signal.throwIfAborted();
    Object.assign(this, { stage, id, query, a, b, pairs, sequence, pair });
    opened(id);
    showReview(null);
    this.#draw();
    return `${a} and ${b}: ${id}`;
  }

  #draw() {
    const place = this.sequence.place(this.id);
    const marks = remembered("marks") !== "off";
    fill(this.way, element("a", { href: this.#listAddress(), id: "to-pairs" }, `← ${this.a} and ${this.b}`));
    fill(this.heading, place === null ? "Problem" : `Problem ${place + 1} of ${this.sequence.matching}`);
    fill(
      this.body,
      problemView(this.pair.problem),
      element("div.sides", {}, this.#side("a", this.a, marks), this.#side("b", this.b, marks)),
    );
    this.steps.show(place, this.sequence.matching);
    fill(
      this.tools,
      toggle("marks", "Mark what differs", "m", marks, () => this.#mark()),
    );
  }

  #side(side, name, marks) {
    const answers = this.pair[side] ?? [];
    const right = answers.filter((answer) => answer.outcome === "correct").length;
    const heading = element(
      "header",
      {},
      element("h2", { id: `arm-${side}` }, name),
      answers.length > 1
        ? element("span.quiet", {}, `${right} of ${answers.length} right`)
        : outcomeChip(answers[0]?.outcome),
    );
    const kind = right === answers.length && right ? "correct" : "wrong";
    const shown = answers.map((answer, at) => this.#answer(answer, at, answers.length, marks));
    return element(
      `section.side.o-${kind}`,
      { "aria-labelledby": `arm-${side}` },
      heading,
      shown.length ? shown : element("p.note", {}, "No answer."),
    );
  }

  #answer(answer, at, many, marks) {
    const facts = [
      answer.compared_by && `compared by ${answer.compared_by}`,
      answer.why,
      answer.tokens && counted(answer.tokens, "token"),
      answer.finish && `ended: ${answer.finish}`,
    ];
    return element(
      "article",
      {},
      many > 1 ? element("h3", {}, `Answer ${at + 1} `, outcomeChip(answer.outcome)) : null,
      answersBeside(answer.extracted, this.pair.problem?.answer, answer.outcome),
      prose((marks && answer.diff_html) || answer.html, "Answer"),
      element("p.note", { dir: "auto" }, facts.filter(Boolean).join(" · ")),
      asWritten(answer.text),
    );
  }

  #mark() {
    remember("marks", remembered("marks") === "off" ? "on" : "off");
    this.#draw();
  }

  async #step(step) {
    try {
      const found = await this.sequence.beside(this.id, step);
      if (found) go(this.#address(changed(this.pairs, { at: String(found.at) }), found.id));
      else say(step > 0 ? "This is the last problem." : "This is the first problem.");
    } catch (error) {
      complain(error);
    }
  }

  async #disagreements() {
    const on = this.pairs.get("only") !== "disagree";
    const pairs = changed(this.pairs, { only: on ? "disagree" : null });
    const sequence = sequenceOf(["compare", this.stage], pairs, "problem_id");
    await sequence.around(this.id, 0);
    if (!sequence.matching) return say("The arms disagree nowhere.");
    const found =
      sequence.place(this.id) === null && on
        ? await sequence.beside(this.id, 1)
        : { id: this.id, at: sequence.place(this.id) ?? 0 };
    say(on ? `Disagreements only: ${counted(sequence.matching, "problem")}.` : "All problems.");
    go(this.#address(changed(pairs, { at: String(found.at) }), found.id));
  }

  #address(query, id = this.id) {
    return addressOf("pair", [this.stage, id], query);
  }

  #listAddress() {
    const offset = Math.floor((this.sequence?.place(this.id) ?? 0) / PAGE) * PAGE;
    return addressOf(
      "compare",
      [this.stage],
      changed(this.pairs, { offset: offset ? String(offset) : null }),
    );
  }
}
