// The reviewer's verdict on an item: right, wrong or unsure, with a note; kept by the server.

import { element, fill } from "./element.js";
import { standing } from "./history.js";
import { remember, remembered } from "./memory.js";
import { calm, complain, say } from "./notice.js";
import { send } from "./source.js";

const VERDICTS = [
  ["right", "Right", "c"],
  ["wrong", "Wrong", "w"],
  ["unsure", "Unsure", "u"],
];

/** Buttons, note and keys for one item's verdict. */
export class VerdictPanel {
  /**
   * @param {string} reviewer's name, as the server knows it
   * @param {function(Object)} changed called with the server's answer once a verdict is kept
   */
  constructor(reviewer, changed) {
    this.reviewer = reviewer;
    this.changed = changed;
    this.note = "";
    this.buttons = element("div.verdicts", { role: "group", "aria-label": "Your verdict" });
    this.form = this.#form();
    this.root = element("div.verdict", {}, this.form, this.buttons);
    this.keys = [
      ...VERDICTS.map(([verdict, , key]) => ({
        key,
        says: `verdict: ${verdict}`,
        does: () => this.give(verdict),
      })),
      { key: "n", says: "note", does: () => this.#write() },
      { key: "z", says: "undo the last verdict", does: () => this.undo() },
    ];
  }

  /** Shows an item's state; only critiques have a verdict that can be mended. */
  show(stage, item) {
    if (this.item?.id !== item.id) this.#close();
    Object.assign(this, { stage, item });
    this.root.hidden = !item.critique;
    const given = this.#given();
    const buttons = VERDICTS.map(([verdict, label, key]) =>
      element(
        `button.v-${verdict}`,
        {
          type: "button",
          id: `give-${verdict}`,
          "aria-pressed": String(given === verdict),
          "aria-keyshortcuts": key,
          onclick: () => this.give(verdict),
        },
        label,
        " ",
        element("kbd", {}, key),
      ),
    );
    const note = element(
      "button",
      {
        type: "button",
        id: "write-note",
        "aria-keyshortcuts": "n",
        "aria-expanded": String(!this.form.hidden),
        onclick: () => this.#write(),
      },
      "Note ",
      element("kbd", {}, "n"),
    );
    const undo = element(
      "button",
      {
        type: "button",
        id: "undo",
        "aria-keyshortcuts": "z",
        "aria-disabled": given ? null : "true",
        onclick: () => this.undo(),
      },
      "Undo ",
      element("kbd", {}, "z"),
    );
    fill(this.buttons, buttons, note, undo);
  }

  /** Gives a verdict, with the note where one was written. */
  give(verdict) {
    if (!this.item.critique) return say("Verdicts are about critiques; this row has none.");
    const body = {
      stage: this.stage,
      id: this.item.id,
      new: verdict,
      reason: this.note,
      author: this.#author(),
    };
    return this.#send(["edits"], body, `verdict: ${verdict}, kept`);
  }

  /** Takes the last verdict back. */
  undo() {
    if (!this.#given()) return say("There is no verdict to undo.");
    return this.#send(
      ["edits", "undo"],
      { stage: this.stage, id: this.item.id, author: this.#author() },
      "undone",
    );
  }

  async #send(path, body, done) {
    if (this.sending) return;
    this.sending = true;
    try {
      const answer = await send(path, body);
      calm();
      say(done);
      this.note = "";
      this.text.value = "";
      await this.changed(answer);
    } catch (error) {
      complain(error);
    } finally {
      this.sending = false;
    }
  }

  #form() {
    this.text = element("textarea", { id: "note", rows: "2", "aria-describedby": "note-says" });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.author = element("input", {
      id: "author",
      autocomplete: "off",
      value: this.#author(),
      onchange: (event) => remember("reviewer", event.target.value.trim()),
    });
    return element(
      "form.note-form",
      {
        hidden: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.#keep();
        },
      },
      element("label", { for: "note" }, "Why"),
      this.text,
      element("label", { for: "author" }, "Reviewer"),
      this.author,
      element("button", { type: "submit", id: "keep-note" }, "Keep"),
      element("span.note", { id: "note-says" }, "Enter keeps it, Esc leaves it."),
    );
  }

  #write() {
    if (!this.item.critique) return say("Notes are about critiques; this row has none.");
    this.form.hidden = false;
    document.getElementById("write-note")?.setAttribute("aria-expanded", "true");
    this.text.focus();
  }

  #close() {
    this.form.hidden = true;
    this.note = "";
    this.text.value = "";
    document.getElementById("write-note")?.setAttribute("aria-expanded", "false");
  }

  #keep() {
    this.note = this.text.value.trim();
    this.form.hidden = true;
    document.getElementById("write-note")?.focus();
    const given = this.#given();
    if (this.note && given) this.give(given);
    else if (this.note) say("The note goes with your verdict: c, w or u.");
  }

  /** The reviewer's verdict that stands, or null. */
  #given() {
    return standing(this.item.edits) ? this.item.verdict_now : null;
  }

  #author() {
    return remembered("reviewer") || this.reviewer || "";
  }
}
