/**
 * The finished slices of one lane, in order of their start, with sums that answer 'how busy was it between these two times' without
 * touching each slice: before every 32nd slice stands how much busy and failed time came before it.
 *
 * A worker runs one call at a time, so the slices of a lane do not overlap; only the last one that started can reach past a given time.
 * A slice may stand for many calls, whose rows are not known.
 */
import { FAILURES } from "../base/codes";
import { countOnwards, countUpTo, floatColumn, settleTail, uint8Column, uint32Column } from "../base/column";
import { NO_ROW } from "../base/message";
import type { Ns, Row } from "../base/units";

const SHIFT = 5;
export const BLOCK = 1 << SHIFT;

/** What had happened in a lane before each of some times. */
export class Sums {
  readonly busy: Float64Array;
  /** Calls that had started; those of a summary slice at its start. */
  readonly started: Float64Array;
  /** For each way to fail: busy time, and how many had started. */
  readonly failedBusy: readonly Float64Array[];
  readonly failed: readonly Float64Array[];

  constructor(length: number) {
    const columns = () => FAILURES.map(() => new Float64Array(length));
    this.busy = new Float64Array(length);
    this.started = new Float64Array(length);
    this.failedBusy = columns();
    this.failed = columns();
  }

  get length(): number {
    return this.busy.length;
  }
}

/** What tells a summary slice from the others of its lane. */
export interface SummarySlice {
  readonly start: Ns;
  readonly end: Ns;
  readonly code: number;
}

/** Busy time and count of the slices that failed in one way, in all and before each block. */
class Failure {
  busy: Ns = 0;
  count = 0;
  readonly busyBefore = floatColumn();
  readonly countBefore = uint32Column();

  mark(): void {
    this.busyBefore.push(this.busy);
    this.countBefore.push(this.count);
  }

  restart(): void {
    this.busy = this.count = 0;
    this.busyBefore.truncate(0);
    this.countBefore.truncate(0);
  }

  rewind(block: number): void {
    this.busy = this.busyBefore.get(block);
    this.count = this.countBefore.get(block);
    this.busyBefore.truncate(block);
    this.countBefore.truncate(block);
  }
}

export class SliceIndex {
  readonly start = floatColumn();
  readonly end = floatColumn();
  readonly row = uint32Column();
  readonly code = uint8Column();
  /** How many calls each slice stands for. */
  readonly calls = uint32Column();
  readonly #failureOf: (code: number) => number;
  readonly #failures = FAILURES.map(() => new Failure());
  readonly #blockStart = floatColumn();
  readonly #busyBefore = floatColumn();
  readonly #callsBefore = floatColumn();
  #settled = 0;
  #busy = 0;
  #calls = 0;

  /** @param failure which of `FAILURES` a slice's code means, or -1: those are never merged out of sight */
  constructor(failure: (code: number) => number) {
    this.#failureOf = failure;
  }

  /** How many slices there are. */
  get count(): number {
    return this.start.length;
  }

  /** How many calls they stand for. */
  get callCount(): number {
    this.settle();
    return this.#calls;
  }

  /** Busy time of all slices, in ns. */
  get busy(): Ns {
    this.settle();
    return this.#busy;
  }

  /** @param calls how many it stands for; the row is `NO_ROW` when there are several */
  add(row: Row, start: Ns, end: Ns, code: number, calls = 1): void {
    this.start.push(start);
    this.end.push(Math.max(start, end));
    this.row.push(row);
    this.code.push(code);
    this.calls.push(calls);
  }

  /** How many calls the slices `[from, to)` stand for. */
  callsIn(from: number, to: number): number {
    this.settle();
    return this.#callsUpTo(to) - this.#callsUpTo(from);
  }

  #callsUpTo(index: number): number {
    const block = Math.min(index >>> SHIFT, this.#callsBefore.length - 1);
    if (block < 0) return 0;
    let calls = this.#callsBefore.get(block);
    for (let i = block * BLOCK; i < index; i++) calls += this.calls.get(i);
    return calls;
  }

  /** Take summary slices out again. They stand at the end, or not far from it: what follows on the first of them is moved. */
  remove(summaries: readonly SummarySlice[]): void {
    this.settle();
    const gone = [...summaries];
    const first = countUpTo(this.start, Math.min(...gone.map(({ start }) => start)) - 1);
    if (first === this.count) return;
    this.#rewind(first >>> SHIFT);
    let to = first;
    for (let i = first; i < this.count; i++) {
      if (this.row.get(i) === NO_ROW) {
        const place = gone.findIndex((slice) => this.#isSame(i, slice));
        if (place >= 0) {
          gone.splice(place, 1);
          continue;
        }
      }
      for (const column of this.#columns) column.set(to, column.get(i));
      to++;
    }
    for (const column of this.#columns) column.truncate(to);
  }

  /**
   * Forget the slices of rows before `base`, and the summary slices that ended before `time`. Nearly all of them stand at the front: a
   * worker runs calls about in the order of their rows.
   */
  forgetBefore(base: Row, time: Ns): void {
    this.settle();
    const isGone = (i: number) => {
      const row = this.row.get(i);
      return row === NO_ROW ? this.end.get(i) < time : row < base;
    };
    let front = 0;
    while (front < this.count && isGone(front)) front++;
    if (front > 0) for (const column of this.#columns) column.drop(front);
    let first = 0;
    while (first < this.count && !isGone(first)) first++;
    if (front > 0) this.#restart();
    else if (first < this.count) this.#rewind(first >>> SHIFT);
    let to = first;
    for (let i = first + 1; i < this.count; i++) {
      if (isGone(i)) continue;
      for (const column of this.#columns) column.set(to, column.get(i));
      to++;
    }
    for (const column of this.#columns) column.truncate(to);
  }

  #isSame(index: number, { start, end, code }: SummarySlice): boolean {
    return this.start.get(index) === start && this.end.get(index) === end && this.code.get(index) === code;
  }

  get #columns() {
    return [this.start, this.end, this.row, this.code, this.calls];
  }

  /** Bring order and sums up to date with what was added. Each reading method does so first. */
  settle(): void {
    if (this.#settled === this.count) return;
    const moved = settleTail(this.start, [this.end, this.row, this.code, this.calls], this.#settled);
    if (moved < this.#settled) this.#rewind(moved >>> SHIFT);
    for (let i = this.#settled; i < this.count; i++) {
      const start = this.start.get(i);
      if (i % BLOCK === 0) {
        this.#blockStart.push(start);
        this.#busyBefore.push(this.#busy);
        this.#callsBefore.push(this.#calls);
        for (const failure of this.#failures) failure.mark();
      }
      this.#include(i, start);
    }
    this.#settled = this.count;
  }

  #include(i: number, start: Ns): void {
    const length = this.end.get(i) - start;
    const calls = this.calls.get(i);
    this.#busy += length;
    this.#calls += calls;
    const kind = this.failureAt(i);
    if (kind < 0) return;
    const failure = this.#failures[kind]!;
    failure.busy += length;
    failure.count += calls;
  }

  #rewind(block: number): void {
    this.#settled = block * BLOCK;
    this.#busy = this.#busyBefore.get(block);
    this.#calls = this.#callsBefore.get(block);
    for (const column of [this.#blockStart, this.#busyBefore, this.#callsBefore]) column.truncate(block);
    for (const failure of this.#failures) failure.rewind(block);
  }

  #restart(): void {
    this.#settled = this.#busy = this.#calls = 0;
    for (const column of [this.#blockStart, this.#busyBefore, this.#callsBefore]) column.truncate(0);
    for (const failure of this.#failures) failure.restart();
  }

  /** Which of `FAILURES` the slice at `index` is, or -1. */
  failureAt(index: number): number {
    return this.#failureOf(this.code.get(index));
  }

  /** How many calls failed in one way, by its place in `FAILURES`. */
  failedCount(failure: number): number {
    this.settle();
    return this.#failures[failure]!.count;
  }

  /** How many slices had started by `time`. */
  startedBy(time: Ns): number {
    this.settle();
    return countUpTo(this.start, time);
  }

  /** The slices that lie between two times, wholly or in part: indexes `[from, to)`. */
  between(from: Ns, to: Ns): [number, number] {
    const first = this.startedBy(from);
    const reaches = first > 0 && this.end.get(first - 1) > from;
    return [reaches ? first - 1 : first, this.startedBy(to)];
  }

  /** Fill `out` with what had happened before each of the times `start + i * step`, wrong by less than a step's worth. */
  sumsAt(start: Ns, step: Ns, out: Sums): void {
    this.settle();
    // Most lanes know no failure at all: then there is nothing to add up for it.
    for (let k = 0; k < FAILURES.length; k++) {
      if (this.#failures[k]!.count > 0) continue;
      out.failed[k]!.fill(0);
      out.failedBusy[k]!.fill(0);
    }
    let block = 0;
    for (let i = 0; i < out.length; i++) {
      const time = start + i * step;
      block = i === 0 ? countUpTo(this.#blockStart, time) : countOnwards(this.#blockStart, time, block);
      if (this.#blockLength(block - 1) <= step) this.#coarseSums(block - 1, time, out, i);
      else this.#exactSums(block - 1, time, out, i);
    }
  }

  /** Busy time before `time`, exactly, in ns. */
  busyBefore(time: Ns): Ns {
    this.settle();
    const one = new Sums(1);
    this.#exactSums(countUpTo(this.#blockStart, time) - 1, time, one, 0);
    return one.busy[0]!;
  }

  /** From a block's first start to the next one's; endless before the first block and in the last. */
  #blockLength(block: number): Ns {
    if (block < 0 || block + 1 >= this.#blockStart.length) return Number.POSITIVE_INFINITY;
    return this.#blockStart.get(block + 1) - this.#blockStart.get(block);
  }

  #exactSums(block: number, time: Ns, out: Sums, at: number): void {
    const from = Math.max(0, block) * BLOCK;
    const known = block >= 0;
    let busy = known ? this.#busyBefore.get(block) : 0;
    let calls = known ? this.#callsBefore.get(block) : 0;
    for (let k = 0; k < FAILURES.length; k++) {
      const failure = this.#failures[k]!;
      if (failure.count === 0) continue;
      out.failedBusy[k]![at] = known ? failure.busyBefore.get(block) : 0;
      out.failed[k]![at] = known ? failure.countBefore.get(block) : 0;
    }
    const stop = known ? Math.min(this.count, from + BLOCK) : 0;
    for (let i = from; i < stop; i++) {
      const start = this.start.get(i);
      if (start > time) break;
      const length = Math.min(this.end.get(i), time) - start;
      busy += length;
      calls += this.calls.get(i);
      const failure = this.failureAt(i);
      if (failure < 0) continue;
      out.failedBusy[failure]![at]! += length;
      out.failed[failure]![at]! += this.calls.get(i);
    }
    out.busy[at] = busy;
    out.started[at] = calls;
  }

  /** As if the sums grew evenly through the block, which is no longer than a step. */
  #coarseSums(block: number, time: Ns, out: Sums, at: number): void {
    const from = this.#blockStart.get(block);
    const length = this.#blockStart.get(block + 1) - from;
    const share = length > 0 ? (time - from) / length : 1;
    const busy = this.#busyBefore.get(block);
    out.busy[at] = busy + share * (this.#busyBefore.get(block + 1) - busy);
    const calls = this.#callsBefore.get(block);
    out.started[at] = calls + share * (this.#callsBefore.get(block + 1) - calls);
    for (let k = 0; k < FAILURES.length; k++) {
      const { count, busyBefore, countBefore } = this.#failures[k]!;
      if (count === 0) continue;
      const before = busyBefore.get(block);
      out.failedBusy[k]![at] = before + share * (busyBefore.get(block + 1) - before);
      const failed = countBefore.get(block);
      out.failed[k]![at] = failed + share * (countBefore.get(block + 1) - failed);
    }
  }
}
