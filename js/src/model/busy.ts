/**
 * How busy workers were: the one definition of the page.
 *
 *     window      from the first submission to the last end, or to now while calls wait or run
 *     known       the window; once calls are no longer kept, its part from the first start of a kept call on: before it nobody knows what
 *                 the workers did. It is empty while no kept call has started, and then there is no busy share.
 *     there       the part of `known` in which the worker could have run calls: from when its initializer had returned to its exit
 *     busy        time in kept calls, those that run included, up to now
 *     busy share  busy / there, at most 1; of several workers the sum over the sum
 *
 * A worker that is starting is not idle: nothing could have kept it busy. One of which nobody said that it was ready was so from its
 * launch, if it has run a call. Python has the same in poolviz/tracing/busy.py; tests/vectors/busy.json holds for both.
 */
import type { MessageHead } from "../base/message";
import type { Span } from "../base/scale";
import type { Ns } from "../base/units";
import type { Lane, Recording } from "./recording";

/** Whether calls of the trace wait or run, so that its time goes on. */
export function isUnderWay(head: MessageHead): boolean {
  return head.counts.pending + head.counts.running > 0;
}

/** When the run was under way; null while nothing has happened. */
export function windowOf(recording: Recording, head: MessageHead, now: Ns): Span | null {
  const { first: start, lastEnd } = recording;
  if (!Number.isFinite(start)) return null;
  const last = Math.max(start, lastEnd);
  return { start, end: isUnderWay(head) ? Math.max(now, last) : last };
}

/** The part of the window in which the calls that are kept say what the workers did; rows go by their age, though they may wait or run. */
export function knownOf(recording: Recording, head: MessageHead, now: Ns): Span | null {
  const span = windowOf(recording, head, now);
  if (span === null || head.dropped === 0) return span;
  return { start: Math.min(span.end, Math.max(span.start, recording.firstStart)), end: span.end };
}

/**
 * For how long a worker could have run calls.
 *
 * @param runs whether it runs one now
 */
export function thereIn({ start, end }: Span, { info, slices }: Lane, runs: boolean): Ns {
  if (info.ready === null && slices.count === 0 && !runs) return 0;
  const since = info.ready ?? (Number.isFinite(info.started) ? info.started : start);
  return Math.max(0, Math.min(end, info.exited ?? end) - Math.max(start, since));
}

/** NaN for workers that were never there. */
export function busyShare(busy: Ns, there: Ns): number {
  return there > 0 ? Math.min(1, busy / there) : Number.NaN;
}

/** The busy share of each lane, and of all, in the window of the run as far as it is known. */
export function busyShares(recording: Recording, span: Span, now: Ns): { lanes: Map<number, number>; all: number } {
  const running = runningTimes(recording, now);
  const lanes = new Map<number, number>();
  let busyOfAll = 0;
  let thereOfAll = 0;
  for (const [number, lane] of recording.lanes) {
    const busy = lane.slices.busy + (running.get(number) ?? 0);
    const there = thereIn(span, lane, running.has(number));
    lanes.set(number, busyShare(busy, there));
    busyOfAll += busy;
    thereOfAll += there;
  }
  return { lanes, all: busyShare(busyOfAll, thereOfAll) };
}

/** For how long each lane's running call has run until `now`. */
function runningTimes(recording: Recording, now: Ns): Map<number, Ns> {
  const times = new Map<number, Ns>();
  for (const { lane, started } of recording.running.values()) {
    times.set(lane, (times.get(lane) ?? 0) + Math.max(0, now - started));
  }
  return times;
}
