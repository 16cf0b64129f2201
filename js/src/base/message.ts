/**
 * What one message from the kernel says, free of its encoding. The decoder makes these and the model folds them; neither knows the other.
 * Times are nanoseconds since the trace's start; NaN stands for 'has not happened'.
 */
import type { ExitName } from "./codes";
import type { Ns, Row, UnixMs } from "./units";

export type TraceState = "live" | "done" | "static";

export interface Counts {
  readonly total: number;
  readonly pending: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly cancelled: number;
}

export interface PoolInfo {
  readonly pool: number;
  readonly kind: string;
  readonly name: string;
  readonly workers: number;
  readonly opened: Ns;
  readonly closed: Ns | null;
  readonly method: string;
}

export interface LaneInfo {
  readonly lane: number;
  readonly pool: number;
  readonly name: string;
  /** Process id, or native thread id. */
  readonly ident: number;
  readonly started: Ns;
  readonly ready: Ns | null;
  readonly exited: Ns | null;
  /** Empty after an orderly exit, else words such as `was killed by SIGKILL`. */
  readonly detail: string;
  readonly how: ExitName;
}

/** Names that a table gains: the index of `names[i]` is `first + i`. */
export interface NameRun {
  readonly first: number;
  readonly names: readonly string[];
}

/** Runs of submitted calls: rows `first .. first+count-1` with one label; `item` is the first one's index in its map, or -1. */
export interface CallColumns {
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  readonly submitted: Float64Array;
  readonly label: Uint32Array;
  readonly item: Int32Array;
}

/** Maps whose items were sent in chunks of `size`: rows `first .. first+count-1`. */
export interface ChunkColumns {
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  readonly size: Uint32Array;
}

export interface RunningColumns {
  readonly row: Uint32Array;
  readonly lane: Uint16Array;
  readonly started: Float64Array;
}

export interface EndedColumns {
  readonly row: Uint32Array;
  /** `NO_LANE` for a call that never ran. */
  readonly lane: Uint16Array;
  readonly sent: Float64Array;
  readonly started: Float64Array;
  readonly finished: Float64Array;
  readonly delivered: Float64Array;
  readonly outcome: Uint8Array;
  /** Of pickled arguments and result, 0 where nothing was sent. Calls of one message share its bytes evenly. */
  readonly bytes_out: Uint32Array;
  readonly bytes_in: Uint32Array;
}

export interface ConsumedColumns {
  /** `NO_ROW` for one of several that were taken at about the time. */
  readonly row: Uint32Array;
  readonly time: Float64Array;
  /** `NO_CALLER` when nobody knows. */
  readonly caller: Uint16Array;
}

export interface WaitColumns {
  readonly caller: Uint16Array;
  readonly kind: Uint8Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** `NO_ROW` when it waited for several calls. */
  readonly row: Uint32Array;
  /** 1, or how many short waits the record stands for. */
  readonly times: Uint32Array;
}

/** Slices that stand for many calls, whose rows are not told; each is as long as its calls were busy. */
export interface SummaryColumns {
  readonly batch: Uint32Array;
  /** `NO_LANE` for calls that never ran. */
  readonly lane: Uint16Array;
  readonly outcome: Uint8Array;
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly calls: Uint32Array;
}

/** How many calls, whose rows are not told, were submitted at about a time. */
export interface ArrivalColumns {
  readonly batch: Uint32Array;
  readonly time: Float64Array;
  readonly calls: Uint32Array;
}

export const NO_LANE = 65535;
export const NO_CALLER = 65535;
export const NO_ROW: Row = 4294967295;

/** Where a message stands in the stream; known before its columns are read. */
export interface MessageHead {
  readonly kind: "delta" | "snapshot";
  readonly seq: number;
  readonly now: Ns;
  readonly state: TraceState;
  readonly title: string;
  /** Number of the call that is row 0. */
  readonly origin: number;
  readonly wall: UnixMs;
  readonly counts: Counts;
  /** Older calls that the bounded store no longer has. */
  readonly dropped: number;
  /** How many calls have ended whose rows will follow; summary slices stand for them until then. */
  readonly behind: number;
}

export interface Message extends MessageHead {
  /** Rows before this one are no longer kept by the kernel. */
  readonly firstRow: Row;
  /** Whether it was made to be kept: no delta follows on it. */
  readonly kept: boolean;
  /** The batches of summary slices in whose place this message's rows stand. */
  readonly follows: readonly number[];
  readonly labels: NameRun | null;
  readonly callers: NameRun | null;
  readonly pools: readonly PoolInfo[];
  readonly lanes: readonly LaneInfo[];
  readonly errors: readonly (readonly [row: Row, error: string, traceback: string])[];
  /** What calls printed: whole lines, and how many of them are missing. */
  readonly prints: readonly (readonly [row: Row, text: string, cut: number])[];
  /** How many calls printed of which nothing is said. */
  readonly printsOmitted: number;
  readonly calls: CallColumns | null;
  readonly chunks: ChunkColumns | null;
  readonly running: RunningColumns | null;
  readonly ended: EndedColumns | null;
  readonly consumed: ConsumedColumns | null;
  readonly waits: WaitColumns | null;
  readonly summaries: SummaryColumns | null;
  readonly arrivals: ArrivalColumns | null;
}
