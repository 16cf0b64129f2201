/** The calls of a trace, a column for each field, found by row. Rows may have gaps; chunks that nobody needs are not made. */
import { NO_LANE } from "../base/message";
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
  };
}

type Chunk = ReturnType<typeof makeChunk>;

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
    for (let done = 0; done < count; ) {
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

  /** Bytes of the calls `first .. last`. */
  bytesOf(first: Row, last: Row): { out: number; back: number } {
    let out = 0;
    let back = 0;
    for (let row = first; row <= last; row++) {
      const chunk = this.#chunks.get(row >>> SHIFT);
      out += chunk?.bytesOut[row & MASK] ?? 0;
      back += chunk?.bytesIn[row & MASK] ?? 0;
    }
    return { out, back };
  }

  /** @returns whether that is news */
  consumed(row: Row, time: Ns): boolean {
    const { consumed } = this.#chunk(row);
    const isNew = Number.isNaN(consumed[row & MASK]!);
    consumed[row & MASK] = time;
    return isNew;
  }

  outcomeOf(row: Row): number {
    return this.#chunks.get(row >>> SHIFT)?.outcome[row & MASK] ?? 0;
  }

  /** Its index in its map, or -1. */
  itemOf(row: Row): number {
    return this.#chunks.get(row >>> SHIFT)?.item[row & MASK] ?? -1;
  }

  /**
   * All rows that are known and meet `accept`, ascending. Reading columns instead of calls, so that a million take some milliseconds.
   *
   * @param accept is given a row with its label, item and outcome
   */
  rows(accept: (row: Row, label: number, item: number, outcome: number) => boolean = () => true): Uint32Array {
    const found: number[] = [];
    for (const key of [...this.#chunks.keys()].sort((a, b) => a - b)) {
      const { submitted, started, finished, label, item, outcome } = this.#chunks.get(key)!;
      for (let i = 0; i < SIZE; i++) {
        if (Number.isNaN(submitted[i]!) && Number.isNaN(started[i]!) && Number.isNaN(finished[i]!)) continue;
        // Rows are unsigned: a shift would make large ones negative.
        const row = key * SIZE + i;
        if (accept(row, label[i]!, item[i]!, outcome[i]!)) found.push(row);
      }
    }
    return Uint32Array.from(found);
  }

  /** The call at `row`, or null when nothing is known of it. */
  get(row: Row): Call | null {
    const chunk = this.#chunks.get(row >>> SHIFT);
    if (chunk === undefined) return null;
    const i = row & MASK;
    const call = {
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
    const known = !Number.isNaN(call.submitted) || !Number.isNaN(call.started) || !Number.isNaN(call.finished);
    return known ? call : null;
  }
}
