// A critique, beside the response that it is about.

import { chip, verdictChip, warning } from "./chip.js";
import { element } from "./element.js";
import { asWritten, prose } from "./prose.js";

/** @param {Object|null} critique as the server describes it */
export function critiqueView(critique) {
  if (!critique) return null;
  const step = critique.first_error;
  const named =
    typeof step === "number" ? `names step ${step + 1} as the first wrong one` : "names no wrong step";
  return element(
    "section.side.ink",
    { "aria-labelledby": "critique" },
    element(
      "header",
      {},
      element("h2", { id: "critique" }, "Critique"),
      verdictChip(critique.verdict),
      agreement(critique.agrees),
    ),
    prose(critique.html, "Critique"),
    element(
      "p.note",
      { dir: "auto" },
      [critique.teacher && `by ${critique.teacher}`, critique.preset, named, critique.why]
        .filter(Boolean)
        .join(" · "),
    ),
    asWritten(critique.text),
  );
}

function agreement(agrees) {
  if (agrees === true) return chip("agrees", "agrees with the grader");
  return agrees === false ? warning("disagrees with the grader") : null;
}
