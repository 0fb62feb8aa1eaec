// How far a review has come, always in view.

import { element, fill } from "./element.js";
import { ask } from "./source.js";
import { figure } from "./words.js";

let wanted = null;

/**
 * Shows the progress of a stage's review in the page's head.
 * @param {string|null} stage null for none
 */
export async function showReview(stage) {
  wanted = stage;
  const answer = stage ? await reviewOf(stage) : null;
  if (wanted !== stage) return;
  const place = document.getElementById("review");
  if (!answer || !answer.total) {
    fill(place);
    return;
  }
  fill(place, reviewBar(answer));
}

/** The stage, where it is one that is reviewed: one of critiques; else null. */
export function reviewedStage(run, name) {
  return run.stages.some((stage) => stage.name === name && stage.kind === "critiques") ? name : null;
}

/** A stage's review, or null where it has none. */
export async function reviewOf(stage) {
  try {
    return await ask(["review", stage]);
  } catch {
    return null;
  }
}

/** A review's progress as a bar with words. */
export function reviewBar({ reviewed, total, disagreements, reviewed_disagreements: done }) {
  const words = `${figure(reviewed)} of ${figure(total)}`;
  return element(
    "span.review",
    { title: disagreements ? `${figure(done)} of ${figure(disagreements)} disagreements reviewed` : null },
    element("progress", { max: total, value: reviewed, "aria-label": "Reviewed" }),
    element("span", {}, words, element("span.wide", {}, " reviewed")),
    disagreements
      ? element("span.wide", {}, ` · ${figure(done)} of ${figure(disagreements)} disagreements`)
      : null,
  );
}
