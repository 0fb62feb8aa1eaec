// Two arms' answers to the same problems: who was right where, and the problems of each kind.

import { addressOf, changed, go, only } from "./address.js";
import { outcomeChip } from "./chip.js";
import { element, fill } from "./element.js";
import { focusOn } from "./keys.js";
import { Listing } from "./listing.js";
import { say } from "./notice.js";
import { PAGE, offsetOf, pageBeside, pager } from "./pager.js";
import { picker } from "./picker.js";
import { showReview } from "./review.js";
import { searchField } from "./search.js";
import { forgetSequences } from "./sequence.js";
import { shareBar } from "./share.js";
import { ask } from "./source.js";
import { counted, figure } from "./words.js";

/** What an address may say about pairs of answers, apart from where they begin. */
export const PAIR_QUERY = ["a", "b", "benchmark", "only", "q"];

/** The arms that an address names, or the first and the last of the stage. */
export function armsOf(run, stage, query) {
  const arms = run.scores.find((score) => score.stage === stage)?.arms ?? [];
  const a = query.get("a") ?? arms[0] ?? "";
  return { arms, a, b: query.get("b") ?? arms.findLast((arm) => arm !== a) ?? a };
}

/** What to change in a query so that its arms change places. */
export function swapped(query) {
  const wanted = query.get("only");
  const only = { a: "b", b: "a" }[wanted] ?? wanted;
  return { a: query.get("b"), b: query.get("a"), only };
}

/** The page of the pairs of answers. */
export class ComparePage {
  constructor(run) {
    this.run = run;
    this.query = new URLSearchParams();
    this.heading = element("h1", { tabindex: "-1" });
    this.tools = element("div.tools", {}, element("div.settings"));
    this.search = searchField("Search the problems", (q) => this.#choose({ q }, true));
    this.tools.append(this.search);
    this.shares = element("div");
    this.count = element("p.count", { role: "status" });
    this.listing = new Listing("Problems");
    this.pager = element("div");
    this.root = element(
      "div.page",
      {},
      this.heading,
      this.tools,
      this.shares,
      this.count,
      this.listing.root,
      this.pager,
    );
    this.keys = [
      { key: "j", says: "next problem", does: () => this.#step(1) },
      { key: "k", says: "previous problem", does: () => this.#step(-1) },
      { key: "d", says: "disagreements only", does: () => this.#only("disagree") },
      { key: "x", says: "swap the arms", does: () => this.#choose(swapped(this.query)) },
      { key: "/", says: "search", does: () => focusOn("search") },
    ];
  }

  /** Puts the keyboard's focus where the reader left the list, or on its heading. */
  focus() {
    if (!this.listing.focusOpened()) this.heading.focus();
  }

  async show({ parts, query }, signal) {
    this.stage = parts[0] ?? this.run.scores[0]?.stage;
    showReview(null);
    if (!this.stage) {
      fill(this.root, this.heading, element("p", {}, "This run has no scores yet: nothing to compare."));
      fill(this.heading, "Compare");
      return "Compare";
    }
    const { arms, a, b } = armsOf(this.run, this.stage, query);
    Object.assign(this, { arms, a, b, query: changed(query, { a, b }) });
    const asked = changed(only(this.query, PAIR_QUERY), {
      offset: String(offsetOf(query)),
      limit: String(PAGE),
    });
    this.answer = await ask(["compare", this.stage], asked, signal);
    forgetSequences();
    fill(this.heading, element("b.side-a", {}, a), " and ", element("b.side-b", {}, b));
    this.search.shown(query.get("q") ?? "");
    this.#draw();
    return `${a} and ${b}`;
  }

  #draw() {
    const { counts, matching, total, rows } = this.answer;
    this.#tools();
    const wanted = this.query.get("only") ?? "";
    fill(
      this.shares,
      shareBar(counts, this.a, this.b, wanted, (value) => this.#only(value)),
    );
    fill(this.count, figure(matching), " of ", counted(total, "pair of answers", "pairs of answers"));
    this.listing.show(
      rows.map((row, at) => this.#entry(row, offsetOf(this.query) + at)),
      "No problem fits.",
    );
    fill(
      this.pager,
      pager(this.query, matching, (query) => this.#address(query)),
    );
    if (this.entering) this.listing.focusEnd(this.entering < 0);
    this.entering = 0;
  }

  #tools() {
    const named = (names) => names.map((name) => [name, name]);
    const benchmarks = this.run.scores.find((score) => score.stage === this.stage)?.benchmarks ?? [];
    const stages = this.run.scores.map((score) => score.stage);
    fill(
      this.tools.firstChild,
      stages.length > 1
        ? picker("scores", "Scores", named(stages), this.stage, (stage) => go(addressOf("compare", [stage])))
        : null,
      picker("arm-a", "A", named(this.arms), this.a, (a) => this.#choose({ a })),
      picker("arm-b", "B", named(this.arms), this.b, (b) => this.#choose({ b })),
      picker(
        "benchmark",
        "Benchmark",
        [["", "all"], ...named(benchmarks)],
        this.query.get("benchmark") ?? "",
        (benchmark) => this.#choose({ benchmark }),
      ),
    );
  }

  #entry(row, at) {
    const query = changed(only(this.query, PAIR_QUERY), { at: String(at) });
    const side = (name, answer) => [
      element("span.arm", {}, name),
      answer?.samples > 1 ? `${answer.correct} of ${answer.samples} right` : outcomeChip(answer?.outcome),
      element("span.read", { dir: "auto" }, answer?.extracted ?? ""),
    ];
    const marks = [
      element("span.side-a", {}, side(this.a, row.a)),
      element("span.side-b", {}, side(this.b, row.b)),
      element("span.quiet", {}, row.benchmark ?? ""),
    ];
    return {
      id: row.problem_id,
      href: addressOf("pair", [this.stage, row.problem_id], query),
      title: row.title,
      marks,
    };
  }

  #only(value) {
    this.#choose({ only: this.query.get("only") === value ? null : value });
  }

  #choose(values, instead = false) {
    if (!this.stage) return say("There is nothing to compare yet.");
    go(this.#address(changed(this.query, { ...values, offset: null })), instead);
  }

  #address(query) {
    return addressOf("compare", [this.stage], only(query, [...PAIR_QUERY, "offset"]));
  }

  #step(step) {
    if (this.listing.step(step) || !this.answer) return;
    const beside = pageBeside(this.query, this.answer.matching, step);
    if (!beside) return;
    this.entering = step;
    go(this.#address(beside));
  }
}
