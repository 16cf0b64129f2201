/** Queue depth and running workers over time, for the overview. */
import type { Ns } from "../base/units";
import type { Recording } from "./recording";
import { Sums } from "./slices";

export interface Load {
  /** Left edge of the first bin. */
  readonly start: Ns;
  /** Width of a bin. */
  readonly step: Ns;
  /** How many bins the whole strip has; those that the run has not reached yet have no values. */
  readonly bins: number;
  /** Calls that waited for a worker, at the left edge of each bin. */
  readonly queued: Float64Array;
  /** Workers that were busy, averaged over each bin. */
  readonly running: Float64Array;
  readonly mostQueued: number;
}

/**
 * @param start of the first bin, in ns
 * @param step width of a bin, in ns
 * @param bins how many
 * @param now until when running calls have run, in ns
 */
export function loadOver(recording: Recording, start: Ns, step: Ns, bins: number, now: Ns): Load {
  const reached = Math.max(1, Math.min(bins, Math.floor((now - start) / step)));
  const queued = new Float64Array(reached);
  const running = new Float64Array(reached);
  const sums = new Sums(reached + 1);
  for (const lane of recording.lanes.values()) {
    lane.slices.sumsAt(start, step, sums);
    for (let i = 0; i < reached; i++) {
      queued[i]! -= sums.started[i]!;
      running[i]! += (sums.busy[i + 1]! - sums.busy[i]!) / step;
    }
  }
  for (const call of recording.running.values()) {
    for (let i = 0; i < reached; i++) {
      const from = start + i * step;
      if (call.started <= from) queued[i]! -= 1;
      running[i]! += Math.max(0, Math.min(now, from + step) - Math.max(call.started, from)) / step;
    }
  }
  let mostQueued = 0;
  for (let i = 0; i < reached; i++) {
    const time = start + i * step;
    queued[i] = Math.max(0, queued[i]! + recording.submitted.at(time) - recording.neverRan.at(time));
    mostQueued = Math.max(mostQueued, queued[i]!);
  }
  return { start, step, bins, queued, running, mostQueued };
}
