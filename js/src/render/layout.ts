/** Which rows there are and where: callers first, then each pool's workers, with a header for each pool when there are several. */
import type { PoolInfo } from "../base/message";
import type { Px } from "../base/units";
import type { Caller } from "../model/callers";
import type { Lane, Recording } from "../model/recording";

export const LANE_HEIGHT: Px = 28;
export const CALLER_HEIGHT: Px = 24;
export const POOL_HEIGHT: Px = 26;
export const OVERVIEW_HEIGHT: Px = 40;
export const AXIS_HEIGHT: Px = 24;

interface Place {
  readonly top: Px;
  readonly height: Px;
}

export type RowPlace = Place &
  (
    | {
        readonly kind: "caller";
        readonly index: number;
        readonly caller: Caller;
      }
    | { readonly kind: "pool"; readonly pool: PoolInfo }
    | { readonly kind: "lane"; readonly lane: Lane }
  );

export interface Layout {
  readonly rows: readonly RowPlace[];
  readonly height: Px;
}

const UNKNOWN_POOL = { kind: "", name: "", workers: 0, opened: 0, closed: null, method: "" };

export function layOut(recording: Recording): Layout {
  const rows: RowPlace[] = [];
  let top: Px = 0;
  const place = (height: Px): Place => {
    top += height;
    return { top: top - height, height };
  };
  const callers = [...recording.callers.all]
    .map(([index, caller]) => ({ caller, index }))
    .filter(({ caller }) => !caller.isEmpty)
    .sort((a, b) => a.index - b.index);
  for (const { caller, index } of callers) rows.push({ ...place(CALLER_HEIGHT), kind: "caller", index, caller });
  const byPool = Map.groupBy(recording.lanes.values(), (lane) => lane.info.pool);
  // A pool that has opened but not started a worker is there too.
  const pools = [...new Set([...recording.pools.keys(), ...byPool.keys()])].sort((a, b) => a - b);
  for (const pool of pools) {
    if (pools.length > 1) {
      const info = recording.pools.get(pool) ?? { ...UNKNOWN_POOL, pool };
      rows.push({ ...place(POOL_HEIGHT), kind: "pool", pool: info });
    }
    const lanes = (byPool.get(pool) ?? []).sort((a, b) => a.info.lane - b.info.lane);
    for (const lane of lanes) rows.push({ ...place(LANE_HEIGHT), kind: "lane", lane });
  }
  return { rows, height: top };
}

/** The row at a height below the rows' top edge. */
export function rowAt(layout: Layout, y: Px): RowPlace | null {
  return layout.rows.find((row) => y >= row.top && y < row.top + row.height) ?? null;
}

/** The rows that can be seen, wholly or in part, when scrolled by `scroll` in a window of `height`. */
export function visibleRows(layout: Layout, scroll: Px, height: Px): RowPlace[] {
  return layout.rows.filter((row) => row.top + row.height > scroll && row.top < scroll + height);
}

/** How many rows are not seen whole: above and below a window of `height` that is scrolled by `scroll`. */
export function hiddenRows(layout: Layout, scroll: Px, height: Px): { above: number; below: number } {
  const count = (isHidden: (row: RowPlace) => boolean) => layout.rows.filter(isHidden).length;
  // Places on a screen are fractions of a px off.
  return {
    above: count((row) => row.top < scroll - 1),
    below: count((row) => row.top + row.height > scroll + height + 1),
  };
}
