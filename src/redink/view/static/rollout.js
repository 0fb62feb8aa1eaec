// One rollout: the question, what was drawn, what it was worth and what became of it.

import { ROLLOUT_FILTERS, ROLLOUT_QUERY, addressOf, changed, go, only } from "./address.js";
import { warning } from "./chip.js";
import { element, fill } from "./element.js";
import { chosenFilters } from "./facets.js";
import { opened } from "./listing.js";
import { complain, say } from "./notice.js";
import { PAGE } from "./pager.js";
import { problemView } from "./problem.js";
import { responseView } from "./response.js";
import { showReview } from "./review.js";
import { signed } from "./rolloutentry.js";
import { sequenceOf } from "./sequence.js";
import { ask } from "./source.js";
import { StepBar } from "./steps.js";
import { counted, figure, valueWord } from "./words.js";

/** The page of one rollout. */
export class RolloutPage {
  constructor() {
    this.heading = element("h1", { tabindex: "-1" });
    this.way = element("div.way");
    this.body = element("div");
    this.steps = new StepBar((step) => this.#step(step));
    this.root = element(
      "div.page.item",
      {},
      this.way,
      this.heading,
      this.body,
      element("footer.dock", {}, this.steps.root),
    );
    this.keys = [
      ...this.steps.keys,
      { key: "g", says: "all rollouts of this problem in this step", does: () => go(this.#groupAddress()) },
      { key: "b", says: "back to the rollouts", does: () => go(this.#listAddress()) },
    ];
  }

  async show({ parts: [stage, id], query }, signal) {
    const filters = only(query, ROLLOUT_QUERY);
    const sequence = sequenceOf(["rollouts", stage], filters, "id");
    const [item] = await Promise.all([
      ask(["rollout", stage, id], {}, signal),
      sequence.around(id, Number(query.get("at") ?? 0) || 0).catch(() => null),
    ]);
    signal.throwIfAborted();
    Object.assign(this, { stage, id, filters, sequence, item });
    opened(id);
    showReview(null);
    this.#draw();
    return `${stage}: ${id}`;
  }

  #draw() {
    const { item, stage, sequence, filters } = this;
    const place = sequence.place(this.id);
    const where = place === null ? "" : `, ${figure(place + 1)} of ${figure(sequence.matching)}`;
    fill(
      this.way,
      element("a", { href: this.#listAddress(), id: "to-rollouts" }, `← rollouts of ${stage}`),
      chosenFilters(
        filters,
        (query) => go(addressOf("rollout", [stage, this.id], changed(query, { at: "0" }))),
        ROLLOUT_FILTERS,
        (field, value) => (field === "problem" ? "this one" : valueWord(field, value)),
      ),
    );
    fill(this.heading, `Rollout of step ${figure(item.step)}${where}`);
    fill(
      this.body,
      item.problem
        ? problemView(item.problem)
        : element("p.note", {}, `No table of this run has the problem ${item.problem_id}.`),
      element("div.sides", {}, responseView(item.response, item.problem, null), this.#worth(item)),
    );
    this.steps.show(place, sequence.matching);
  }

  #worth(item) {
    const parts = Object.entries(item.parts).map(([name, value]) => [
      `part ${valueWord("", name)}`,
      signed(value, "could not be had"),
    ]);
    const facts = [
      ["reward", signed(item.reward, "unknown")],
      ...parts,
      ["advantage", signed(item.advantage, "not trained on")],
      ["divergence, nats per token", signed(item.kl, "–", 4)],
      ["entropy, nats per token", signed(item.entropy)],
      ["log-probability per token", signed(item.logprob, "–", 4)],
      ["tokens", figure(item.tokens)],
      ["ended", item.finish ?? "–"],
      ["step", figure(item.step)],
      ["sample", item.sample === null ? "–" : figure(item.sample + 1)],
    ];
    const lines = facts.map(([name, value]) =>
      element("div", {}, element("dt", { dir: "auto" }, name), element("dd", { dir: "auto" }, value)),
    );
    return element(
      "section.side.worth",
      { "aria-labelledby": "worth" },
      element(
        "header",
        {},
        element("h2", { id: "worth" }, "Reward"),
        item.faults.map((name) => warning(valueWord("fault", name))),
      ),
      element("dl.facts", {}, lines),
      element(
        "p.note",
        {},
        element(
          "a",
          { href: this.#groupAddress(), id: "to-group" },
          `${counted(item.group, "rollout")} of this problem in this step`,
        ),
        " · ",
        element("a", { href: this.#problemAddress(), id: "to-problem" }, "all of this problem"),
      ),
    );
  }

  async #step(step) {
    try {
      const found = await this.sequence.beside(this.id, step);
      if (found)
        go(addressOf("rollout", [this.stage, found.id], changed(this.filters, { at: String(found.at) })));
      else say(step > 0 ? "This is the last rollout." : "This is the first rollout.");
    } catch (error) {
      complain(error);
    }
  }

  #groupAddress() {
    const { step, problem_id: problem } = this.item;
    return addressOf("rollouts", [this.stage], { step: String(step), problem });
  }

  #problemAddress() {
    return addressOf("rollouts", [this.stage], { problem: this.item.problem_id });
  }

  #listAddress() {
    const offset = Math.floor((this.sequence?.place(this.id) ?? 0) / PAGE) * PAGE;
    const query = offset ? { offset: String(offset) } : { offset: null, upto: null };
    return addressOf("rollouts", [this.stage], changed(this.filters, query));
  }
}
