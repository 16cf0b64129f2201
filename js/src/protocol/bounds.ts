/**
 * How far what a message says may go. A few damaged bytes must not cost the page gigabytes or minutes: each row that is named takes memory,
 * and runs of rows are walked. What the kernel no longer keeps is left out here, before anything is made for it.
 */
import { NO_ROW } from "../base/message";
import type { Row } from "../base/units";
import { WireError } from "./error";
import { type ColumnType, MOST_RECORDS } from "./schema";

export type Columns = Record<string, Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>;

/** Times beyond this are none that floats hold to the nanosecond: 104 days. */
export const FARTHEST = 2 ** 53;

const LIMITS: Readonly<Record<ColumnType, readonly [least: number, most: number]>> = {
  u8: [0, 2 ** 8 - 1],
  u16: [0, 2 ** 16 - 1],
  u32: [0, 2 ** 32 - 1],
  row: [0, NO_ROW],
  i32: [-(2 ** 31), 2 ** 31 - 1],
  time: [-FARTHEST, FARTHEST],
};

/**
 * Check that a column's values are such as its type holds: a typed array would take others and change them.
 *
 * @throws WireError when they are not
 */
export function checkValues(values: Float64Array, type: ColumnType, name: string): void {
  const [least, most] = LIMITS[type];
  for (const value of values) {
    if (value >= least && value <= most) continue;
    if (type === "time" && Number.isNaN(value)) continue;
    throw new WireError(`it is damaged: ${name} has a value of ${value}`);
  }
}

/** The rows that a message may speak of. */
export class RowWindow {
  readonly #floor: Row;
  readonly #end: Row;

  /** @param kept whether the message was made to be kept: such a one may say more than the kernel still keeps */
  constructor(firstRow: Row, kept: boolean) {
    this.#floor = kept ? Math.max(0, firstRow - MOST_RECORDS) : firstRow;
    this.#end = firstRow + MOST_RECORDS;
  }

  /** Whether a row is kept. */
  has(row: Row): boolean {
    if (row >= this.#end) throw new WireError(`it is damaged: it has a row ${row} where the last is ${this.#end - 1}`);
    return row >= this.#floor;
  }

  /** Bring all sections inside. */
  bound(sections: Readonly<Record<string, Columns>>): void {
    if (sections.calls) this.#boundCalls(sections.calls);
    if (sections.chunks) this.#boundChunks(sections.chunks);
    for (const name of ["running", "ended", "consumed", "waits"]) {
      const columns = sections[name];
      // Results may be taken, and threads wait, for no call in particular.
      if (columns) this.#leaveOut(columns, name === "consumed" || name === "waits");
    }
  }

  #boundCalls(columns: Columns): void {
    const { first, count, item } = columns as { first: Uint32Array; count: Uint32Array; item: Int32Array };
    let sum = 0;
    for (let i = 0; i < first.length; i++) {
      this.#checkRun(first[i]!, count[i]!);
      const gone = Math.min(count[i]!, Math.max(0, this.#floor - first[i]!));
      first[i]! += gone;
      count[i]! -= gone;
      if (item[i]! >= 0) item[i]! += gone;
      sum += count[i]!;
    }
    if (sum > MOST_RECORDS) throw new WireError(`it is damaged: it has ${sum} calls`);
  }

  #boundChunks(columns: Columns): void {
    const { first, count, size } = columns as { first: Uint32Array; count: Uint32Array; size: Uint32Array };
    for (let i = 0; i < first.length; i++) {
      this.#checkRun(first[i]!, count[i]!);
      if (size[i] === 0) throw new WireError("it is damaged: it has chunks of no items");
    }
  }

  #checkRun(first: Row, count: number): void {
    if (first + count <= this.#end) return;
    throw new WireError(`it is damaged: it has ${count} calls from row ${first} on where the last is ${this.#end - 1}`);
  }

  #leaveOut(columns: Columns, orNone: boolean): void {
    const row = columns.row as Uint32Array;
    const stays = (value: Row) => (orNone && value === NO_ROW) || this.has(value);
    // Nearly always all stay; then nothing is copied.
    if (row.every(stays)) return;
    const kept = row.map((value) => (stays(value) ? 1 : 0));
    for (const [name, values] of Object.entries(columns)) {
      columns[name] = (values as Float64Array).filter((_, i) => kept[i] === 1);
    }
  }
}
