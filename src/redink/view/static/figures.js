// The figures of a reinforcement's steps: which are drawn together, and how their values are written.

import { figure, percentage, valueWord } from "./words.js";

const share = (value) => percentage(value);
const number = (value) => written(value, 3);
const small = (value) => written(value, 4);
const whole = (value) => value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
const seconds = (value) => `${figure(Math.round(value * 10) / 10)} s`;

/**
 * Drawings in their order; `of` names the curves (`*` those within a group) and what they are called.
 * `shares` are written as percentages, `zero` is always on the axis, `more` is less looked at.
 */
const GROUPS = [
  { title: "Reward, and its parts before their weights", word: number, of: { reward: "reward", "parts.*": "" } },
  {
    title: "Accuracy",
    word: share,
    shares: true,
    of: { accuracy: "of the rollouts", validation: "on the validation problems" },
  },
  {
    title: "Degenerate texts",
    word: share,
    shares: true,
    zero: true,
    of: { degenerate: "any fault", "faults.*": "" },
  },
  { title: "Tokens of a rollout, mean", word: whole, of: { tokens: "tokens" } },
  { title: "Entropy, nats per token", word: number, of: { entropy: "entropy" } },
  { title: "Divergence, nats per token", word: small, of: { kl: "from the reference" } },
  {
    title: "Skipped, cut off, unscorable",
    word: share,
    shares: true,
    zero: true,
    of: { skipped: "problems skipped", truncated: "rollouts cut off", unscorable: "unscorable" },
  },
  {
    title: "Loss",
    word: small,
    of: { loss: "loss", policy_loss: "policy", value_loss: "value" },
  },
  { title: "Norm of the gradient", word: number, of: { grad_norm: "norm" } },
  {
    title: "Rollouts trained on",
    word: share,
    shares: true,
    zero: true,
    more: true,
    of: { trained: "share" },
  },
  {
    title: "Seconds of a step",
    word: seconds,
    zero: true,
    more: true,
    of: { seconds: "all", "seconds_by_part.*": "" },
  },
];
/** Columns of the table, beside the step. */
export const COLUMNS = [
  ["reward", "reward", number],
  ["accuracy", "accuracy", share],
  ["validation", "validation", share],
  ["tokens", "tokens", whole],
  ["entropy", "entropy", number],
  ["kl", "divergence", small],
  ["degenerate", "degenerate", share],
  ["skipped", "skipped", share],
  ["loss", "loss", small],
  ["grad_norm", "gradient", number],
];

/**
 * What is drawn of a training.
 * @param {Object<string, Array<[number, number]>>} curves by name
 * @returns {Array<Object>} what a `Plot` takes, and `more`; what no drawing names has one of its own
 *     behind the others
 */
export function drawingsOf(curves) {
  const left = new Set(Object.keys(curves));
  const drawings = GROUPS.map(({ of, ...drawing }) => {
    const lines = Object.entries(of).flatMap(([pattern, name]) =>
      namesOf(pattern, left).map((key) => ({
        name: name || valueWord("", key.slice(key.indexOf(".") + 1)),
        points: curves[key],
        key,
      })),
    );
    for (const { key } of lines) left.delete(key);
    return { ...drawing, lines };
  });
  const others = [...left].map((key) => ({
    title: valueWord("", key),
    word: small,
    more: true,
    lines: [{ name: valueWord("", key), points: curves[key], key }],
  }));
  return [...drawings, ...others].filter(({ lines }) => lines.length);
}

/** A number with so many digits behind the point, or its power of ten where it is too small for that. */
export function written(value, digits) {
  const least = 10 ** -digits;
  const small = value !== 0 && Math.abs(value) < least;
  return (small ? value.toExponential(1) : value.toFixed(digits)).replace(/^-/, "−");
}

function namesOf(pattern, among) {
  if (!pattern.endsWith("*")) return among.has(pattern) ? [pattern] : [];
  return [...among].filter((name) => name.startsWith(pattern.slice(0, -1)));
}
