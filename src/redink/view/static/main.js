// Begins: asks for the run, then shows the page that the address names, now and at each change.

import { addressOf, go, readAddress } from "./address.js";
import { ComparePage } from "./compare.js";
import { element, fill } from "./element.js";
import { beginFeed, hear } from "./feed.js";
import { showHelp } from "./help.js";
import { ItemPage } from "./item.js";
import { beginKeys, useKeys } from "./keys.js";
import { LivePage } from "./live.js";
import { calm, complain } from "./notice.js";
import { OverviewPage } from "./overview.js";
import { PairPage } from "./pair.js";
import { RolloutPage } from "./rollout.js";
import { RolloutsPage } from "./rollouts.js";
import { RowsPage } from "./rows.js";
import { ask, isBundle } from "./source.js";
import { TrainingPage } from "./training.js";

const PAGES = {
  overview: OverviewPage,
  rows: RowsPage,
  item: ItemPage,
  compare: ComparePage,
  pair: PairPage,
  live: LivePage,
  training: TrainingPage,
  rollouts: RolloutsPage,
  rollout: RolloutPage,
};
const ENTRIES = ["item", "pair", "rollout"];
const place = document.getElementById("main");
let run = null;
let known = "";
let shown = { name: "", page: null };
let asking = new AbortController();

/** Shows what the address names; a page that is shown already is only brought up to date. */
async function showAddress() {
  const address = readAddress();
  const name = PAGES[address.page] ? address.page : "overview";
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  place.setAttribute("aria-busy", "true");
  try {
    const fresh = shown.name !== name;
    const page = fresh ? new PAGES[name](run) : shown.page;
    const title = await page.show(address, signal);
    signal.throwIfAborted();
    calm();
    if (fresh) swap(name, page);
    settle(name, page, address, title, fresh);
  } catch (error) {
    complain(error);
    if (!shown.page && !signal.aborted) showPages(name);
  } finally {
    if (!signal.aborted) place.setAttribute("aria-busy", "false");
  }
}

function swap(name, page) {
  shown.page?.close?.();
  const first = shown.page === null;
  shown = { name, page };
  useKeys(page.keys);
  fill(place, page.root);
  if (!first) focusPage(page);
}

/** What follows once a page is up to date: title, navigation, and the focus on a new entry. */
function settle(name, page, address, title, fresh) {
  document.title = `${title} · ${run.title || run.recipe || "redink"}`;
  showPages(name);
  const entry = ENTRIES.includes(name) ? address.parts.join("/") : "";
  if (fresh || entry !== page.entry) window.scrollTo(0, 0);
  if (!fresh && entry !== page.entry) page.heading.focus({ preventScroll: true });
  page.entry = entry;
  document.dispatchEvent(new Event("shown"));
}

function focusPage(page) {
  if (page.focus) page.focus();
  else page.heading.focus({ preventScroll: true });
}

function showPages(name) {
  const tables = run.stages.filter((stage) => stage.kind && stage.done);
  const first =
    tables.find((stage) => stage.kind === "critiques") ??
    tables.find((stage) => stage.kind === "responses") ??
    tables[0];
  const training = run.stages.find((stage) => stage.training);
  const links = [
    ["overview", "Overview", addressOf("overview"), true],
    ["rows", "Rows", first && addressOf("rows", [first.name]), first],
    [
      "compare",
      "Compare",
      addressOf(
        "compare",
        run.scores.slice(0, 1).map((score) => score.stage),
      ),
      run.scores.length,
    ],
    ["live", "Live", addressOf("live"), !isBundle()],
    ["training", "Training", addressOf("training", training ? [training.name] : []), training],
  ];
  const current = { item: "rows", pair: "compare", rollouts: "training", rollout: "training" }[name] ?? name;
  fill(
    document.getElementById("pages"),
    links
      .filter(([, , , there]) => there)
      .map(([page, text, href]) =>
        element("a", { href, id: `to-${page}`, "aria-current": page === current ? "page" : null }, text),
      ),
  );
}

/** A training that began meanwhile has its page without loading this one again. */
async function noteTrainings(logs) {
  const folders = Object.keys(logs ?? {}).join("/");
  if (folders === known) return;
  known = folders;
  try {
    Object.assign(run, await ask(["run"]));
    if (shown.page) showPages(shown.name);
  } catch (error) {
    complain(error);
  }
}

async function begin() {
  // A token came with the address once; the server keeps it in a cookie.
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);
  document.getElementById("ask-help").addEventListener("click", showHelp);
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    place.focus();
  });
  beginKeys([
    { key: "?", says: "help", does: showHelp },
    ...["overview", "rows", "compare", "live", "training"].map((page, at) => ({
      key: String(at + 1),
      says: `page: ${page}`,
      does: () => document.getElementById(`to-${page}`)?.click(),
    })),
  ]);
  try {
    run = await ask(["run"]);
  } catch (error) {
    complain(error);
    return;
  }
  run.stages ??= [];
  run.scores ??= [];
  beginFeed();
  hear(({ event }) => noteTrainings(event?.logs));
  window.addEventListener("hashchange", showAddress);
  if (!location.hash) go(addressOf("overview"), true);
  else await showAddress();
}

begin();
