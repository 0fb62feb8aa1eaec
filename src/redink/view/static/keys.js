// Single keys: those of every page and those of the page that is shown.

import { remember, remembered } from "./memory.js";

let common = [];
let current = [];

/**
 * @typedef {Object} Key
 * @property {string} key as the browser names it: "j", "?", "Escape"
 * @property {string} says what it does, in a few words
 * @property {function()} does
 */

/** Sets the keys of every page, and begins to listen. */
export function beginKeys(keys) {
  common = keys;
  document.addEventListener("keydown", pressed);
}

/** Sets the keys of the page that is shown. */
export function useKeys(keys) {
  current = keys;
}

/** All keys that do something now, the page's first. */
export function keysNow() {
  return [...current, ...common];
}

/** Whether single keys act; they can be switched off for those who speak to their machine. */
export function keysAct() {
  return remembered("keys") !== "off";
}

/** Switches single keys on or off. */
export function letKeysAct(act) {
  remember("keys", act ? "on" : "off");
}

/** Puts the keyboard's focus on a field or button, with its text chosen. */
export function focusOn(id) {
  const found = document.getElementById(id);
  found?.focus();
  found?.select?.();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (writes(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const found = keysNow().find((entry) => entry.key === event.key);
  if (!found || !keysAct()) return;
  event.preventDefault();
  found.does();
}

function writes(target) {
  return target.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button])");
}
