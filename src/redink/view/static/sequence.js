// The order in which j and k go through the entries of a list, as the list was when it was opened:
// a verdict may take an entry out of a filtered list, but never out of the reader's way.

import { changed } from "./address.js";
import { ask } from "./source.js";

const WINDOW = 200;
const kept = new Map();

/** Lists are asked for anew from here on. */
export function forgetSequences() {
  kept.clear();
}

/** Says that an entry changed: some may since have left their lists. */
export function entryChanged() {
  for (const sequence of kept.values()) sequence.drift += 1;
}

/**
 * The sequence of a list.
 * @param {string[]} path of the question for the list
 * @param {URLSearchParams} query its filters
 * @param {string} field the entries' id field
 */
export function sequenceOf(path, query, field) {
  const name = JSON.stringify([path, String(query)]);
  if (!kept.has(name)) kept.set(name, new Sequence(path, query, field));
  return kept.get(name);
}

/** The ids of a list around where the reader is. */
class Sequence {
  constructor(path, query, field) {
    Object.assign(this, { path, query, field, ids: [], start: 0, matching: 0, drift: 0 });
  }

  /** Loads what stands around place `at`, unless entry `id` is known already. */
  async around(id, at) {
    if (this.ids.includes(id)) return;
    const offset = Math.max(0, (at ?? 0) - WINDOW / 2);
    const answer = await this.#ask(offset, WINDOW);
    Object.assign(this, {
      ids: answer.rows.map((row) => row[this.field]),
      start: offset,
      matching: answer.matching,
      drift: 0,
    });
  }

  /** An entry's place in the list, from 0, or null where it is not in it. */
  place(id) {
    const index = this.ids.indexOf(id);
    return index < 0 ? null : this.start + index;
  }

  /** The entry beside `id` (the first one where `id` is not in the list), or null. */
  async beside(id, step) {
    let index = this.ids.indexOf(id);
    if (index < 0) return this.ids.length ? this.#entry(0) : null;
    if (index + step < 0 && this.start > 0) index += await this.#earlier();
    if (index + step >= this.ids.length) await this.#later();
    return this.#entry(index + step);
  }

  #entry(index) {
    return index in this.ids ? { id: this.ids[index], at: this.start + index } : null;
  }

  async #later() {
    const end = this.start + this.ids.length;
    if (end >= this.matching) return;
    const answer = await this.#ask(Math.max(0, end - this.drift), WINDOW + this.drift);
    this.ids.push(...this.#unknown(answer));
  }

  async #earlier() {
    const offset = Math.max(0, this.start - WINDOW);
    const fresh = this.#unknown(await this.#ask(offset, this.start - offset));
    this.ids.unshift(...fresh);
    this.start = offset;
    return fresh.length;
  }

  #unknown(answer) {
    const known = new Set(this.ids);
    return answer.rows.map((row) => row[this.field]).filter((id) => !known.has(id));
  }

  #ask(offset, limit) {
    return ask(this.path, changed(this.query, { offset: String(offset), limit: String(limit) }));
  }
}
