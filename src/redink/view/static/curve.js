// A training curve as inline SVG, with a name and a table for those who do not see it.

import { drawing, element } from "./element.js";
import { niceTicks, plain, scale } from "./plot.js";
import { figure } from "./words.js";

const [WIDTH, HEIGHT] = [640, 260];
const [LEFT, RIGHT, TOP, BOTTOM] = [46, 10, 12, 30];
const IN_TABLE = 20;

/**
 * A curve of losses over optimizer steps.
 * @param {Array<[number, number]>} losses in the order of steps
 * @param {boolean} open whether the table behind the curve is open
 */
export function curveView(losses, open) {
  const points = losses.filter(([step, loss]) => Number.isFinite(step) && Number.isFinite(loss));
  if (points.length < 2) return null;
  const [first, last] = [points[0], points.at(-1)];
  const lowest = Math.min(...points.map(([, loss]) => loss));
  const name = `Training loss over ${figure(last[0])} optimizer steps: from ${first[1].toFixed(3)} to ${last[1].toFixed(3)}, lowest ${lowest.toFixed(3)}`;
  return element(
    "figure.curve",
    {},
    element(
      "figcaption",
      {},
      "Training loss ",
      element("span.quiet", {}, `step ${figure(last[0])}: ${last[1].toFixed(3)}`),
    ),
    chart(points, name),
    table(points, open),
  );
}

function chart(points, name) {
  const [xTicks, yTicks] = [
    niceTicks(
      points.map(([step]) => step),
      5,
    ),
    niceTicks(
      points.map(([, loss]) => loss),
      4,
    ),
  ];
  const x = scale(points[0][0], points.at(-1)[0], LEFT, WIDTH - RIGHT);
  const y = scale(yTicks[0], yTicks.at(-1), HEIGHT - BOTTOM, TOP);
  const grid = yTicks.map((value) => [
    drawing("line.grid", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
    drawing("text.tick", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, plain(value)),
  ]);
  const inside = xTicks.filter((value) => value >= points[0][0] && value <= points.at(-1)[0]);
  const below = inside.map((value) =>
    drawing("text.tick", { x: x(value), y: HEIGHT - 8, "text-anchor": "middle" }, plain(value)),
  );
  const path = points
    .map(([step, loss], at) => `${at ? "L" : "M"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`)
    .join("");
  const end = points.at(-1);
  return drawing(
    "svg.chart",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": name },
    grid,
    below,
    drawing("path.line", { d: path }),
    drawing("circle.end", { cx: x(end[0]), cy: y(end[1]), r: 3.5 }),
  );
}

function table(points, open) {
  const every = Math.ceil(points.length / IN_TABLE);
  const told = points.filter((_, at) => at % every === 0 || at === points.length - 1);
  const rows = told.map(([step, loss]) =>
    element("tr", {}, element("th", { scope: "row" }, figure(step)), element("td", {}, loss.toFixed(4))),
  );
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, "step"),
    element("th", { scope: "col" }, "loss"),
  );
  return element(
    "details",
    { id: "curve-table", open },
    element("summary", { id: "curve-summary" }, "The same as a table"),
    element("table.figures", {}, element("thead", {}, head), element("tbody", {}, rows)),
  );
}
