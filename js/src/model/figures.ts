/** What the header says in numbers, derived from the recording at one moment. */
import type { MessageHead } from "../base/message";
import type { Ns, Row } from "../base/units";
import type { Lane, Recording } from "./recording";

export interface Figures {
  /** First submission to last event, or to now while anything is pending or runs. */
  readonly elapsed: Ns;
  /** Ended calls in a second; NaN while none has ended. */
  readonly perSecond: number;
  /** Estimated time to the end; null when there is nothing to wait for or nothing to tell it from. */
  readonly left: Ns | null;
  /** Busy time of all workers over the time that they were there; NaN without workers. */
  readonly utilisation: number;
}

/** Whether calls of the trace wait or run, so that its time goes on. */
export function isUnderWay(head: MessageHead): boolean {
  return head.counts.pending + head.counts.running > 0;
}

/** The times that hold all of the run, up to `now` while it is under way. */
export function extent(recording: Recording, head: MessageHead, now: Ns): { start: Ns; end: Ns } | null {
  if (!Number.isFinite(recording.first)) return null;
  return { start: recording.first, end: isUnderWay(head) ? Math.max(now, recording.last) : recording.last };
}

/** For how long each lane's running call has run until `now`. */
export function runningTimes(recording: Recording, now: Ns): Map<number, Ns> {
  const times = new Map<number, Ns>();
  for (const { lane, started } of recording.running.values()) {
    times.set(lane, (times.get(lane) ?? 0) + Math.max(0, now - started));
  }
  return times;
}

/** The running call that started first, in ns of running; null when none runs. */
export function longestRunning(recording: Recording, now: Ns): Ns | null {
  let longest: Ns | null = null;
  for (const { started } of recording.running.values()) longest = Math.max(longest ?? 0, now - started);
  return longest;
}

/** Share of its time that a lane was busy, between the run's start (or its own) and `end` (or its own). */
export function busyShare(lane: Lane, running: Ns, start: Ns, end: Ns): { busy: Ns; there: Ns } {
  const { started, exited } = lane.info;
  const from = Math.max(start, Number.isFinite(started) ? started : start);
  const to = Math.min(end, exited ?? end);
  return { busy: lane.slices.busy + running, there: Math.max(0, to - from) };
}

export function figures(recording: Recording, head: MessageHead, now: Ns): Figures {
  const span = extent(recording, head, now);
  if (span === null) return { elapsed: 0, perSecond: Number.NaN, left: null, utilisation: Number.NaN };
  const { total, pending, running } = head.counts;
  const elapsed = span.end - span.start;
  const done = total - pending - running;
  const perSecond = done > 0 && elapsed > 0 ? done / (elapsed / 1e9) : Number.NaN;
  const waiting = pending + running;
  const left = head.state === "live" && waiting > 0 && done > 0 ? (waiting / perSecond) * 1e9 : null;

  const times = runningTimes(recording, now);
  let busy = 0;
  let there = 0;
  for (const lane of recording.lanes.values()) {
    const share = busyShare(lane, times.get(lane.info.lane) ?? 0, span.start, span.end);
    busy += share.busy;
    there += share.there;
  }
  return { elapsed, perSecond, left, utilisation: there > 0 ? Math.min(1, busy / there) : Number.NaN };
}

/** The index in its map of a call, or null when it came from `submit` or is unknown. */
export function itemOf(recording: Recording, row: Row): number | null {
  const item = recording.calls.get(row)?.item ?? -1;
  return item >= 0 ? item : null;
}
