/** What happened between two times: how many calls, how they ended, how long they took, how busy each lane was. */
import { type CallKind, outcomeName } from "../base/codes";
import { NO_ROW } from "../base/message";
import type { Ns } from "../base/units";
import { busyShare, thereIn } from "./busy";
import type { Lane, Recording } from "./recording";

export interface LaneShare {
  readonly lane: Lane;
  readonly busy: Ns;
  /** Busy time over the part of the span in which the worker could run calls; NaN when it could not. */
  readonly share: number;
}

export interface SpanStatistics {
  /** Calls that overlap the span, by how they ended; `running` are those that have not. */
  readonly counts: ReadonlyMap<CallKind, number>;
  readonly calls: number;
  /** How many of them only summary slices stand for: their lengths are not known. */
  readonly summarised: number;
  readonly lanes: readonly LaneShare[];
  /** Busy share of all workers, see `busy`. */
  readonly utilisation: number;
  /** Of the calls that ended and are known one by one, whole, also where they reach out of the span; NaN when there is none. */
  readonly median: Ns;
  readonly p95: Ns;
}

/** The value below which the share `at` of sorted values lies, by the nearest rank. */
export function quantile(sorted: Float64Array, at: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.max(0, Math.ceil(at * sorted.length) - 1)]!;
}

/** @param now until when running calls have run, in ns */
export function statisticsOf(recording: Recording, start: Ns, end: Ns, now: Ns): SpanStatistics {
  const codes = new Float64Array(256);
  const ranges = [...recording.lanes.values()].map((lane) => ({ lane, range: lane.slices.between(start, end) }));
  const durations = new Float64Array(ranges.reduce((sum, { range: [from, to] }) => sum + to - from, 0));
  const lanes: LaneShare[] = [];
  let next = 0;
  let summarised = 0;
  let running = 0;
  let busyOfAll = 0;
  let thereOfAll = 0;
  for (const { lane, range } of ranges) {
    const { slices, info } = lane;
    for (let i = range[0]; i < range[1]; i++) {
      codes[slices.code.get(i)]! += slices.calls.get(i);
      if (slices.row.get(i) === NO_ROW) summarised += slices.calls.get(i);
      else durations[next++] = slices.end.get(i) - slices.start.get(i);
    }
    let busy = slices.busyBefore(end) - slices.busyBefore(start);
    let runs = false;
    for (const call of recording.running.values()) {
      if (call.lane !== info.lane || call.started >= end || now <= start) continue;
      running++;
      runs = true;
      busy += Math.max(0, Math.min(now, end) - Math.max(call.started, start));
    }
    const there = thereIn({ start, end: Math.min(end, Math.max(now, start)) }, lane, runs);
    lanes.push({ lane, busy, share: busyShare(busy, there) });
    busyOfAll += busy;
    thereOfAll += there;
  }
  const lengths = durations.subarray(0, next).sort();
  const counts = new Map<CallKind, number>();
  codes.forEach((count, code) => {
    if (count === 0) return;
    const kind = outcomeName(code) as CallKind;
    counts.set(kind, (counts.get(kind) ?? 0) + count);
  });
  if (running > 0) counts.set("running", running);
  return {
    counts,
    calls: next + summarised + running,
    summarised,
    lanes,
    utilisation: busyShare(busyOfAll, thereOfAll),
    median: quantile(lengths, 0.5),
    p95: quantile(lengths, 0.95),
  };
}
