// Where the reader is: a page, its parts and its query, all in the address's hash.
// "#/rows/drafts?outcome=wrong&offset=50" is page "rows", parts ["drafts"].

/** Filters of a table; each may stand several times in an address. */
export const FILTERS = [
  "suspicious",
  "outcome",
  "verdict",
  "agrees",
  "why",
  "edited",
  "model",
  "source",
  "benchmark",
  "has_error",
  "error_kind",
  "labelled",
  "scored",
];

/** Filters of a training's rollouts. */
export const ROLLOUT_FILTERS = ["step", "outcome", "fault", "trained", "problem"];

/** What an address may say about a training's rollouts, apart from where they begin. */
export const ROLLOUT_QUERY = [...ROLLOUT_FILTERS, "q", "upto"];

/** What an address may say about a table's rows, apart from where they begin. */
export const ROW_QUERY = [...FILTERS, "q", "sort"];

/**
 * Reads an address.
 * @param {string} [hash]
 * @returns {{page: string, parts: string[], query: URLSearchParams}}
 */
export function readAddress(hash = location.hash) {
  const cut = hash.indexOf("?");
  const path = cut < 0 ? hash : hash.slice(0, cut);
  const parts = path.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
  return {
    page: parts[0] ?? "overview",
    parts: parts.slice(1),
    query: new URLSearchParams(cut < 0 ? "" : hash.slice(cut + 1)),
  };
}

/**
 * Writes an address.
 * @param {string} page
 * @param {string[]} [parts]
 * @param {URLSearchParams|Object} [query] empty values are left out
 * @returns {string} beginning with "#/"
 */
export function addressOf(page, parts = [], query = {}) {
  const path = [page, ...parts].map(encodeURIComponent).join("/");
  const entries = [...new URLSearchParams(query)].filter(([, value]) => value !== "");
  const search = new URLSearchParams(entries).toString();
  return `#/${path}${search ? `?${search}` : ""}`;
}

/** A copy of `query` with some values set; null takes one away, a list sets it several times. */
export function changed(query, values) {
  const copy = new URLSearchParams(query);
  for (const [name, value] of Object.entries(values)) {
    copy.delete(name);
    for (const one of [value].flat()) if (one !== null && one !== "") copy.append(name, one);
  }
  return copy;
}

/** A copy of `query` with only the values named. */
export function only(query, names) {
  return new URLSearchParams([...query].filter(([name]) => names.includes(name)));
}

/** Goes to an address; `instead` keeps the one now left out of the history. */
export function go(address, instead = false) {
  if (address === location.hash) return;
  if (!instead) {
    location.hash = address;
    return;
  }
  history.replaceState(null, "", address);
  window.dispatchEvent(new Event("hashchange"));
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
