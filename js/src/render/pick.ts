/** What lies under a point of the plot. */

import { NO_ROW } from "../base/message";
import type { TimeScale } from "../base/scale";
import type { Ns, Px, Row } from "../base/units";
import type { Recording } from "../model/recording";
import { type SliceIndex, Sums } from "../model/slices";
import type { RowPlace } from "./layout";
import { isMerged } from "./rows";

/** How far beside a thin slice the pointer may be. */
const REACH: Px = 3;

export type Picked =
  | { readonly kind: "call"; readonly row: Row; readonly start: Ns; readonly end: Ns; readonly running: boolean }
  | {
      readonly kind: "wait";
      readonly code: number;
      readonly row: Row;
      readonly start: Ns;
      readonly end: Ns;
      readonly open: boolean;
      /** How many short waits it stands for. */
      readonly times: number;
    }
  | {
      /** A slice that stands for calls whose rows are not known. */
      readonly kind: "summary";
      readonly code: number;
      readonly calls: number;
      readonly start: Ns;
      readonly end: Ns;
    }
  | {
      readonly kind: "merged";
      /** The first and the last of them. */
      readonly rows: readonly [first: Row, last: Row];
      readonly count: number;
      readonly failed: number;
      readonly share: number;
      readonly start: Ns;
      readonly end: Ns;
    };

function pickMerged(slices: SliceIndex, scale: TimeScale, x: Px): Picked | null {
  const sums = new Sums(2);
  const start = scale.pxToTime(x - 1);
  const step = 2 * scale.nsPerPx;
  slices.sumsAt(start, step, sums);
  const [from, to] = slices.between(start, start + step);
  if (to <= from) return null;
  const share = Math.min(1, (sums.busy[1]! - sums.busy[0]!) / step);
  return {
    kind: "merged",
    rows: [slices.row.get(from), slices.row.get(to - 1)],
    count: slices.callsIn(from, to),
    failed: sums.failed.reduce((total, count) => total + count[1]! - count[0]!, 0),
    share,
    start,
    end: start + step,
  };
}

/** The slice at a time, or the nearest one within reach. */
function nearest(slices: SliceIndex, scale: TimeScale, time: Ns): number | null {
  const reach = REACH * scale.nsPerPx;
  const [from, to] = slices.between(time - reach, time + reach);
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) {
    const away = Math.max(slices.start.get(i) - time, time - slices.end.get(i), 0);
    if (away <= least && away <= reach) {
      least = away;
      best = i;
    }
  }
  return best;
}

function pickFinished(slices: SliceIndex, scale: TimeScale, x: Px, rows: number): number | Picked | null {
  const [from, to] = slices.between(scale.start, scale.end);
  const time = scale.pxToTime(x);
  if (!isMerged(to - from, scale, rows)) return nearest(slices, scale, time);
  const [first, end] = slices.between(time, time);
  const alone = end - first === 1 && slices.end.get(first) - slices.start.get(first) > 4 * scale.nsPerPx;
  return alone ? first : pickMerged(slices, scale, x);
}

/**
 * @param x in px from the plot's left edge
 * @param now until when running calls are drawn
 * @param rows how many rows share the frame
 */
export function pick(
  recording: Recording,
  place: RowPlace,
  scale: TimeScale,
  x: Px,
  now: Ns,
  rows: number,
): Picked | null {
  const time = scale.pxToTime(x);
  const reach = REACH * scale.nsPerPx;
  if (place.kind === "pool") return null;
  if (place.kind === "lane") {
    for (const [row, call] of recording.running) {
      if (call.lane === place.lane.info.lane && time >= call.started - reach && time <= now + reach) {
        return { kind: "call", row, start: call.started, end: now, running: true };
      }
    }
    const found = pickFinished(place.lane.slices, scale, x, rows);
    if (typeof found !== "number") return found;
    const { start, end, row, code, calls } = place.lane.slices;
    const times = { start: start.get(found), end: end.get(found) };
    if (row.get(found) !== NO_ROW) return { kind: "call", row: row.get(found), running: false, ...times };
    return { kind: "summary", code: code.get(found), calls: calls.get(found), ...times };
  }
  for (const wait of place.caller.open) {
    if (time >= wait.start - reach && time <= now + reach) {
      return { kind: "wait", code: wait.kind, row: wait.row, start: wait.start, end: now, open: true, times: 1 };
    }
  }
  const found = pickFinished(place.caller.waits, scale, x, rows);
  if (typeof found !== "number") return found;
  const { start, end, row, code, calls } = place.caller.waits;
  return {
    kind: "wait",
    code: code.get(found),
    row: row.get(found),
    start: start.get(found),
    end: end.get(found),
    open: false,
    times: calls.get(found),
  };
}
