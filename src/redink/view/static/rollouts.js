// A training's rollouts, the newest first: filters with counts, search, pages.

import { ROLLOUT_FILTERS, ROLLOUT_QUERY, addressOf, changed, go, only } from "./address.js";
import { element, fill } from "./element.js";
import { Facets, chosenFilters } from "./facets.js";
import { Following } from "./following.js";
import { focusOn } from "./keys.js";
import { Listing } from "./listing.js";
import { complain, say } from "./notice.js";
import { PAGE, offsetOf, pageBeside, pager } from "./pager.js";
import { toggle } from "./picker.js";
import { showReview } from "./review.js";
import { rolloutEntry } from "./rolloutentry.js";
import { searchField } from "./search.js";
import { forgetSequences } from "./sequence.js";
import { ask } from "./source.js";
import { counted, figure, valueWord } from "./words.js";

const LISTED = ["outcome", "fault", "trained"];
const TOP = 300;

/** The page of a training's rollouts. */
export class RolloutsPage {
  constructor() {
    this.query = new URLSearchParams();
    this.answer = null;
    this.way = element("div.way");
    this.heading = element("h1", { tabindex: "-1" });
    this.search = searchField("Search questions and texts", (q) => this.#choose({ q }));
    this.step = this.#stepField();
    this.degenerate = element("div");
    this.count = element("p.count", { role: "status" });
    this.newer = element("p.note", { role: "status" });
    this.chosen = element("div");
    this.listing = new Listing("Rollouts");
    this.facets = new Facets((query) => this.#go(query), LISTED);
    this.pager = element("div");
    this.following = new Following(() => this.#news());
    const settings = element("div.settings", {}, this.step, this.degenerate);
    const side = element("div.results", {}, this.chosen, this.count, this.newer, this.listing.root, this.pager);
    this.root = element(
      "div.page",
      {},
      this.way,
      this.heading,
      element("div.tools", {}, settings, this.search),
      element("div.table", {}, this.facets.root, side),
    );
    this.keys = [
      { key: "j", says: "next rollout", does: () => this.#step(1) },
      { key: "k", says: "previous rollout", does: () => this.#step(-1) },
      { key: "e", says: "degenerate texts only", does: () => this.#faulty() },
      { key: "b", says: "back to the curves", does: () => go(addressOf("training", [this.stage])) },
      { key: "/", says: "search questions and texts", does: () => focusOn("search") },
      { key: "s", says: "step", does: () => focusOn("step") },
      { key: "f", says: "filters", does: () => focusOn("facets") },
    ];
  }

  /** Ends following the training. */
  close() {
    this.following.end();
  }

  /** Puts the keyboard's focus where the reader left the list, or on its heading. */
  focus() {
    if (!this.listing.focusOpened()) this.heading.focus();
  }

  async show(address, signal) {
    const { parts, query } = address;
    Object.assign(this, { address, stage: parts[0], query });
    const asked = changed(query, { offset: String(offsetOf(query)), limit: String(PAGE) });
    const answer = await ask(["rollouts", this.stage], asked, signal);
    const title = `${this.stage}: rollouts`;
    if (this.query !== query) return title;
    this.answer = answer;
    forgetSequences();
    showReview(null);
    fill(this.way, element("a", { href: addressOf("training", [this.stage]), id: "to-curves" }, `← ${this.stage}`));
    fill(this.heading, "Rollouts");
    this.search.shown(query.get("q") ?? "");
    if (document.activeElement?.id !== "step") this.step.querySelector("input").value = query.get("step") ?? "";
    this.#list();
    this.following.from(answer);
    return title;
  }

  #list() {
    const { answer, query } = this;
    fill(
      this.degenerate,
      toggle("faulty", "Degenerate only", "e", this.#onlyFaulty(), () => this.#faulty()),
    );
    this.facets.show(answer.facets, query);
    fill(
      this.chosen,
      chosenFilters(query, (next) => this.#go(next), ROLLOUT_FILTERS, (field, value) =>
        field === "problem" ? (answer.titles[value] ?? value) : valueWord(field, value),
      ),
    );
    fill(this.count, figure(answer.matching), " of ", counted(answer.total, "rollout"));
    this.#showNewer(answer.newer);
    const filters = only(query, ROLLOUT_QUERY);
    this.listing.show(
      answer.rows.map((row, at) =>
        rolloutEntry(this.stage, row, { query: filters, upto: answer.upto, at: offsetOf(query) + at }),
      ),
      answer.total ? "No rollout fits these filters." : "Nothing is drawn yet.",
    );
    const held = changed(query, { upto: String(answer.upto) });
    fill(
      this.pager,
      pager(held, answer.matching, (next) => this.#address(next)),
    );
    if (this.entering) this.listing.focusEnd(this.entering < 0);
    this.entering = 0;
  }

  /** What is drawn meanwhile comes in by itself, unless the reader is further down or on a later page. */
  async #news() {
    const still = this.query.has("upto") || offsetOf(this.query) > 0;
    const reads = window.scrollY > TOP || this.listing.root.contains(document.activeElement);
    if (!still && !reads) {
      await this.show(this.address);
      return;
    }
    const { total } = await ask(["rollouts", this.stage], { limit: "0" });
    this.#showNewer(total - this.answer.upto);
  }

  /** A log that was taken back to a checkpoint has fewer than were seen. */
  #showNewer(newer) {
    const text = newer > 0 ? `${counted(newer, "newer rollout")}: show` : "Taken back to a checkpoint: show";
    const href = this.#address(changed(this.query, { upto: null, offset: null }));
    const link = element("a", { href, id: "show-newer", onclick: () => href === location.hash && this.#again() }, text);
    fill(this.newer, newer ? link : null);
  }

  #again() {
    window.scrollTo(0, 0);
    document.activeElement?.blur();
    this.show(this.address).catch(complain);
  }

  #stepField() {
    const field = element("input", {
      id: "step",
      inputmode: "numeric",
      size: "8",
      autocomplete: "off",
      placeholder: "12 or 10-20",
      "aria-keyshortcuts": "s",
      onchange: (event) => this.#choose({ step: event.target.value.trim() }),
    });
    return element("label.picker", {}, element("span", {}, "Step"), field);
  }

  #onlyFaulty() {
    const chosen = this.query.getAll("fault");
    return chosen.length > 0 && !chosen.includes("none");
  }

  #faulty() {
    const kinds = Object.keys(this.answer?.facets.fault ?? {}).filter((name) => name !== "none");
    if (this.#onlyFaulty()) this.#choose({ fault: null });
    else if (kinds.length) this.#choose({ fault: kinds });
    else say("No rollout here has a fault.");
  }

  #choose(values) {
    this.#go(changed(this.query, values), "q" in values);
  }

  #go(query, instead = false) {
    go(this.#address(changed(query, { offset: null, upto: null })), instead);
  }

  #address(query) {
    return addressOf("rollouts", [this.stage], only(query, [...ROLLOUT_QUERY, "offset"]));
  }

  #step(step) {
    if (this.listing.step(step) || !this.answer) return;
    const held = changed(this.query, { upto: String(this.answer.upto) });
    const beside = pageBeside(held, this.answer.matching, step);
    if (!beside) return;
    this.entering = step;
    go(this.#address(beside));
  }
}
