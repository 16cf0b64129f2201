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
  open: OpenWait[] = [];

  /** A wait is told again when it has ended. */
  fold(start: Ns, end: Ns, kind: number, row: Row, times: number): void {
    this.open = this.open.filter((wait) => wait.start !== start);
    if (Number.isNaN(end)) this.open.push({ start, kind, row });
    else this.waits.add(row, start, end, kind, times);
  }
}

const NOTHING = new Float64Array(0);

export class Callers {
  readonly names: string[] = [];
  readonly #callers: Caller[] = [];

  /** The callers, by their index on the wire. */
  get all(): readonly Caller[] {
    return this.#callers;
  }

  #caller(index: number): Caller | null {
    if (index === NO_CALLER) return null;
    while (this.#callers.length <= index) this.#callers.push(new Caller());
    return this.#callers[index]!;
  }

  /**
   * Forget the waits for rows before `base`, those for several calls that ended before `time`, and what was taken.
   *
   * @param taken for each caller the times, ascending, at which it took results that are no longer kept
   */
  forgetBefore(base: Row, time: Ns, taken: ReadonlyMap<number, Float64Array>): void {
    this.#callers.forEach((caller, index) => {
      caller.waits.forgetBefore(base, time);
      caller.takes.remove(taken.get(index) ?? NOTHING);
    });
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
