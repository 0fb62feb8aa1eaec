// Where answers come from: the server, or the copy of its answers inside a bundle.

import { answerFrom } from "./bundle.js";

/** What went wrong with a question, in a sentence for the reader. */
export class Refusal extends Error {}

/**
 * Asks for something.
 * @param {string[]} path names below /api, not yet encoded: ["rows", "drafts"]
 * @param {URLSearchParams|Object} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<Object>} the answer
 * @throws {Refusal} with the server's sentence, or where it does not answer
 */
export async function ask(path, query = {}, signal = undefined) {
  const search = new URLSearchParams(query);
  const held = embedded();
  if (held) {
    const answer = answerFrom(held, path, search);
    if (!answer) throw new Refusal("This is not in this copy of the run.");
    return answer;
  }
  const text = search.toString();
  return received(() => fetch(urlOf(path) + (text ? `?${text}` : ""), { signal }));
}

/**
 * Sends something to be kept.
 * @param {string[]} path as in `ask`
 * @param {Object} body
 * @returns {Promise<Object>} the answer
 * @throws {Refusal}
 */
export async function send(path, body) {
  if (embedded()) throw new Refusal("This is a copy to read; verdicts are given in redink view.");
  return received(() =>
    fetch(urlOf(path), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

/**
 * Listens to what is going on, without end.
 * @param {function(Object)} heard called with each event
 * @param {function(boolean)} connected called when the line opens or breaks
 * @returns {function()} ends it
 */
export function listen(heard, connected) {
  if (embedded()) return () => {};
  const events = new EventSource(urlOf(["live"]));
  events.onopen = () => connected(true);
  events.onerror = () => connected(false);
  events.onmessage = (event) => heard(JSON.parse(event.data));
  return () => events.close();
}

/** Whether this page is a bundle: a copy to read, with no server behind it. */
export function isBundle() {
  return embedded() !== null;
}

let answers;

function embedded() {
  if (answers === undefined) {
    const holder = document.getElementById("answers");
    answers = holder ? JSON.parse(holder.textContent) : null;
  }
  return answers;
}

function urlOf(path) {
  return `/api/${path.map(encodeURIComponent).join("/")}`;
}

async function received(asking) {
  let reply;
  try {
    reply = await asking();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The server does not answer. Is redink view still running?");
  }
  const answer = await reply.json().catch(() => null);
  if (!reply.ok) throw new Refusal(answer?.error ?? `The server refused (${reply.status}).`);
  if (answer === null) throw new Refusal("The server's answer cannot be read.");
  return answer;
}
