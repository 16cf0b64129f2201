/** The overview's graphs, computed anew only now and then while messages stream in: they look at every lane. */
import type { Span } from "../base/scale";
import type { Ns, PageMs, Px } from "../base/units";
import { type Load, loadOver } from "../model/load";
import type { Recording } from "../model/recording";

const MOST_OFTEN: PageMs = 200;

/** A bin narrower than this would not be seen. */
const BIN: Px = 2;

export class LoadCache {
  #load: Load | null = null;
  #madeAt: PageMs = Number.NEGATIVE_INFINITY;
  #stale = true;

  /** Take note that the recording has changed. */
  outdate(): void {
    this.#stale = true;
  }

  /** Whether `get` would give something newer a little later. */
  get isStale(): boolean {
    return this.#stale;
  }

  get(recording: Recording, { start, end }: Span, width: Px, now: Ns, page: PageMs): Load {
    const bins = Math.max(1, Math.round(width / BIN));
    const old = this.#load;
    const fits = old !== null && old.bins === bins && old.start === start;
    if (fits && !(this.#stale && page - this.#madeAt > MOST_OFTEN)) return old;
    this.#load = loadOver(recording, start, (end - start) / bins, bins, now);
    this.#madeAt = page;
    this.#stale = false;
    return this.#load;
  }
}
