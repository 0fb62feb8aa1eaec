// The words and figures that pages share.

const OUTCOMES = {
  correct: "correct",
  wrong: "wrong",
  no_answer: "no answer",
  truncated: "truncated",
  grader_timeout: "grader time-out",
  gold_unparsable: "reference unreadable",
  ungraded: "ungraded",
};
const FIELDS = {
  suspicious: "Worth a look",
  outcome: "Outcome",
  verdict: "Verdict",
  agrees: "Verdict and grader",
  why: "Why no verdict",
  model: "Model",
  source: "Source",
  benchmark: "Benchmark",
  edited: "Reviewed",
  has_error: "Error",
  error_kind: "Kind of error",
  labelled: "Labels from",
  scored: "Step scores",
  step: "Step",
  fault: "Degenerate",
  trained: "Trained on",
  problem: "Problem",
};
const VALUES = {
  agrees: { true: "agree", false: "disagree", none: "no comparison" },
  edited: { true: "by hand", yes: "by hand", false: "not yet", no: "not yet" },
  verdict: { none: "unreadable" },
  has_error: { yes: "a wrong step", no: "no wrong step", none: "nobody can tell" },
  error_kind: { none: "none injected" },
  labelled: { injected: "injected errors" },
  scored: { yes: "kept", none: "not kept" },
  fault: { none: "no fault" },
};

/** A filter's name for the reader. */
export function fieldWord(field) {
  return FIELDS[field] ?? field;
}

/** A filter's value for the reader. */
export function valueWord(field, value) {
  const text = String(value);
  return (
    VALUES[field]?.[text.toLowerCase()] ??
    (field === "outcome" ? outcomeWord(text) : text.replaceAll("_", " "))
  );
}

/** An outcome for the reader. */
export function outcomeWord(outcome) {
  return OUTCOMES[outcome] ?? String(outcome ?? "none").replaceAll("_", " ");
}

/** A number with thousands apart; a dash where there is none. */
export function figure(number) {
  return typeof number === "number" ? number.toLocaleString("en-GB") : "–";
}

/** A share as a percentage: "52.5 %"; the sign stays beside its number. */
export function percentage(share) {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** A number with its noun: "1 row", "1,200 rows". */
export function counted(number, noun, nouns = `${noun}s`) {
  return `${figure(number)} ${number === 1 ? noun : nouns}`;
}

/** Seconds in words: "8s", "3m05s", "2h10m". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return `${minutes}m${String(rest).padStart(2, "0")}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, "0")}m`;
}

/** US dollars: sums below a cent to a hundredth of a cent. */
export function dollars(amount) {
  return `$${amount.toFixed(amount !== 0 && Math.abs(amount) < 0.01 ? 4 : 2)}`;
}

/** A time (ISO text or seconds since 1970) as the reader's clock tells it. */
export function moment(time) {
  const date = new Date(typeof time === "number" ? time * 1000 : time);
  if (Number.isNaN(date.getTime())) return String(time ?? "");
  const two = (number) => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
