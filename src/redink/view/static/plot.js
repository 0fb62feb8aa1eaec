// Curves over steps as inline SVG: several figures in one drawing, each a line of its own kind.

import { drawing, element, fill } from "./element.js";

const [WIDTH, HEIGHT] = [440, 190];
const [LEFT, RIGHT, TOP, BOTTOM] = [50, 10, 10, 26];
/** Kinds of lines, told apart by colour and dashes. */
export const KINDS = ["k1", "k2", "k3", "k4", "k5", "k6"];

/** One drawing with its title, its legend, and the values at the step that the reader points at. */
export class Plot {
  /**
   * @param {Object} figures
   * @param {string} figures.title
   * @param {Array<{name: string, points: Array<[number, number]>}>} figures.lines
   * @param {function(number): string} figures.word of a value
   * @param {boolean} [figures.shares] whether the axis is in percent
   * @param {boolean} [figures.zero] whether the axis begins at 0
   * @param {[number, number]} steps the first and the last of the axis
   */
  constructor({ title, lines, word, shares, zero }, steps) {
    Object.assign(this, { lines, word, shares, zero, steps });
    this.values = lines.map(() => element("span.value"));
    this.cursor = drawing("line.cursor", { y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden" });
    this.x = scale(...steps, LEFT, WIDTH - RIGHT);
    const legend = lines.map(({ name }, at) =>
      element(
        "li",
        {},
        lines.length > 1 ? swatch(KINDS[at % KINDS.length]) : null,
        lines.length > 1 ? element("span", { dir: "auto" }, name, " ") : null,
        this.values[at],
      ),
    );
    this.root = element(
      "figure.plot",
      {},
      element("figcaption", {}, title, element("ul.legend", {}, legend)),
      this.#chart(`${title}: ${lines.map((line) => spoken(line, word)).join("; ")}`),
    );
    this.at(null);
  }

  /** Shows the values at a step; null is the last of each line. */
  at(step) {
    this.lines.forEach(({ points }, place) => {
      const [at, value] = step === null ? points.at(-1) : nearest(points, step);
      fill(this.values[place], this.word(value), step !== null && at !== step ? ` (step ${plain(at)})` : "");
    });
    this.cursor.setAttribute("visibility", step === null ? "hidden" : "visible");
    for (const end of step === null ? [] : ["x1", "x2"]) this.cursor.setAttribute(end, this.x(step));
  }

  /** The step under a place on the page, or null beside the drawing. */
  stepAt(clientX) {
    const box = this.root.querySelector("svg.chart").getBoundingClientRect();
    const [first, last] = this.steps;
    const share = ((clientX - box.left) / box.width) * WIDTH;
    const step = first + ((share - LEFT) / (WIDTH - RIGHT - LEFT)) * (last - first);
    return Number.isFinite(step) ? Math.min(last, Math.max(first, Math.round(step))) : null;
  }

  #tick(value) {
    return this.shares ? `${plain(100 * value)}\u00a0%` : plain(value);
  }

  #chart(name) {
    const values = this.lines.flatMap(({ points }) => points.map(([, value]) => value));
    const ticks = niceTicks(this.zero ? [...values, 0] : values, 4);
    const y = scale(ticks[0], ticks.at(-1), HEIGHT - BOTTOM, TOP);
    const grid = ticks.map((value) => [
      drawing("line.grid", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }),
      drawing("text.tick", { x: LEFT - 7, y: y(value) + 4, "text-anchor": "end" }, this.#tick(value)),
    ]);
    const [first, last] = this.steps;
    const below = niceTicks(this.steps, 5)
      .filter((step) => Number.isInteger(step) && step >= first && step <= last)
      .map((step) =>
        drawing("text.tick", { x: this.x(step), y: HEIGHT - 7, "text-anchor": "middle" }, plain(step)),
      );
    const drawn = this.lines.map(({ points }, at) => {
      const kind = KINDS[at % KINDS.length];
      const path = points.map(([s, v], n) => `${n ? "L" : "M"}${this.x(s).toFixed(1)} ${y(v).toFixed(1)}`);
      const [step, value] = points.at(-1);
      return [
        drawing(`path.line.${kind}`, { d: path.join("") }),
        drawing(`circle.end.${kind}`, { cx: this.x(step), cy: y(value), r: 3 }),
      ];
    });
    return drawing(
      "svg.chart",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": name },
      grid,
      below,
      this.cursor,
      drawn,
    );
  }
}

/** Round values that enclose all of `values`, about `count` of them. */
export function niceTicks(values, count) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const rough = (high - low || Math.abs(high) || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9));
  const ticks = [];
  for (let value = Math.floor(low / step); value <= Math.ceil(high / step); value += 1)
    ticks.push(value * step);
  return ticks.length > 1 ? ticks : [ticks[0], ticks[0] + step];
}

/** From a span of values to a span of places. */
export function scale(low, high, start, end) {
  return (value) => start + ((value - low) / (high - low || 1)) * (end - start);
}

/** A value beside an axis. */
export function plain(value) {
  const short = Number(value.toPrecision(4));
  const small = short !== 0 && Math.abs(short) < 1e-3;
  return small ? short.toExponential() : short.toLocaleString("en-GB", { maximumFractionDigits: 6 });
}

function nearest(points, step) {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}

function spoken({ name, points }, word) {
  const [first, last] = [points[0], points.at(-1)];
  return `${name} from ${word(first[1])} at step ${plain(first[0])} to ${word(last[1])} at step ${plain(last[0])}`;
}

function swatch(kind) {
  return drawing(
    "svg.swatch",
    { viewBox: "0 0 24 8", "aria-hidden": "true" },
    drawing(`path.line.${kind}`, { d: "M0 4L24 4" }),
  );
}
