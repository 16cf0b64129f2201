/** What the header says in numbers, derived from the recording at one moment. */
import type { MessageHead } from "../base/message";
import type { Span } from "../base/scale";
import type { Ns, Row } from "../base/units";
import { busyShares, isUnderWay, knownOf, windowOf } from "./busy";
import { timeLeft } from "./left";
import type { Recording } from "./recording";

export interface Figures {
  /** Calls that returned or failed; one that was cancelled was not done. */
  readonly done: number;
  /** First submission to last end, or to now while anything is pending or runs; null when no call is known. */
  readonly elapsed: Ns | null;
  /**
   * Calls that ran and ended, in a second; NaN while none has. Of the kept ones, in the time of which they tell; while none of those has
   * run, of all since the trace began.
   */
  readonly perSecond: number;
  /** Estimated time to the end; null when there is nothing to wait for or nothing to tell it from. */
  readonly left: Ns | null;
  /** Busy share of all workers, see `busy`; NaN without workers. */
  readonly utilisation: number;
}

/** The times that hold all that is drawn, up to `now` while the run is under way. */
export function extent(recording: Recording, head: MessageHead, now: Ns): { start: Ns; end: Ns } | null {
  if (!Number.isFinite(recording.first)) return null;
  return { start: recording.first, end: isUnderWay(head) ? Math.max(now, recording.last) : recording.last };
}

/** The running call that started first, in ns of running; null when none runs. */
export function longestRunning(recording: Recording, now: Ns): Ns | null {
  let longest: Ns | null = null;
  for (const { started } of recording.running.values()) longest = Math.max(longest ?? 0, now - started);
  return longest;
}

export function figures(recording: Recording, head: MessageHead, now: Ns): Figures {
  const { counts } = head;
  const done = counts.finished + counts.failed;
  const span = windowOf(recording, head, now);
  const known = knownOf(recording, head, now);
  const elapsed = span && span.end - span.start;
  const perSecond = pace(recording, head, known, now);
  const ages = [...recording.running.values()].map(({ started }) => now - started);
  const left = head.state === "live" ? timeLeft(counts, perSecond, ages, recording.longest) : null;
  return {
    done,
    elapsed,
    perSecond,
    left,
    utilisation: known === null ? Number.NaN : busyShares(recording, known, now).all,
  };
}

function pace(recording: Recording, head: MessageHead, known: Span | null, now: Ns): number {
  let ran = 0;
  for (const { slices } of recording.lanes.values()) ran += slices.callCount;
  const length = known === null ? 0 : known.end - known.start;
  if (ran > 0) return length > 0 ? ran / (length / 1e9) : Number.NaN;
  // All that ran may be forgotten, as rows go by their age: then only the counts tell of it.
  const { finished, failed } = head.counts;
  const onlyCounted = head.dropped > 0 && isUnderWay(head) && finished + failed > 0 && now > 0;
  return onlyCounted ? (finished + failed) / (now / 1e9) : Number.NaN;
}

/** The index in its map of a call, or null when it came from `submit` or is unknown. */
export function itemOf(recording: Recording, row: Row): number | null {
  const item = recording.calls.get(row)?.item ?? -1;
  return item >= 0 ? item : null;
}
