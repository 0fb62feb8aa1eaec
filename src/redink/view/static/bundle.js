// Answers out of a bundle: tables lie there whole, so filters, search and paging are done here.

import { FILTERS } from "./address.js";

const MOST = 50;
const OTHER = { a: "b", b: "a" };

/**
 * Finds the answer to a question.
 * @param {Object} held from paths ("/api/rows/drafts") to answers
 * @param {string[]} path names below /api
 * @param {URLSearchParams} query
 * @returns {Object|null} null where the bundle does not have it
 */
export function answerFrom(held, path, query) {
  const plain = `/api/${path.map(encodeURIComponent).join("/")}`;
  if (path[0] === "rows") return held[plain] ? chosenRows(held[plain], query) : null;
  if (path[0] !== "compare") return held[plain] ?? null;
  const [a, b] = [query.get("a") ?? "", query.get("b") ?? ""];
  const turned = held[`${plain}?${new URLSearchParams({ a: b, b: a })}`];
  const answer =
    held[`${plain}?${new URLSearchParams({ a, b })}`] ?? (turned && turnedAround(turned)) ?? null;
  return answer && path.length === 2 ? chosenPairs(answer, query) : answer;
}

/** A comparison with its arms in each other's place: a bundle holds one order only. */
function turnedAround(answer) {
  const other = { ...answer, a: answer.b, b: answer.a };
  if (answer.case) other.case = OTHER[answer.case] ?? answer.case;
  if (answer.counts) other.counts = { ...answer.counts, a: answer.counts.b, b: answer.counts.a };
  if (answer.rows) other.rows = answer.rows.map(turnedAround);
  return other;
}

/** A table's rows under filters, with counts per value. */
function chosenRows(answer, query) {
  const searched = answer.rows.filter((row) => finds(query.get("q"), row.title));
  const kept = searched.filter((row) => FILTERS.every((field) => passes(row, field, query)));
  const facets = {};
  for (const field of FILTERS) {
    if (!answer.rows.some((row) => row[field] !== undefined)) continue;
    const others = FILTERS.filter((other) => other !== field);
    const counted = searched.filter((row) => others.every((other) => passes(row, other, query)));
    facets[field] = {};
    for (const row of counted) {
      for (const value of valuesOf(row[field])) facets[field][value] = (facets[field][value] ?? 0) + 1;
    }
  }
  return {
    total: answer.total,
    matching: kept.length,
    facets,
    ...cut(sorted(kept, query.get("sort")), query),
  };
}

/** Pairs of answers under filters; the counts are those before `only`, of the whole run where they can be. */
function chosenPairs(answer, query) {
  const benchmark = query.get("benchmark");
  const within = answer.rows.filter(
    (row) => (!benchmark || row.benchmark === benchmark) && finds(query.get("q"), row.title),
  );
  const found = { a: 0, b: 0, both: 0, neither: 0 };
  for (const row of within) found[row.case] += 1;
  const counts = within.length === answer.rows.length ? answer.counts : found;
  const wanted = query.get("only");
  const kept = within.filter((row) => {
    return !wanted || row.case === wanted || (wanted === "disagree" && row.case in OTHER);
  });
  return { total: answer.total, matching: kept.length, counts, ...cut(kept, query) };
}

/** Rows lie in the bundle with the suspicious ones first. */
function sorted(rows, sort) {
  if (sort === "order") return [...rows].sort((a, b) => a.order - b.order);
  return sort === "longest" ? [...rows].sort((a, b) => (b.chars ?? 0) - (a.chars ?? 0)) : rows;
}

function cut(rows, query) {
  const offset = Number(query.get("offset") ?? 0) || 0;
  const limit = Number(query.get("limit") ?? MOST) || MOST;
  return { offset, rows: rows.slice(offset, offset + limit) };
}

function passes(row, field, query) {
  const wanted = query.getAll(field);
  return wanted.length === 0 || valuesOf(row[field]).some((value) => wanted.includes(value));
}

/** A field's values as a filter names them; what is suspicious may be several things. */
function valuesOf(value) {
  if (Array.isArray(value)) return value;
  return [value === null || value === undefined || value === "" ? "none" : String(value)];
}

function finds(words, title) {
  const text = (title ?? "").toLowerCase();
  return (words ?? "")
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
