// What is known of each solution step: labels with the tries that they rest on, or scorers' scores.

import { chip } from "./chip.js";
import { drawing, element } from "./element.js";
import { counted, valueWord } from "./words.js";

const SCORERS = { sorm: "SORM", orm: "ORM" };
const SAYS = { sorm: "right up to here", orm: "the final answer will be right" };

/**
 * What to put beside the steps of an item's response.
 * @param {Object} item as the server describes it
 * @returns {{kind: string, of: function(Object), about: string}|null} `kind` is "labelled" or
 *     "scored"; `of` takes a step and gives `nodes`, and perhaps a `flag` and a `colour`; `about` is
 *     a sentence on all of them; null where nothing is known
 */
export function marksOf(item) {
  if (item.labels) return labelMarks(item.labels);
  return item.step_scores ? scoreMarks(item.step_scores) : null;
}

function labelMarks({ source, steps, misfit, first_error: first, sound }) {
  const found =
    typeof first === "number"
      ? `step ${first + 1} is wrong first`
      : sound
        ? "no step is wrong"
        : "nobody can tell whether a step is wrong";
  const about = [source && `labels from ${valueWord("labelled", source)}`, found];
  if (misfit) about.push(`${misfit}: they cannot be put beside the steps`);
  return {
    kind: "labelled",
    of: (step) => ({ nodes: partsOf(step, steps).map(({ part }) => labelNodes(part)) }),
    about: about.filter(Boolean).join(" · "),
  };
}

function labelNodes({ label, found, successes, tries, used }) {
  const left = !label && found ? ` (${found}, left out)` : "";
  return element(
    "span.step-mark",
    {},
    chip(`verdict_${label ?? "none"}`, label ?? "no label", left),
    tries ? triesView(successes, tries) : null,
    tries && typeof used === "number" && used < successes
      ? element("span.quiet", {}, used ? `${used} of these use the step` : "none of these uses the step")
      : null,
  );
}

function triesView(successes, tries) {
  const name = `right in ${successes} of ${counted(tries, "try", "tries")} from here`;
  return [bar(successes / tries, name, "won"), element("span.number", { "aria-hidden": "true" }, `${successes}/${tries}`)];
}

function scoreMarks({ scorers, steps, threshold, first_error: first }) {
  const leads = SCORERS[scorers[0]];
  const of = (step) => {
    const parts = partsOf(step, steps);
    const flagged = parts.some(({ at }) => at === first);
    return {
      nodes: parts.map(({ part }) => scoreNodes(scorers, part)),
      flag: flagged ? `first step that the ${leads} scores below ${threshold}` : null,
      colour: parts.length ? colourOf(Math.min(...parts.map(({ part }) => part[0])), threshold) : null,
    };
  };
  const said = scorers.map((name) => `${SCORERS[name]}: how probably ${SAYS[name]}`);
  return { kind: "scored", of, about: `${said.join("; ")}. Coloured by the ${leads}: red below ${threshold}.` };
}

function scoreNodes(scorers, scores) {
  const shown = scorers.map((name, at) =>
    element(
      "span.step-mark",
      {},
      element("span.quiet", {}, SCORERS[name]),
      bar(scores[at], `${SCORERS[name]} ${scores[at].toFixed(3)}`, "likely"),
      element("span.number", { "aria-hidden": "true" }, scores[at].toFixed(3)),
    ),
  );
  return element("span.scorers", {}, shown);
}

/** The colour changes where a strategy takes the step for wrong, and is strong far from there. */
function colourOf(score, threshold) {
  if (score < threshold) return score < threshold / 2 ? "lowest" : "low";
  return score < (1 + threshold) / 2 ? "high" : "highest";
}

/** What is known of the solution steps that one shown step holds: several share a formula. */
function partsOf({ first, count }, known) {
  return known.slice(first, first + count).map((part, at) => ({ part, at: first + at }));
}

function bar(share, name, kind) {
  const width = Math.max(0, Math.min(1, share)) * 100;
  return drawing(
    "svg.part",
    { viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": name },
    drawing("rect.all", { width: 100, height: 10 }),
    drawing(`rect.${kind}`, { width, height: 10 }),
  );
}
