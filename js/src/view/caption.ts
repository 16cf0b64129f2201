/** The words beside the overview: while live what waits and runs now, afterwards what the two graphs are. */
import { whole } from "../base/format";
import type { Counts } from "../base/message";
import { element, setText } from "./dom";
import { words } from "./words";

export class Caption {
  readonly #queued = element("span", "");
  readonly #running = element("span", "");
  readonly node = element(
    "div",
    "pv-caption",
    element("div", "", element("span", "pv-caption-mark pv-caption-queued"), this.#queued),
    element("div", "", element("span", "pv-caption-mark pv-caption-running"), this.#running),
  );

  showLive(counts: Counts): void {
    setText(this.#queued, words.queued(whole(counts.pending)));
    setText(this.#running, words.runningNow(whole(counts.running)));
  }

  showSettled(mostQueued: number): void {
    setText(this.#queued, words.mostQueued(whole(mostQueued)));
    setText(this.#running, words.busyWorkers);
  }
}
