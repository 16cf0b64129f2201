/** For how long a run may go on: an estimate from what has ended and from what runs. */
import type { Counts } from "../base/message";
import type { Ns } from "../base/units";

/**
 * What waits is taken to go on at the pace so far. A call that has run longer than every call that has ended is no longer like them: nothing
 * but its age is known, so it is taken to run as long again, and its worker is lost to what waits.
 *
 * @param counts of the calls
 * @param perSecond the pace of the calls that have run
 * @param ages for how long each running call has run
 * @param longest how long the longest call took that has ended
 */
export function timeLeft(counts: Counts, perSecond: number, ages: readonly Ns[], longest: Ns): Ns | null {
  const { pending, running } = counts;
  if (pending + running === 0 || !(perSecond > 0)) return null;
  const each = 1e9 / perSecond;
  const late = ages.filter((age) => age > longest);
  const others = Math.max(0, running - late.length);
  if (late.length === 0) return (pending + running) * each;
  const oldest = late.reduce((most, age) => Math.max(most, age));
  if (pending + others === 0) return oldest;
  // What waits has the other workers; if there are none, it waits for the first that comes free.
  const queue = others > 0 ? ((pending + others) * each * running) / others : Math.min(...late) + pending * each;
  return Math.max(oldest, queue);
}
