// The answer that was read beside the reference answer, with what differs marked.

import { element } from "./element.js";

const MOST = 2000;

/**
 * Two answers side by side.
 * @param {string|null} read what the grader took from the response
 * @param {string|null} reference
 * @param {string|null} outcome of the grading: equal values may be written differently
 */
export function answersBeside(read, reference, outcome) {
  const [left, right] = differing(read ?? "", reference ?? "");
  const same = outcome === "correct";
  return element(
    "dl.answers",
    {},
    element(
      "div",
      {},
      element("dt", {}, "Answer read"),
      element("dd", { dir: "auto" }, read ? marked(left, same) : element("i", {}, "none")),
    ),
    element(
      "div",
      {},
      element("dt", {}, "Reference"),
      element("dd", { dir: "auto" }, reference ? marked(right, same) : element("i", {}, "none")),
    ),
  );
}

/**
 * Where two texts differ: what they have in common before and behind, and what lies between.
 * @returns {Array<[string, string, string]>} for each text: before, what differs, behind
 */
export function differing(one, other) {
  const [a, b] = [[...one.slice(0, MOST)], [...other.slice(0, MOST)]];
  let before = 0;
  while (before < a.length && before < b.length && a[before] === b[before]) before += 1;
  let behind = 0;
  const room = Math.min(a.length, b.length) - before;
  while (behind < room && a[a.length - 1 - behind] === b[b.length - 1 - behind]) behind += 1;
  const cut = (text) => [
    text.slice(0, before).join(""),
    text.slice(before, text.length - behind).join(""),
    text.slice(text.length - behind).join(""),
  ];
  return [cut(a), cut(b)];
}

function marked([before, between, behind], same) {
  return [before, between ? element(same ? "mark.same" : "mark", {}, between) : null, behind];
}
