/** Moments in order of time, and how many lie before any time. They may arrive out of order. */
import { countUpTo, floatColumn, settleTail } from "../base/column";
import type { Ns } from "../base/units";

export class Times {
  readonly #time = floatColumn();
  #settled = 0;

  add(time: Ns): void {
    this.#time.push(time);
  }

  /**
   * Take some out again. Nearly always those are the first: then nothing else is touched.
   *
   * @param times ascending
   */
  remove(times: Float64Array): void {
    this.#settle();
    let next = 0;
    while (next < times.length && next < this.count && times[next] === this.#time.get(next)) next++;
    this.#time.drop(next);
    if (next < times.length) {
      const from = Math.max(0, countUpTo(this.#time, times[next]!) - 1);
      let to = from;
      for (let i = from; i < this.count; i++) {
        const time = this.#time.get(i);
        while (next < times.length && times[next]! < time) next++;
        if (times[next] === time) next++;
        else this.#time.set(to++, time);
      }
      this.#time.truncate(to);
    }
    this.#settled = this.count;
  }

  get count(): number {
    return this.#time.length;
  }

  #settle(): void {
    if (this.#settled === this.count) return;
    settleTail(this.#time, [], this.#settled);
    this.#settled = this.count;
  }

  /** How many lie at or before `time`. */
  before(time: Ns): number {
    this.#settle();
    return countUpTo(this.#time, time);
  }
}
