// A reinforcement: its figures over the steps, as they come, and its newest rollouts.

import { addressOf, go } from "./address.js";
import { element, fill } from "./element.js";
import { hear, shareOf } from "./feed.js";
import { COLUMNS, drawingsOf } from "./figures.js";
import { Following } from "./following.js";
import { Listing } from "./listing.js";
import { picker } from "./picker.js";
import { Plot } from "./plot.js";
import { showReview } from "./review.js";
import { rolloutEntry } from "./rolloutentry.js";
import { ask, isBundle } from "./source.js";
import { counted, figure } from "./words.js";

const NEWEST = 5;
const IN_TABLE = 20;

/** The page of one training's curves. */
export class TrainingPage {
  constructor(run) {
    this.run = run;
    this.heading = element("h1", { tabindex: "-1" });
    this.tools = element("div.settings");
    this.about = element("p.lead", { role: "status" });
    this.progress = element("div");
    this.drawings = element("div", {
      onpointermove: (event) => this.#point(event),
      onpointerleave: () => this.#mark(null),
      onclick: (event) => this.#open(event),
    });
    this.table = element("div");
    this.listing = new Listing("Newest rollouts");
    this.rollouts = element("section", { "aria-labelledby": "rollouts", hidden: true });
    this.root = element(
      "div.page",
      {},
      this.heading,
      this.tools,
      this.about,
      this.progress,
      this.drawings,
      this.table,
      this.rollouts,
    );
    this.plots = [];
    this.following = new Following(() => this.#refresh());
    this.keys = [{ key: "r", says: "rollouts", does: () => document.getElementById("all-rollouts")?.click() }];
  }

  /** Ends following the training. */
  close() {
    this.following.end();
    this.stop?.();
  }

  async show({ parts }, signal) {
    showReview(null);
    const trainings = this.run.stages.filter((stage) => stage.training).map(({ name }) => name);
    this.stage = parts[0] ?? trainings[0];
    fill(this.heading, this.stage ?? "Training");
    fill(
      this.tools,
      trainings.length > 1
        ? picker("training", "Training", trainings.map((name) => [name, name]), this.stage, (name) =>
            go(addressOf("training", [name])),
          )
        : null,
    );
    await this.#refresh(signal);
    this.stop ??= hear(({ event }) => this.#showProgress(event));
    return this.stage;
  }

  async #refresh(signal) {
    const answer = await ask(["training", this.stage], {}, signal);
    if (answer.stage !== this.stage) return;
    this.answer = answer;
    this.#draw(answer);
    if (isBundle()) return;
    if (answer.rollouts) await this.#newest(signal);
    this.following.from(answer);
  }

  #showProgress(event) {
    const going = event && !event.idle && event.stage === this.stage;
    const share = going ? shareOf(event) : null;
    const rests = event?.idle && event.state && !this.answer.done;
    fill(
      this.progress,
      going
        ? element("progress.long", { max: 1, value: share, "aria-label": `Progress of ${this.stage}` })
        : null,
      rests
        ? element(
            "p.note",
            {},
            "Not running now: it goes on from its last checkpoint when the run is started again.",
          )
        : null,
    );
  }

  #draw({ algorithm, planned, last, rollouts, curves, done }) {
    const size = planned ? ` of ${figure(planned)}` : "";
    fill(
      this.about,
      [
        algorithm,
        last ? `step ${figure(last)}${size}` : "no step is done yet",
        last ? counted(rollouts, "rollout") : "",
        done ? "done" : "",
      ]
        .filter(Boolean)
        .join(" · "),
    );
    const steps = stepsOf(curves);
    const drawings = last ? drawingsOf(curves) : [];
    const isOpen = (id) => document.getElementById(id)?.open ?? false;
    this.plots = drawings.map((drawn) => new Plot(drawn, steps));
    const plots = (more) =>
      element(
        "div.plots",
        {},
        this.plots.filter((_, at) => Boolean(drawings[at].more) === more).map(({ root }) => root),
      );
    fill(
      this.drawings,
      plots(false),
      drawings.some((drawn) => drawn.more)
        ? element(
            "details",
            { id: "more", open: isOpen("more") },
            element("summary", { id: "more-summary" }, "More figures"),
            plots(true),
          )
        : null,
    );
    fill(this.table, last ? this.#steps(curves, isOpen("steps-table")) : null);
    this.#mark(null);
  }

  async #newest(signal) {
    const query = { limit: String(NEWEST) };
    const answer = await ask(["rollouts", this.stage], query, signal);
    const faulty = answer.total - (answer.facets.fault.none ?? 0);
    this.listing.show(
      answer.rows.map((row, at) => rolloutEntry(this.stage, row, { upto: answer.upto, at })),
      "There are none yet.",
    );
    const link = (id, query, text) =>
      element("a", { href: addressOf("rollouts", [this.stage], query), id }, text);
    this.rollouts.hidden = false;
    if (!this.listing.root.isConnected)
      this.rollouts.append(element("h2", { id: "rollouts" }, "Newest rollouts"), this.listing.root, element("p.ways"));
    fill(
      this.rollouts.lastChild,
      link("all-rollouts", {}, `All ${counted(answer.total, "rollout")}`),
      faulty ? [" · ", link("faulty-rollouts", faultsOf(answer.facets.fault), `${figure(faulty)} degenerate`)] : null,
    );
  }

  #steps(curves, open) {
    const columns = COLUMNS.filter(([name]) => curves[name]);
    const known = new Map(columns.map(([name]) => [name, new Map(curves[name])]));
    const steps = [...new Set(columns.flatMap(([name]) => curves[name].map(([step]) => step)))].sort((a, b) => a - b);
    const every = Math.ceil(steps.length / IN_TABLE);
    const told = steps.filter((_, at) => (steps.length - 1 - at) % every === 0);
    const rows = told.map((step) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, this.#stepLink(step)),
        columns.map(([name, , word]) => {
          const value = known.get(name).get(step);
          return element("td", {}, value === undefined ? "" : word(value));
        }),
      ),
    );
    const heads = ["step", ...columns.map(([, title]) => title)].map((title) =>
      element("th", { scope: "col" }, title),
    );
    return element(
      "details",
      { id: "steps-table", open },
      element("summary", { id: "steps-summary" }, "The same as a table"),
      element(
        "div.wide-table",
        { tabindex: "0", role: "group", "aria-label": "Figures by step" },
        element("table.figures", {}, element("thead", {}, element("tr", {}, heads)), element("tbody", {}, rows)),
      ),
    );
  }

  #stepLink(step) {
    if (isBundle() || step < 1) return figure(step);
    return element("a", { href: addressOf("rollouts", [this.stage], { step: String(step) }) }, figure(step));
  }

  #point(event) {
    const plot = this.#under(event);
    this.#mark(plot ? plot.stepAt(event.clientX) : null);
  }

  #mark(step) {
    for (const plot of this.plots) plot.at(step);
  }

  /** A click into a drawing leads to the rollouts of the step that is pointed at. */
  #open(event) {
    const step = this.#under(event)?.stepAt(event.clientX);
    if (step && !isBundle()) go(addressOf("rollouts", [this.stage], { step: String(step) }));
  }

  #under(event) {
    const chart = event.target.closest?.("svg.chart");
    return chart ? this.plots.find(({ root }) => root.contains(chart)) : null;
  }
}

function stepsOf(curves) {
  const ends = Object.values(curves).flatMap((points) => [points[0][0], points.at(-1)[0]]);
  return [Math.min(...ends), Math.max(...ends)];
}

function faultsOf(counts) {
  return new URLSearchParams(Object.keys(counts).filter((name) => name !== "none").map((name) => ["fault", name]));
}
