// Asks anew whenever a training has logged something, one question at a time.

import { hear, state } from "./feed.js";
import { complain } from "./notice.js";

/** Follows one training's log. */
export class Following {
  /** @param {function(): Promise} refresh called whenever there is something new */
  constructor(refresh) {
    this.refresh = refresh;
    this.asking = false;
  }

  /**
   * Begins, or goes on with what was asked for meanwhile.
   * @param {{folder: string, mark: string}} answer the training's folder and what its log was like
   */
  from({ folder, mark }) {
    Object.assign(this, { folder, mark });
    this.stop ??= hear((now) => this.#look(now));
  }

  /** Ends following. */
  end() {
    this.ended = true;
    this.stop?.();
  }

  #look({ event }) {
    const mark = event?.logs?.[this.folder];
    if (this.ended || this.asking || !mark || mark === this.told) return;
    this.told = mark;
    if (mark === this.mark) return;
    this.asking = true;
    this.refresh()
      .catch((error) => this.ended || complain(error))
      .finally(() => {
        this.asking = false;
        this.#look(state);
      });
  }
}
