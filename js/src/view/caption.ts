/** The words beside the overview: while live what waits and runs now, afterwards what the two graphs are. */
import { whole } from "../base/format";
import type { Counts } from "../base/message";
import { element, setText } from "./dom";
import { words } from "./words";

export class Caption {
  readonly #queued = element("div", "pv-caption-queued");
  readonly #running = element("div", "pv-caption-running");
  readonly node = element("div", "pv-caption", this.#queued, this.#running);

  showLive(counts: Counts): void {
    setText(this.#queued, words.queued(whole(counts.pending)));
    setText(this.#running, words.runningNow(whole(counts.running)));
  }

  showSettled(mostQueued: number): void {
    setText(this.#queued, words.mostQueued(whole(mostQueued)));
    setText(this.#running, words.busyWorkers);
  }
}
