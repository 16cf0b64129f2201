/** From one call to the next: along its lane, or to the lanes beside it. */
import { NO_ROW } from "../base/message";
import type { Ns, Row } from "../base/units";
import type { Lane, Recording } from "./recording";

export type Shows = (row: Row) => boolean;

/** Where a call is drawn. */
export interface Place {
  readonly row: Row;
  readonly lane: Lane;
  readonly start: Ns;
  /** `now` while it runs. */
  readonly end: Ns;
}

/** Where a call is drawn; null for one that never ran. */
export function placeOf(recording: Recording, row: Row, now: Ns): Place | null {
  const call = recording.calls.get(row);
  const lane = call && recording.lanes.get(call.lane);
  if (!call || !lane || Number.isNaN(call.started)) return null;
  return {
    row,
    lane,
    start: call.started,
    end: recording.running.has(row) ? Math.max(now, call.started) : call.finished,
  };
}

/** The slice of `row` in its lane, or where it would stand. */
function indexOf({ lane, row, start }: Place): number {
  const { slices } = lane;
  let index = slices.startedBy(start) - 1;
  while (index >= 0 && slices.start.get(index) === start && slices.row.get(index) !== row) index--;
  return index >= 0 && slices.row.get(index) === row ? index : slices.count;
}

const runningIn = (recording: Recording, lane: Lane): Row[] =>
  [...recording.running].filter(([, call]) => call.lane === lane.info.lane).map(([row]) => row);

/**
 * The next call that `shows` admits, in the same lane: what runs comes after all that has ended.
 *
 * @param direction 1 for later, -1 for earlier
 */
export function neighbour(recording: Recording, from: Place, direction: 1 | -1, shows: Shows): Row | null {
  const { slices } = from.lane;
  for (let i = indexOf(from) + direction; i >= 0 && i < slices.count; i += direction) {
    const row = slices.row.get(i);
    if (row !== NO_ROW && shows(row)) return row;
  }
  if (direction < 0 || recording.running.has(from.row)) return null;
  return runningIn(recording, from.lane).find(shows) ?? null;
}

/** The call of a lane whose start is nearest to a time, of those that `shows` admits. */
export function nearestCall(recording: Recording, lane: Lane, time: Ns, shows: Shows): Row | null {
  const { slices } = lane;
  const at = slices.startedBy(time);
  let best: { row: Row; away: Ns } | null = null;
  const consider = (row: Row, start: Ns) => {
    const away = Math.abs(start - time);
    if (best === null || away < best.away) best = { row, away };
  };
  for (const step of [1, -1]) {
    for (let i = step > 0 ? at : at - 1; i >= 0 && i < slices.count; i += step) {
      const row = slices.row.get(i);
      if (row === NO_ROW || !shows(row)) continue;
      consider(row, slices.start.get(i));
      break;
    }
  }
  for (const row of runningIn(recording, lane)) {
    if (shows(row)) consider(row, recording.running.get(row)?.started ?? time);
  }
  return (best as { row: Row } | null)?.row ?? null;
}
