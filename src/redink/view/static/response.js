// A response, step by step, with the first wrong step marked, and what is known of each step.

import { answersBeside } from "./answer.js";
import { outcomeChip } from "./chip.js";
import { element } from "./element.js";
import { asWritten, prose } from "./prose.js";
import { counted } from "./words.js";

/**
 * @param {Object|null} response as the server describes it
 * @param {Object|null} problem that it answers
 * @param {Object|null} score of a benchmark's answer, where there is one
 * @param {Object|null} marks of its steps, as `marksOf` makes them
 */
export function responseView(response, problem, score, marks = null) {
  if (!response) return null;
  const outcome = score?.outcome ?? response.outcome;
  const facts = [
    response.model,
    response.origin && `made by ${response.origin}`,
    response.tokens && counted(response.tokens, "token"),
    response.finish && `ended: ${response.finish}`,
    score?.compared_by && `compared by ${score.compared_by}`,
    score?.why,
  ];
  return element(
    `section.side.o-${outcome ?? "ungraded"}`,
    { "aria-labelledby": "response" },
    element("header", {}, element("h2", { id: "response" }, "Response"), outcomeChip(outcome)),
    answersBeside(score?.extracted ?? response.answer, problem?.answer, outcome),
    stepsView(response.steps ?? [], marks),
    injectedView(response.error),
    element("p.note", { dir: "auto" }, facts.filter(Boolean).join(" · ")),
    asWritten(response.text),
  );
}

function injectedView(error) {
  if (!error) return null;
  const change = `${error.true_value} became ${error.false_value}`;
  return element(
    "p.note",
    { dir: "auto" },
    `injected: ${error.kind.replaceAll("_", " ")} in step ${error.step + 1}; ${change}`,
  );
}

function stepsView(steps, marks) {
  const first = steps.findIndex((step) => step.wrong);
  const lines = steps.map((step, at) => {
    const mark = marks?.of(step);
    const flag = at === first ? "first wrong step" : mark?.flag;
    return element(
      ["li", at === first ? "wrong" : null, mark?.colour].filter(Boolean).join("."),
      {},
      flag ? element("strong.flag", {}, flag) : null,
      prose(step.html, `Step ${at + 1}`),
      mark ? element("div.step-marks", {}, mark.nodes) : null,
    );
  });
  if (!lines.length) return element("p.note", {}, "The response is empty.");
  return [
    element(marks ? `ol.steps.marked.${marks.kind}` : "ol.steps", { "aria-label": "Steps of the response" }, lines),
    marks?.about ? element("p.note", { dir: "auto" }, marks.about) : null,
  ];
}
