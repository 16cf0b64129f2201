/** Draws the rows of the plot: one call for each kind of row. */
import type { TimeScale } from "../base/scale";
import type { Ns, Row } from "../base/units";
import type { Caller } from "../model/callers";
import type { Lane, Recording } from "../model/recording";
import type { SliceIndex, Sums } from "../model/slices";
import { drawColumns } from "./columns";
import { drawRunning, drawSlices, kindOf, prepareText, type SliceText } from "./slices";
import type { Box, Palette, PixelRow, SliceStyle, Surface } from "./surface";

/** All lanes together draw about so many rectangles at most; fuller lanes are drawn by column. */
const MOST_RECTANGLES = 4000;

/** What drawing one frame's rows takes. */
export interface Pen {
  readonly surface: Surface;
  readonly scale: TimeScale;
  readonly palette: Palette;
  /** Room for one value more than the plot has physical pixel columns. */
  readonly sums: Sums;
  readonly strip: PixelRow;
  readonly textOf: (row: Row) => SliceText;
  readonly waitTextOf: (kind: number, row: Row) => SliceText;
  readonly now: Ns;
  /** How many rows share the frame. */
  readonly rows: number;
}

/** Whether so many slices are drawn merged; hit tests ask too. */
export function isMerged(count: number, scale: TimeScale, rows: number): boolean {
  return count > Math.max(150, Math.min(scale.width / 3, MOST_RECTANGLES / rows));
}

/** How finished slices look, and what they say. */
interface Looks {
  readonly styleOf: (code: number) => SliceStyle;
  readonly textOf: (code: number, row: Row) => SliceText;
  readonly merged: Pick<Palette, "slices">;
}

function drawFinished(pen: Pen, box: Box, slices: SliceIndex, { styleOf, textOf, merged }: Looks): void {
  const { surface, scale } = pen;
  const range = slices.between(scale.start, scale.end);
  const full = isMerged(range[1] - range[0], scale, pen.rows);
  if (full) drawColumns(surface, box, scale, slices, pen.sums, pen.strip, merged);
  else drawSlices(surface, box, scale, slices, range, styleOf, textOf);
}

/** Draw the time that a worker was there, a thin line until it was ready, and a mark where it ended. */
function drawLife({ surface, scale, palette }: Pen, box: Box, { info, slices }: Lane, now: Ns): void {
  const from = Number.isFinite(info.started) ? scale.timeToPx(info.started) : box.x;
  const to = scale.timeToPx(info.exited ?? Math.max(now, scale.end));
  const left = Math.max(box.x, from);
  const right = Math.min(box.x + box.width, to);
  if (right > left) {
    surface.fillStyle = palette.lane;
    surface.fillRect(left, box.y, right - left, box.height);
  }
  // A worker that has run a call was ready, whether or not anybody said so.
  const readyAt = info.ready ?? (slices.count === 0 && info.exited === null ? now : info.started);
  if (readyAt > info.started) {
    const ready = Math.min(right, scale.timeToPx(readyAt));
    surface.fillStyle = palette.line;
    if (ready > left) surface.fillRect(left, box.y + box.height / 2 - 0.5, ready - left, 1);
    if (from >= box.x && from < right) surface.fillRect(Math.round(from), box.y + box.height / 2 - 4, 1, 8);
  }
  if (info.exited !== null && to >= box.x && to <= box.x + box.width) {
    surface.fillStyle = info.detail ? palette.slices.lost.edge : palette.line;
    surface.fillRect(Math.round(to), box.y, info.detail ? 2 : 1, box.height);
  }
}

export function drawLane(pen: Pen, box: Box, lane: Lane, running: readonly { row: Row; started: Ns }[]): void {
  const { surface, scale, palette, now } = pen;
  drawLife(pen, box, lane, now);
  prepareText(surface, palette);
  drawFinished(pen, box, lane.slices, {
    styleOf: (code) => palette.slices[kindOf(code)],
    textOf: (_code, row) => pen.textOf(row),
    merged: palette,
  });
  for (const { row, started } of running) {
    drawRunning(surface, box, scale, started, now, palette.slices.running, () => pen.textOf(row));
  }
}

/** Where a caller blocked. Merged waits take the colour of a wait, since none of them fails. */
export function drawCaller(pen: Pen, box: Box, caller: Caller): void {
  const { surface, scale, palette, now } = pen;
  prepareText(surface, palette);
  drawFinished(pen, box, caller.waits, {
    styleOf: () => palette.wait,
    textOf: pen.waitTextOf,
    merged: { slices: { ...palette.slices, returned: palette.wait } },
  });
  for (const wait of caller.open) {
    drawRunning(surface, box, scale, wait.start, now, palette.wait, () => pen.waitTextOf(wait.kind, wait.row));
  }
}

/** The running calls of each lane. */
export function runningByLane(recording: Recording): Map<number, { row: Row; started: Ns }[]> {
  const lanes = new Map<number, { row: Row; started: Ns }[]>();
  for (const [row, { lane, started }] of recording.running) {
    const list = lanes.get(lane);
    if (list) list.push({ row, started });
    else lanes.set(lane, [{ row, started }]);
  }
  return lanes;
}
