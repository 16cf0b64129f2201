/**
 * The calls of a trace, a column for each field, found by row. Rows may have gaps; chunks that nobody needs are not made, and rows before
 * `base` are forgotten: nothing is written to them any more.
 */
import { NO_CALLER, NO_LANE } from "../base/message";
import type { Ns, Row } from "../base/units";

const SHIFT = 12;
const SIZE = 1 << SHIFT;
const MASK = SIZE - 1;

const NO_TIMES = new Float64Array(SIZE).fill(Number.NaN);

function makeChunk() {
  return {
    submitted: NO_TIMES.slice(),
    sent: NO_TIMES.slice(),
    started: NO_TIMES.slice(),
    finished: NO_TIMES.slice(),
    delivered: NO_TIMES.slice(),
    consumed: NO_TIMES.slice(),
    label: new Uint32Array(SIZE),
    item: new Int32Array(SIZE).fill(-1),
    lane: new Uint16Array(SIZE).fill(NO_LANE),
    outcome: new Uint8Array(SIZE),
    bytesOut: new Uint32Array(SIZE),
    bytesIn: new Uint32Array(SIZE),
    caller: new Uint16Array(SIZE).fill(NO_CALLER),
  };
}

type Chunk = ReturnType<typeof makeChunk>;

const EMPTY = makeChunk();

const isKnown = ({ submitted, started, finished }: Chunk, i: number) =>
  !Number.isNaN(submitted[i]!) || !Number.isNaN(started[i]!) || !Number.isNaN(finished[i]!);

/** What was known of calls that are forgotten. Times ascend. */
export interface Forgotten {
  readonly submitted: Float64Array;
  /** When those ended that never ran. */
  readonly neverRan: Float64Array;
  /** When results were taken, by the caller that took them. */
  readonly taken: ReadonlyMap<number, Float64Array>;
  readonly outcomes: ReadonlyMap<number, number>;
}

function ascending(values: readonly number[]): Float64Array {
  const made = Float64Array.from(values);
  return values.every((value, i) => i === 0 || values[i - 1]! <= value) ? made : made.sort();
}

class ForgottenCalls {
  readonly #submitted: Ns[] = [];
  readonly #neverRan: Ns[] = [];
  readonly #taken = new Map<number, Ns[]>();
  readonly #outcomes = new Map<number, number>();
  isEmpty = true;

  add({ submitted, started, finished, consumed, outcome, lane, caller }: Chunk, i: number): void {
    this.isEmpty = false;
    if (!Number.isNaN(submitted[i]!)) this.#submitted.push(submitted[i]!);
    if (outcome[i] !== 0) {
      this.#outcomes.set(outcome[i]!, (this.#outcomes.get(outcome[i]!) ?? 0) + 1);
      if (lane[i] === NO_LANE || Number.isNaN(started[i]!)) this.#neverRan.push(finished[i]!);
    }
    if (Number.isNaN(consumed[i]!)) return;
    const times = this.#taken.get(caller[i]!);
    if (times) times.push(consumed[i]!);
    else this.#taken.set(caller[i]!, [consumed[i]!]);
  }

  sorted(): Forgotten {
    return {
      submitted: ascending(this.#submitted),
      neverRan: ascending(this.#neverRan),
      taken: new Map([...this.#taken].map(([caller, times]) => [caller, ascending(times)])),
      outcomes: this.#outcomes,
    };
  }
}

/** One call, read out of its columns. Times that have not come are NaN. */
export interface Call {
  readonly row: Row;
  readonly submitted: Ns;
  readonly sent: Ns;
  readonly started: Ns;
  readonly finished: Ns;
  readonly delivered: Ns;
  readonly consumed: Ns;
  readonly label: number;
  /** Its index in its map, or -1. */
  readonly item: number;
  readonly lane: number;
  readonly outcome: number;
  /** 0 where nothing was sent. */
  readonly bytesOut: number;
  readonly bytesIn: number;
}

export class CallTable {
  readonly #chunks = new Map<number, Chunk>();
  #base: Row = 0;

  /** Rows before this one are forgotten. */
  get base(): Row {
    return this.#base;
  }

  /** Bytes of its columns. */
  get bytes(): number {
    const of = (chunk: Chunk) => Object.values(chunk).reduce((sum, column) => sum + column.byteLength, 0);
    return [...this.#chunks.values()].reduce((sum, chunk) => sum + of(chunk), 0);
  }

  /** @returns what was known of them; null when nothing was */
  forgetBefore(base: Row): Forgotten | null {
    this.#base = base;
    const last = base >>> SHIFT;
    const gone = new ForgottenCalls();
    for (const [key, chunk] of this.#chunks) {
      if (key > last) continue;
      const stop = key < last ? SIZE : base & MASK;
      for (let i = 0; i < stop; i++) if (isKnown(chunk, i)) gone.add(chunk, i);
      if (key < last) this.#chunks.delete(key);
      else for (const name of Object.keys(chunk) as (keyof Chunk)[]) chunk[name].set(EMPTY[name].subarray(0, stop));
    }
    return gone.isEmpty ? null : gone.sorted();
  }

  /** When the first call was submitted, when the first started, and when the last ended; infinite and crossed when none has. */
  bounds(): { submitted: Ns; started: Ns; finished: Ns } {
    let first = Number.POSITIVE_INFINITY;
    let start = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (const { submitted, started, finished } of this.#chunks.values()) {
      for (let i = 0; i < SIZE; i++) {
        if (submitted[i]! < first) first = submitted[i]!;
        if (started[i]! < start) start = started[i]!;
        if (finished[i]! > last) last = finished[i]!;
      }
    }
    return { submitted: first, started: start, finished: last };
  }

  /** The call that ended first of those with an outcome that `accept` admits. */
  firstEnd(accept: (outcome: number) => boolean): { row: Row; finished: Ns } | null {
    let found: { row: Row; finished: Ns } | null = null;
    for (const [key, { outcome, finished }] of this.#chunks) {
      for (let i = 0; i < SIZE; i++) {
        if (outcome[i] === 0 || !accept(outcome[i]!) || (found !== null && finished[i]! >= found.finished)) continue;
        found = { row: key * SIZE + i, finished: finished[i]! };
      }
    }
    return found;
  }

  #chunk(row: Row): Chunk {
    const key = row >>> SHIFT;
    let chunk = this.#chunks.get(key);
    if (chunk === undefined) {
      chunk = makeChunk();
      this.#chunks.set(key, chunk);
    }
    return chunk;
  }

  /** Rows `first .. first+count-1` were submitted together. */
  announce(first: Row, count: number, submitted: Ns, label: number, item: number): void {
    for (let done = Math.max(0, this.#base - first); done < count; ) {
      const row = first + done;
      const chunk = this.#chunk(row);
      const from = row & MASK;
      const to = Math.min(SIZE, from + count - done);
      chunk.submitted.fill(submitted, from, to);
      chunk.label.fill(label, from, to);
      if (item >= 0) for (let i = from; i < to; i++) chunk.item[i] = item + done + i - from;
      done += to - from;
    }
  }

  started(row: Row, lane: number, time: Ns): void {
    const chunk = this.#chunk(row);
    chunk.lane[row & MASK] = lane;
    chunk.started[row & MASK] = time;
  }

  ended(row: Row, lane: number, sent: Ns, started: Ns, finished: Ns, delivered: Ns, outcome: number): void {
    const chunk = this.#chunk(row);
    const i = row & MASK;
    chunk.lane[i] = lane;
    chunk.sent[i] = sent;
    chunk.started[i] = started;
    chunk.finished[i] = finished;
    chunk.delivered[i] = delivered;
    chunk.outcome[i] = outcome;
  }

  sent(row: Row, bytesOut: number, bytesIn: number): void {
    const chunk = this.#chunk(row);
    chunk.bytesOut[row & MASK] = bytesOut;
    chunk.bytesIn[row & MASK] = bytesIn;
  }

  /** Bytes of the calls `first .. last`, of those that are kept. */
  bytesOf(first: Row, last: Row): { out: number; back: number } {
    let out = 0;
    let back = 0;
    const add = (key: number) => {
      const chunk = this.#chunks.get(key);
      if (chunk === undefined) return;
      const to = Math.min(SIZE - 1, last - key * SIZE);
      for (let i = Math.max(0, first - key * SIZE); i <= to; i++) {
        out += chunk.bytesOut[i]!;
        back += chunk.bytesIn[i]!;
      }
    };
    const from = Math.max(0, Math.floor(first / SIZE));
    const to = Math.floor(last / SIZE);
    // A chunk of a map may have more calls than there are.
    if (to - from < this.#chunks.size) for (let key = from; key <= to; key++) add(key);
    else for (const key of this.#chunks.keys()) if (key >= from && key <= to) add(key);
    return { out, back };
  }

  /** @returns whether that is news */
  consumed(row: Row, time: Ns, by: number): boolean {
    if (row < this.#base) return false;
    const { consumed, caller } = this.#chunk(row);
    const isNew = Number.isNaN(consumed[row & MASK]!);
    consumed[row & MASK] = time;
    caller[row & MASK] = by;
    return isNew;
  }

  /** Give each known row's columns to `visit`, rows ascending: without an object for each call, so that a million take some milliseconds. */
  each(visit: (chunk: Readonly<Chunk>, i: number, row: Row) => void): void {
    for (const key of [...this.#chunks.keys()].sort((a, b) => a - b)) {
      const chunk = this.#chunks.get(key)!;
      for (let i = 0; i < SIZE; i++) {
        // Rows are unsigned: a shift would make large ones negative.
        if (isKnown(chunk, i)) visit(chunk, i, key * SIZE + i);
      }
    }
  }

  outcomeOf(row: Row): number {
    return this.#chunks.get(row >>> SHIFT)?.outcome[row & MASK] ?? 0;
  }

  /** Its index in its map, or -1. */
  itemOf(row: Row): number {
    return this.#chunks.get(row >>> SHIFT)?.item[row & MASK] ?? -1;
  }

  /**
   * All rows that are known and meet `accept`, ascending.
   *
   * @param accept is given a row with its label, item and outcome
   */
  rows(accept: (row: Row, label: number, item: number, outcome: number) => boolean = () => true): Uint32Array {
    const found: number[] = [];
    this.each(({ label, item, outcome }, i, row) => {
      if (accept(row, label[i]!, item[i]!, outcome[i]!)) found.push(row);
    });
    return Uint32Array.from(found);
  }

  /** The call at `row`, or null when nothing is known of it. */
  get(row: Row): Call | null {
    const chunk = this.#chunks.get(row >>> SHIFT);
    if (chunk === undefined) return null;
    const i = row & MASK;
    if (!isKnown(chunk, i)) return null;
    return {
      row,
      submitted: chunk.submitted[i]!,
      sent: chunk.sent[i]!,
      started: chunk.started[i]!,
      finished: chunk.finished[i]!,
      delivered: chunk.delivered[i]!,
      consumed: chunk.consumed[i]!,
      label: chunk.label[i]!,
      item: chunk.item[i]!,
      lane: chunk.lane[i]!,
      outcome: chunk.outcome[i]!,
      bytesOut: chunk.bytesOut[i]!,
      bytesIn: chunk.bytesIn[i]!,
    };
  }
}
