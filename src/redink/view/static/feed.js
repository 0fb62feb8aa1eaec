// What is going on now, as the server tells it; one line to it for the whole page.

import { addressOf } from "./address.js";
import { element, fill } from "./element.js";
import { isBundle, listen } from "./source.js";

const hearers = new Set();

/** What was heard last: {"connected", "event"}; the event is null before the first. */
export const state = { connected: false, event: null };

/** Begins to listen, for the page's head and for those who ask. */
export function beginFeed() {
  if (isBundle()) return;
  hear(showRunning);
  listen(
    (event) => tell({ event }),
    (connected) => tell({ connected }),
  );
}

/**
 * Calls `hearer` now and at each change.
 * @returns {function()} ends it
 */
export function hear(hearer) {
  hearers.add(hearer);
  hearer(state);
  return () => hearers.delete(hearer);
}

/** How far the work is, from 0 to 1, or null where its size is not known. */
export function shareOf(event) {
  return event?.total ? Math.min(1, event.done / event.total) : null;
}

function tell(news) {
  Object.assign(state, news);
  for (const hearer of hearers) hearer(state);
}

function showRunning({ event }) {
  const place = document.getElementById("running");
  if (!event || event.idle) {
    fill(place);
    return;
  }
  const share = shareOf(event);
  const words = `${event.stage ?? "running"} ${share === null ? "" : `${Math.floor(100 * share)}\u00a0%`}`;
  const link = place.querySelector("a") ?? element("a", { href: addressOf("live") });
  link.textContent = words.trim();
  if (!link.isConnected) fill(place, link);
}
