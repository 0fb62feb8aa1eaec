// What is going on now: the stage, its progress, its training curve and its money.

import { addressOf } from "./address.js";
import { curveView } from "./curve.js";
import { element, fill } from "./element.js";
import { hear, shareOf } from "./feed.js";
import { showReview } from "./review.js";
import { dollars, duration, figure } from "./words.js";

const STATES = {
  done: "Nothing is running: the run is done.",
  failed: "Nothing is running: the run failed.",
  interrupted:
    "Nothing is running: the run was interrupted. It goes on where it stopped when it is started again.",
  killed:
    "Nothing is running: the run's process was killed. It goes on where it stopped when it is started again.",
};

/** The page of the work that is going on. */
export class LivePage {
  constructor() {
    this.heading = element("h1", { tabindex: "-1" }, "Live");
    this.body = element("div.live");
    this.root = element("div.page", {}, this.heading, this.body);
    this.keys = [];
  }

  async show() {
    showReview(null);
    this.stop ??= hear((now) => this.#draw(now));
    return "Live";
  }

  /** Ends listening. */
  close() {
    this.stop?.();
  }

  #draw({ connected, event }) {
    const lost =
      connected || !event
        ? null
        : element("p.note", {}, "The line to the server is broken; this is the last that was heard.");
    if (!event) fill(this.body, element("p.lead", {}, connected ? "Nothing heard yet." : "Connecting …"));
    else if (event.idle)
      fill(this.body, lost, element("p.lead", {}, STATES[event.state] ?? "Nothing is running."));
    else {
      const open = document.getElementById("curve-table")?.open ?? false;
      fill(this.body, lost, workView(event), curveView(event.losses ?? [], open));
    }
  }
}

function workView(event) {
  const share = shareOf(event);
  const seconds = event.started ? Date.now() / 1000 - startOf(event.started) : null;
  const size = event.total ? ` of ${figure(event.total)}` : "";
  const facts = {
    ...(seconds !== null && { "time so far": duration(seconds) }),
    ...(typeof event.left === "number" && { "time left": `about ${duration(event.left)}` }),
    ...(moneyWords(event.money) && { money: moneyWords(event.money) }),
    ...event.figures,
  };
  return element(
    "section",
    { "aria-labelledby": "work" },
    element(
      "h2",
      { id: "work" },
      event.stage ?? "Between stages",
      " ",
      element("span.quiet", {}, event.verb),
    ),
    event.stages
      ? element("p.note", {}, `${figure(event.stages_done)} of ${figure(event.stages)} stages are done`)
      : null,
    typeof event.done === "number"
      ? element(
          "p",
          {},
          event.label ? `${event.label}: ` : "",
          `${figure(event.done)}${size} ${event.unit ?? ""}`,
        )
      : null,
    element("progress.long", {
      max: 1,
      value: share,
      "aria-label": `Progress of ${event.stage ?? "the run"}`,
    }),
    event.verb === "reinforce"
      ? element(
          "p",
          {},
          element("a", { href: addressOf("training", [event.stage]), id: "to-curves" }, "Curves and rollouts"),
        )
      : null,
    element(
      "dl.facts",
      {},
      Object.entries(facts).map(([name, value]) =>
        element("div", {}, element("dt", {}, name.replaceAll("_", " ")), element("dd", {}, String(value))),
      ),
    ),
  );
}

function startOf(started) {
  return typeof started === "number" ? started : Date.parse(started) / 1000;
}

/** Money as a number of US dollars, or as what is spent of a budget. */
function moneyWords(money) {
  if (typeof money === "number") return dollars(money);
  if (!money || typeof money.spent !== "number") return "";
  return dollars(money.spent) + (typeof money.budget === "number" ? ` of ${dollars(money.budget)}` : "");
}
