// What reviewers changed in an item, the latest first.

import { element } from "./element.js";
import { moment } from "./words.js";

/** The edit that stands: the newest one that neither takes another back nor was taken back. */
export function standing(edits) {
  return (edits ?? []).findLast((edit) => !edit.undoes && !edit.undone) ?? null;
}

/** @param {Array<Object>} edits as the server lists them, the oldest first */
export function historyView(edits) {
  if (!edits?.length) return null;
  const lines = [...edits]
    .reverse()
    .map((edit) =>
      element(
        edit.undone ? "li.undone" : "li",
        {},
        element("b", {}, changeWords(edit)),
        edit.undone ? " taken back" : null,
        element("span.quiet", { dir: "auto" }, ` ${edit.author ?? ""}, ${moment(edit.time)}`),
        edit.reason ? element("q", { dir: "auto" }, edit.reason) : null,
      ),
    );
  return element(
    "section.history",
    { "aria-labelledby": "history" },
    element("h2", { id: "history" }, "Verdicts given"),
    element("ol", { reversed: true }, lines),
  );
}

function changeWords({ old, new: now }) {
  return old === now ? `${now}, confirmed` : `${old ?? "unreadable"} → ${now ?? "unreadable"}`;
}
