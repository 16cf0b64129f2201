/** The threads that call the pools: when they blocked, in what, and for which call, and when they took a result. */
import { NO_CALLER, type WaitColumns } from "../base/message";
import type { Ns, Row } from "../base/units";
import { SliceIndex } from "./slices";
import { Times } from "./times";

/** A wait that has not ended. */
export interface OpenWait {
  readonly start: Ns;
  readonly kind: number;
  readonly row: Row;
}

export class Caller {
  readonly waits = new SliceIndex(() => -1);
  /** When it took results. */
  readonly takes = new Times();
  /** By their starts: a thread begins one at a time. */
  readonly #open = new Map<Ns, OpenWait>();

  get open(): readonly OpenWait[] {
    return [...this.#open.values()];
  }

  get hasWaited(): boolean {
    return this.waits.count + this.#open.size > 0;
  }

  get isEmpty(): boolean {
    return !this.hasWaited && this.takes.count === 0;
  }

  /** A wait is told again when it has ended. */
  fold(start: Ns, end: Ns, kind: number, row: Row, times: number): void {
    this.#open.delete(start);
    if (Number.isNaN(end)) this.#open.set(start, { start, kind, row });
    else this.waits.add(row, start, end, kind, times);
  }

  /** Forget what `Callers.forgetBefore` says. */
  forgetBefore(base: Row, time: Ns, taken: Float64Array): void {
    this.waits.forgetBefore(base, time);
    // Of such a call nobody says any more that the wait for it has ended.
    for (const { start, row } of this.open) if (row < base) this.#open.delete(start);
    this.takes.remove(taken);
  }
}

const NOTHING = new Float64Array(0);

export class Callers {
  readonly names: string[] = [];
  readonly #callers = new Map<number, Caller>();

  /** The callers, by their index on the wire. */
  get all(): ReadonlyMap<number, Caller> {
    return this.#callers;
  }

  #caller(index: number): Caller | null {
    if (index === NO_CALLER) return null;
    let caller = this.#callers.get(index);
    if (caller === undefined) {
      caller = new Caller();
      this.#callers.set(index, caller);
    }
    return caller;
  }

  /**
   * Forget the waits for rows before `base`, those for several calls that ended before `time`, and what was taken.
   *
   * @param taken for each caller the times, ascending, at which it took results that are no longer kept
   */
  forgetBefore(base: Row, time: Ns, taken: ReadonlyMap<number, Float64Array>): void {
    for (const [index, caller] of this.#callers) caller.forgetBefore(base, time, taken.get(index) ?? NOTHING);
  }

  took(index: number, time: Ns): void {
    this.#caller(index)?.takes.add(time);
  }

  /** @param base rows before this one are no longer kept */
  fold(columns: WaitColumns, base: Row): void {
    for (let i = 0; i < columns.caller.length; i++) {
      if (columns.row[i]! < base) continue;
      this.#caller(columns.caller[i]!)?.fold(
        columns.start[i]!,
        columns.end[i]!,
        columns.kind[i]!,
        columns.row[i]!,
        columns.times[i]!,
      );
    }
  }
}
