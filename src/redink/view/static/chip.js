// Small marks beside a text: an outcome, a verdict, what is suspicious.

import { element } from "./element.js";
import { outcomeWord } from "./words.js";

/** A mark with a coloured dot; `kind` names the colour: an outcome, "right", "wrong", "unsure", "none". */
export function chip(kind, ...text) {
  return element(`span.chip.o-${/^[a-z_]+$/.test(kind) ? kind : "none"}`, {}, text);
}

/** An outcome's mark. */
export function outcomeChip(outcome, before = "") {
  return outcome ? chip(outcome, before, outcomeWord(outcome)) : null;
}

/** A verdict's mark; null is a verdict that cannot be read. */
export function verdictChip(verdict, before = "verdict ") {
  return chip(`verdict_${verdict ?? "none"}`, before, verdict ?? "unreadable");
}

/** A word of warning. */
export function warning(...text) {
  return element("span.warning", {}, text);
}
