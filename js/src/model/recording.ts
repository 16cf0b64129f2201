/**
 * The recorded run as the page knows it: messages are folded in, and nothing here knows the time or the screen. What the kernel no longer
 * keeps is forgotten here too, so that the page knows what a page would that came now, and never more.
 */
import { failureOf, hasFailed, Outcome } from "../base/codes";
import type {
  CallColumns,
  EndedColumns,
  LaneInfo,
  Message,
  PoolInfo,
  RunningColumns,
  SummaryColumns,
} from "../base/message";
import { NO_LANE, NO_ROW } from "../base/message";
import type { Ns, Row } from "../base/units";
import { Callers } from "./callers";
import { CallTable } from "./calls";
import { type Chunk, Chunks } from "./chunks";
import { SliceIndex, type SummarySlice } from "./slices";
import { Steps } from "./steps";

export interface Lane {
  info: LaneInfo;
  readonly slices: SliceIndex;
}

export interface RunningCall {
  readonly lane: number;
  readonly started: Ns;
}

export interface CallError {
  readonly error: string;
  readonly traceback: string;
}

/** What a call printed. */
export interface CallOutput {
  readonly text: string;
  /** Lines that are missing. */
  readonly cut: number;
}

/** A summary slice, or calls that never ran. */
interface Summary extends SummarySlice {
  readonly lane: number;
  readonly calls: number;
}

const isDrawn = (lane: number, started: Ns) => lane !== NO_LANE && !Number.isNaN(started);
const hasRun = ({ lane, start }: Summary) => isDrawn(lane, start);

const NEVER = Number.POSITIVE_INFINITY;

/** The batch of summary slices that stay as they are: those of a snapshot that was made to be kept. */
const KEPT = 0;

export class Recording {
  readonly calls = new CallTable();
  readonly callers = new Callers();
  readonly chunks = new Chunks();
  /** Names of calls, by their numbers: large ones in a kernel that has run for long. */
  readonly labels = new Map<number, string>();
  readonly pools = new Map<number, PoolInfo>();
  readonly lanes = new Map<number, Lane>();
  readonly running = new Map<Row, RunningCall>();
  readonly errors = new Map<Row, CallError>();
  readonly prints = new Map<Row, CallOutput>();
  /** How many calls printed whose output is not known here. */
  printsOmitted = 0;
  /** Calls submitted by a time. */
  readonly submitted = new Steps();
  /** Calls that ended without ever running, by a time. */
  readonly neverRan = new Steps();
  /** Ended calls for each outcome code. */
  readonly outcomes = new Map<number, number>();
  /** Ended calls that only summary slices stand for. */
  summarised = 0;
  /** Summary slices in whose place the rows of their calls will come, by their batch. */
  readonly #batches = new Map<number, Summary[]>();
  /** The failed call that ended first; null while there is none. */
  firstFailed: Row | null = null;
  #firstFailedAt: Ns = NEVER;
  /** Times of the first and last thing that happened; infinite and crossed while nothing has. */
  first: Ns = NEVER;
  last: Ns = -NEVER;
  /** When the first call started, and when the last ended. */
  firstStart: Ns = NEVER;
  lastEnd: Ns = -NEVER;
  /** How long the longest call ran that has ended; of those that only a summary slice stands for, their mean. */
  longest: Ns = 0;

  fold(message: Message): void {
    const { labels, callers } = message;
    labels?.names.forEach((name, i) => {
      this.labels.set(labels.first + i, name);
    });
    callers?.names.forEach((name, i) => {
      this.callers.names[callers.first + i] = name;
    });
    for (const pool of message.pools) this.pools.set(pool.pool, pool);
    for (const info of message.lanes) this.#lane(info.lane).info = info;
    const { base } = this.calls;
    for (const [row, error, traceback] of message.errors) if (row >= base) this.errors.set(row, { error, traceback });
    for (const [row, text, cut] of message.prints) {
      if (row < base) continue;
      const before = this.prints.get(row);
      this.prints.set(row, { text: (before?.text ?? "") + text, cut: (before?.cut ?? 0) + cut });
    }
    this.printsOmitted = Math.max(this.printsOmitted, message.printsOmitted);
    if (message.calls) this.#foldCalls(message.calls);
    if (message.chunks) this.chunks.fold(message.chunks);
    // Of what has ended meanwhile the rows are not told yet: only what is said to run does.
    if (message.behind > 0) this.running.clear();
    if (message.running) this.#foldRunning(message.running);
    for (const batch of message.follows) this.#withdraw(batch);
    if (message.ended) this.#foldEnded(message.ended);
    if (message.consumed) {
      const { row, time, caller } = message.consumed;
      for (let i = 0; i < row.length; i++) {
        const isNew = row[i] === NO_ROW || this.calls.consumed(row[i]!, time[i]!, caller[i]!);
        if (isNew) this.callers.took(caller[i]!, time[i]!);
      }
    }
    if (message.summaries) this.#foldSummaries(message.summaries);
    if (message.arrivals) {
      const { time, calls } = message.arrivals;
      for (let i = 0; i < time.length; i++) {
        this.submitted.add(time[i]!, calls[i]!);
        this.#happened(time[i]!);
      }
    }
    if (message.waits) {
      this.callers.fold(message.waits, base);
      // One that is told late began before what is known now, when older calls are forgotten.
      for (const times of [message.waits.start, message.waits.end]) {
        for (const time of times) if (time > this.last) this.last = time;
      }
    }
    // The slices of a snapshot that was summarised to be kept belong to no row that could be forgotten: the next snapshot replaces them.
    if (message.firstRow > this.calls.base && !this.#batches.has(KEPT)) this.#forgetBefore(message.firstRow);
  }

  /** Forget the rows before `base`, and all that was known of them. */
  #forgetBefore(base: Row): void {
    const { calls, callers } = this;
    const gone = calls.forgetBefore(base);
    if (gone === null) return;
    this.chunks.forgetBefore(base);
    for (const known of [this.running, this.errors, this.prints]) {
      for (const row of known.keys()) if (row < base) known.delete(row);
    }
    this.submitted.remove(gone.submitted);
    this.neverRan.remove(gone.neverRan);
    for (const [code, count] of gone.outcomes) this.#countOutcome(code, -count);
    if (this.firstFailed !== null && this.firstFailed < base) this.#findFirstFailed();
    const { submitted, started, finished } = calls.bounds();
    this.first = submitted;
    this.firstStart = started;
    this.lastEnd = finished;
    for (const { slices } of this.lanes.values()) slices.forgetBefore(base, this.first);
    callers.forgetBefore(base, this.first, gone.taken);
    for (const [batch, summaries] of this.#batches) {
      const left = summaries.filter(({ end }) => end >= this.first);
      for (const summary of summaries) if (summary.end < this.first) this.#count(summary, -1);
      for (const summary of left) {
        this.lastEnd = Math.max(this.lastEnd, summary.end);
        if (hasRun(summary)) this.firstStart = Math.min(this.firstStart, summary.start);
      }
      if (left.length === 0) this.#batches.delete(batch);
      else this.#batches.set(batch, left);
    }
  }

  #findFirstFailed(): void {
    const found = this.calls.firstEnd(hasFailed);
    this.firstFailed = found?.row ?? null;
    this.#firstFailedAt = found?.finished ?? NEVER;
  }

  #countOutcome(code: number, by: number): void {
    const count = (this.outcomes.get(code) ?? 0) + by;
    if (count > 0) this.outcomes.set(code, count);
    else this.outcomes.delete(code);
  }

  /** The chunk that a call was sent with; null when it was sent on its own. */
  chunkOf(row: Row): Chunk | null {
    return this.chunks.isEmpty ? null : this.chunks.at(row, this.calls.itemOf(row));
  }

  /** Whether calls travel to their workers, and results back. */
  get hasProcesses(): boolean {
    return [...this.pools.values()].some((pool) => pool.kind === "process");
  }

  /** A lane that nobody has introduced, because that message was lost, is drawn all the same. */
  #lane(lane: number): Lane {
    let found = this.lanes.get(lane);
    if (found === undefined) {
      const info = {
        lane,
        pool: 0,
        name: "",
        ident: 0,
        started: Number.NaN,
        ready: null,
        exited: null,
        detail: "",
        how: "none" as const,
      };
      found = { info, slices: new SliceIndex(failureOf) };
      this.lanes.set(lane, found);
    }
    return found;
  }

  #started(time: Ns): void {
    if (time < this.firstStart) this.firstStart = time;
    this.#happened(time);
  }

  #happened(time: Ns): void {
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
  }

  #foldCalls({ first, count, submitted, label, item }: CallColumns): void {
    for (let i = 0; i < first.length; i++) {
      this.calls.announce(first[i]!, count[i]!, submitted[i]!, label[i]!, item[i]!);
      const known = Math.min(count[i]!, first[i]! + count[i]! - this.calls.base);
      if (known <= 0) continue;
      this.submitted.add(submitted[i]!, known);
      this.#happened(submitted[i]!);
    }
  }

  #foldRunning({ row, lane, started }: RunningColumns): void {
    for (let i = 0; i < row.length; i++) {
      if (row[i]! < this.calls.base || this.calls.outcomeOf(row[i]!) !== Outcome.none) continue;
      this.running.set(row[i]!, { lane: lane[i]!, started: started[i]! });
      this.calls.started(row[i]!, lane[i]!, started[i]!);
      if (lane[i] !== NO_LANE) this.#lane(lane[i]!);
      this.#started(started[i]!);
    }
  }

  #foldEnded({ row, lane, sent, started, finished, delivered, outcome, bytes_out, bytes_in }: EndedColumns): void {
    for (let i = 0; i < row.length; i++) {
      const code = outcome[i]!;
      // A message that repeats what a resync has brought must not draw a call twice.
      if (row[i]! < this.calls.base || this.calls.outcomeOf(row[i]!) !== Outcome.none) continue;
      this.running.delete(row[i]!);
      this.calls.ended(row[i]!, lane[i]!, sent[i]!, started[i]!, finished[i]!, delivered[i]!, code);
      if (bytes_out[i]! + bytes_in[i]! > 0) this.calls.sent(row[i]!, bytes_out[i]!, bytes_in[i]!);
      if (isDrawn(lane[i]!, started[i]!)) this.#lane(lane[i]!).slices.add(row[i]!, started[i]!, finished[i]!, code);
      this.#ended(row[i]!, lane[i]!, started[i]!, finished[i]!, code);
      this.#started(started[i]!);
      this.#happened(finished[i]!);
      this.#happened(delivered[i]!);
    }
  }

  #ended(row: Row, lane: number, started: Ns, finished: Ns, code: number): void {
    this.#countOutcome(code, 1);
    this.lastEnd = Math.max(this.lastEnd, finished);
    if (!isDrawn(lane, started)) this.neverRan.add(finished, 1);
    else this.longest = Math.max(this.longest, finished - started);
    if (hasFailed(code) && finished < this.#firstFailedAt) {
      this.#firstFailedAt = finished;
      this.firstFailed = row;
    }
  }

  #foldSummaries({ batch, lane, outcome, start, end, calls }: SummaryColumns): void {
    for (let i = 0; i < lane.length; i++) {
      const summary: Summary = {
        lane: lane[i]!,
        code: outcome[i]!,
        start: start[i]!,
        end: end[i]!,
        calls: calls[i]!,
      };
      this.#count(summary, 1);
      if (hasRun(summary)) {
        this.#lane(summary.lane).slices.add(NO_ROW, summary.start, summary.end, summary.code, summary.calls);
        this.#started(summary.start);
        this.longest = Math.max(this.longest, (summary.end - summary.start) / summary.calls);
      }
      this.#happened(summary.end);
      this.lastEnd = Math.max(this.lastEnd, summary.end);
      const others = this.#batches.get(batch[i]!);
      if (others) others.push(summary);
      else this.#batches.set(batch[i]!, [summary]);
    }
  }

  #count(summary: Summary, sign: 1 | -1): void {
    const { code, end } = summary;
    const calls = sign * summary.calls;
    this.summarised += calls;
    this.#countOutcome(code, calls);
    if (!hasRun(summary)) this.neverRan.add(end, calls);
  }

  /** The rows of a batch are told now: its summary slices are no longer needed. */
  #withdraw(batch: number): void {
    const summaries = this.#batches.get(batch) ?? [];
    this.#batches.delete(batch);
    const byLane = new Map<number, Summary[]>();
    for (const summary of summaries) {
      this.#count(summary, -1);
      if (!hasRun(summary)) continue;
      const others = byLane.get(summary.lane);
      if (others) others.push(summary);
      else byLane.set(summary.lane, [summary]);
    }
    for (const [lane, slices] of byLane) this.#lane(lane).slices.remove(slices);
  }
}
