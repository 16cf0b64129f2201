/** A count that grows in steps, and what it was at any time. Steps may arrive out of order. */
import { countUpTo, floatColumn, settleTail } from "../base/column";
import type { Ns } from "../base/units";

export class Steps {
  readonly #time = floatColumn();
  readonly #by = floatColumn();
  /** What the steps so far add up to, those that were removed at the front included. */
  readonly #total = floatColumn();
  #removed = 0;
  #settled = 0;

  add(time: Ns, by: number): void {
    this.#time.push(time);
    this.#by.push(by);
  }

  /**
   * Take back a step of 1 at each of some times. Nearly always those are the first: then nothing else is touched.
   *
   * @param times ascending
   */
  remove(times: Float64Array): void {
    this.#settle();
    let next = 0;
    let front = 0;
    for (; front < this.#time.length; front++) {
      const by = this.#by.get(front);
      let taken = 0;
      for (; taken < by && times[next] === this.#time.get(front); taken++) next++;
      this.#removed += taken;
      if (taken === by) continue;
      this.#by.set(front, by - taken);
      break;
    }
    for (const column of [this.#time, this.#by, this.#total]) column.drop(front);
    this.#settled = this.#time.length;
    this.#removeOthers(times.subarray(next));
  }

  /** Steps that stand between others: they stay, and add nothing. */
  #removeOthers(times: Float64Array): void {
    let lowest = this.#settled;
    for (const time of times) {
      let place = countUpTo(this.#time, time) - 1;
      while (place >= 0 && this.#time.get(place) === time && this.#by.get(place) <= 0) place--;
      if (place < 0 || this.#time.get(place) !== time) continue;
      this.#by.set(place, this.#by.get(place) - 1);
      lowest = Math.min(lowest, place);
    }
    this.#addUp(lowest);
  }

  #settle(): void {
    if (this.#settled === this.#time.length) return;
    this.#addUp(settleTail(this.#time, [this.#by], this.#settled));
    this.#settled = this.#time.length;
  }

  #addUp(from: number): void {
    this.#total.truncate(from);
    let total = from > 0 ? this.#total.get(from - 1) : this.#removed;
    for (let i = from; i < this.#time.length; i++) {
      total += this.#by.get(i);
      this.#total.push(total);
    }
  }

  /** The count at `time`, steps at that very time included. */
  at(time: Ns): number {
    this.#settle();
    const steps = countUpTo(this.#time, time);
    return steps > 0 ? this.#total.get(steps - 1) - this.#removed : 0;
  }
}
