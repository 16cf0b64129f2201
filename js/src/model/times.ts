/** Moments in order of time, and how many lie before any time. They may arrive out of order. */
import { countUpTo, floatColumn, settleTail } from "../base/column";
import type { Ns } from "../base/units";

export class Times {
  readonly #time = floatColumn();
  #settled = 0;

  add(time: Ns): void {
    this.#time.push(time);
  }

  get count(): number {
    return this.#time.length;
  }

  /** How many lie at or before `time`. */
  before(time: Ns): number {
    if (this.#settled < this.#time.length) {
      settleTail(this.#time, [], this.#settled);
      this.#settled = this.#time.length;
    }
    return countUpTo(this.#time, time);
  }
}
