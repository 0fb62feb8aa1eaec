// Who was right where: four counts as a bar and as filters.

import { drawing, element } from "./element.js";
import { figure } from "./words.js";

const WIDTH = 1000;

/**
 * The counts of a comparison; each is a button that shows only these problems.
 * @param {{a: number, b: number, both: number, neither: number}} counts
 * @param {string} a one arm's name
 * @param {string} b the other's
 * @param {string} wanted which are shown now: "", "disagree", "a", "b", "both" or "neither"
 * @param {function(string)} choose
 */
export function shareBar(counts, a, b, wanted, choose) {
  const parts = [
    ["both", "both right"],
    ["a", `only ${a} right`],
    ["b", `only ${b} right`],
    ["neither", "neither right"],
  ];
  const button = (value, text, count) =>
    element(
      `button.share.s-${value}`,
      {
        type: "button",
        id: `only-${value}`,
        "aria-pressed": String(wanted === value),
        onclick: () => choose(value),
      },
      element("b", {}, figure(count)),
      " ",
      text,
    );
  return element(
    "div.shares",
    {},
    bar(parts.map(([key, text]) => [key, text, counts[key] ?? 0])),
    element(
      "div.buttons",
      { role: "group", "aria-label": "Show only" },
      parts.map(([key, text]) => button(key, text, counts[key])),
      button("disagree", "where they disagree", (counts.a ?? 0) + (counts.b ?? 0)),
    ),
  );
}

function bar(parts) {
  const all = parts.reduce((sum, [, , count]) => sum + count, 0) || 1;
  const name = parts.map(([, text, count]) => `${text}: ${figure(count)}`).join(", ");
  let x = 0;
  const bars = parts.map(([key, , count]) => {
    const width = (WIDTH * count) / all;
    x += width;
    return drawing(`rect.s-${key}`, { x: x - width, width, height: 12 });
  });
  return drawing(
    "svg.bar-of-shares",
    { viewBox: `0 0 ${WIDTH} 12`, preserveAspectRatio: "none", role: "img", "aria-label": name },
    bars,
  );
}
