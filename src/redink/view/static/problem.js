// A problem: its question, and its reference solution where there is one.

import { element } from "./element.js";
import { prose } from "./prose.js";

/** @param {Object|null} problem as the server describes it */
export function problemView(problem) {
  if (!problem) return null;
  const solution = problem.solution_html
    ? element(
        "details",
        {},
        element("summary", {}, "Reference solution"),
        prose(problem.solution_html, "Reference solution"),
      )
    : null;
  return element(
    "section.problem",
    { "aria-labelledby": "question" },
    element("h2.hidden", { id: "question" }, "Question"),
    prose(problem.question_html, "Question"),
    element("p.note", { dir: "auto" }, problem.source ? `from ${problem.source}` : ""),
    solution,
  );
}
