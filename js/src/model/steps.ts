/** A count that grows in steps, and what it was at any time. Steps may arrive out of order. */
import { countUpTo, floatColumn, settleTail } from "../base/column";
import type { Ns } from "../base/units";

export class Steps {
  readonly #time = floatColumn();
  readonly #by = floatColumn();
  readonly #total = floatColumn();
  #settled = 0;

  add(time: Ns, by: number): void {
    this.#time.push(time);
    this.#by.push(by);
  }

  #settle(): void {
    if (this.#settled === this.#time.length) return;
    const moved = settleTail(this.#time, [this.#by], this.#settled);
    this.#total.truncate(moved);
    let total = moved > 0 ? this.#total.get(moved - 1) : 0;
    for (let i = moved; i < this.#time.length; i++) {
      total += this.#by.get(i);
      this.#total.push(total);
    }
    this.#settled = this.#time.length;
  }

  /** The count at `time`, steps at that very time included. */
  at(time: Ns): number {
    this.#settle();
    const steps = countUpTo(this.#time, time);
    return steps > 0 ? this.#total.get(steps - 1) : 0;
  }
}
