// The run: its stages with their counts, its arms, and how far its reviews have come.

import { addressOf } from "./address.js";
import { element, fill } from "./element.js";
import { hear } from "./feed.js";
import { complain } from "./notice.js";
import { reviewBar, reviewOf, showReview } from "./review.js";
import { ask } from "./source.js";
import { counted, figure, percentage } from "./words.js";

/** The page of the whole run. */
export class OverviewPage {
  constructor(run) {
    this.run = run;
    this.root = element("div.page");
    this.heading = element("h1", { tabindex: "-1" });
    this.keys = [];
  }

  /** Ends following the run. */
  close() {
    this.stop?.();
  }

  async show(_address = null, signal = undefined) {
    showReview(null);
    Object.assign(this.run, await ask(["run"], {}, signal));
    const { title, recipe, folder, stages, scores, about, note } = this.run;
    fill(this.heading, title || recipe || "Run");
    fill(
      this.root,
      this.heading,
      element(
        "p.lead",
        {},
        [recipe && recipe !== title ? `recipe ${recipe}` : "", counted(stages.length, "stage")]
          .filter(Boolean)
          .join(" · "),
      ),
      about ? element("p.about", { dir: "auto" }, about) : null,
      note ? element("p.note", { dir: "auto" }, note) : null,
      element("p.note.path", { dir: "auto" }, folder ?? ""),
      armsView(scores),
      stagesView(stages),
    );
    this.#reviews(stages);
    this.stop ??= hear((now) => this.#follow(now));
    return "Overview";
  }

  /** A stage that was finished meanwhile is shown without loading the page again. */
  #follow({ event }) {
    const done = event?.stages_done ?? null;
    const changed = this.done !== undefined && this.done !== done;
    this.done = done;
    if (changed) this.show().catch(complain);
  }

  /** Reviews come behind the page: counting them takes the server a moment. */
  async #reviews(stages) {
    for (const { name, kind } of stages) {
      const place =
        kind === "critiques" ? this.root.querySelector(`[data-review="${CSS.escape(name)}"]`) : null;
      const review = place ? await reviewOf(name) : null;
      if (review?.total) fill(place, reviewBar(review));
    }
  }
}

function stagesView(stages) {
  const most = Math.max(1, ...stages.map((stage) => stage.rows ?? 0));
  return element(
    "section",
    { "aria-labelledby": "stages" },
    element("h2", { id: "stages" }, "Stages"),
    element(
      "ol.stages",
      {},
      stages.map((stage) => stageView(stage, most)),
    ),
  );
}

function stageView(stage, most) {
  const page = stage.kind && stage.done ? "rows" : stage.training ? "training" : null;
  const name = page
    ? element("a", { href: addressOf(page, [stage.name]), id: `stage-${stage.name}` }, stage.name)
    : element("span", {}, stage.name);
  const dropped = Object.entries(stage.dropped ?? {});
  return element(
    stage.done ? "li" : "li.waiting",
    {},
    element(
      "div.head",
      {},
      element("b", {}, name),
      element("span.quiet", {}, stage.verb),
      stage.done ? null : element("span.quiet", {}, "not done yet"),
    ),
    element(
      "div.rows",
      {},
      stage.kind || !stage.makes ? rowsWord(stage) : stage.makes,
      stage.kind
        ? element("meter", {
            min: 0,
            max: most,
            value: stage.rows ?? 0,
            "aria-label": `Rows of ${stage.name} beside the largest table`,
          })
        : null,
    ),
    dropped.length
      ? element(
          "div.dropped",
          {},
          "dropped: ",
          dropped.map(([reason, count]) => `${figure(count)} ${reason}`).join("; "),
        )
      : null,
    element("div.done", { "data-review": stage.name }),
  );
}

function rowsWord(stage) {
  return typeof stage.rows === "number" ? counted(stage.rows, "row") : "";
}

function armsView(scores) {
  if (!scores?.length) return null;
  return element(
    "section",
    { "aria-labelledby": "arms" },
    element("h2", { id: "arms" }, "Arms"),
    scores.map(({ stage, arms, benchmarks, correct }) => [
      element(
        "p.note",
        {},
        `${stage}: the share of correct answers on ${benchmarks.join(", ")}; intervals are in the report. ` +
          "A pair opens their answers side by side.",
      ),
      element(
        "div.wide-table",
        { tabindex: "0", role: "group", "aria-label": `Pairs of arms in ${stage}` },
        pairsTable(stage, pooled(arms), correct ?? {}),
      ),
    ]),
  );
}

/** Arms without their single seeds: `cft` stands for `cft@1` and `cft@2`. */
function pooled(arms) {
  return arms.filter((arm) => !(arm.includes("@") && arms.includes(arm.split("@")[0])));
}

/** Each arm's share of correct answers, and every pair of arms as a triangle of links. */
function pairsTable(stage, arms, correct) {
  const rows = arms.map((b, above) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, b),
      element("td", {}, b in correct ? percentage(correct[b]) : ""),
      arms
        .slice(0, -1)
        .map((a, at) =>
          element(
            "td",
            {},
            at < above
              ? element(
                  "a",
                  { href: addressOf("compare", [stage], { a, b }), "aria-label": `Compare ${a} and ${b}` },
                  "compare",
                )
              : null,
          ),
        ),
    ),
  );
  const heads = arms.slice(0, -1).map((arm) => element("th", { scope: "col" }, arm));
  return element(
    "table.pairs",
    {},
    element("thead", {}, element("tr", {}, element("td"), element("th", { scope: "col" }, "correct"), heads)),
    element("tbody", {}, rows),
  );
}
