// The help: what each key does here.

import { element, fill } from "./element.js";
import { keysAct, keysNow, letKeysAct } from "./keys.js";

const SHOWN = { ArrowLeft: "←", ArrowRight: "→", Escape: "Esc" };

/** Opens the help. */
export function showHelp() {
  const dialog = document.getElementById("help");
  const rows = keysNow().map(({ key, says }) => [
    element("dt", {}, element("kbd", {}, SHOWN[key] ?? key)),
    element("dd", {}, says),
  ]);
  fill(
    dialog,
    element("h2", { id: "help-title" }, "Keys"),
    element("dl.keys", {}, rows),
    element(
      "p.note",
      {},
      "In a field, ",
      element("kbd", {}, "Esc"),
      " gives the keys back. Tab and Enter work everywhere.",
    ),
    element(
      "label.check",
      {},
      element("input", {
        type: "checkbox",
        id: "keys-act",
        checked: keysAct(),
        onchange: (event) => letKeysAct(event.target.checked),
      }),
      "Single keys act",
    ),
    element(
      "button",
      { type: "button", id: "close-help", autofocus: true, onclick: () => dialog.close() },
      "Close",
    ),
  );
  dialog.showModal();
}
