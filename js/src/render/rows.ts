/** Draws the rows of the plot: one call for each kind of row. */
import { Outcome } from "../base/codes";
import type { LaneInfo } from "../base/message";
import type { TimeScale } from "../base/scale";
import type { Ns, Px, Row } from "../base/units";
import type { Caller } from "../model/callers";
import type { Lane, Recording } from "../model/recording";
import type { SliceIndex, Sums } from "../model/slices";
import type { Times } from "../model/times";
import { drawChunks } from "./chunks";
import { DIM, drawColumns } from "./columns";
import { drawLead } from "./leads";
import { drawLife } from "./life";
import { drawRunning, drawSlices, kindOf, prepareText, type SliceLooks, type SliceText } from "./slices";
import type { Box, Palette, PixelRow, SliceStyle, Surface } from "./surface";

/** All lanes together draw about so many rectangles at most; fuller lanes are drawn by column. */
const MOST_RECTANGLES = 4000;
const MOST_LEADS = 2000;

/** Height of the tick for a result that was taken. */
const TICK: Px = 6;

/** What drawing one frame's rows takes. */
export interface Pen {
  readonly surface: Surface;
  readonly recording: Recording;
  readonly scale: TimeScale;
  readonly palette: Palette;
  /** Room for one value more than the plot has physical pixel columns. */
  readonly sums: Sums;
  readonly strip: PixelRow;
  readonly textOf: (row: Row) => SliceText;
  readonly waitTextOf: (kind: number, row: Row) => SliceText;
  /** What is said where a worker ended; empty after an orderly exit. */
  readonly exitTextOf: (info: LaneInfo) => string;
  /** What stands in a slice of so many calls. */
  readonly callsTextOf: (calls: number) => SliceText;
  /** Which slices are strong, by the code of their outcome, that of running ones included; null for all. */
  readonly shows: ((code: number) => boolean) | null;
  /** Whether waiting and transfer are drawn before each slice. */
  readonly leads: boolean;
  readonly now: Ns;
  /** How many rows share the frame. */
  readonly rows: number;
}

/** Whether so many slices are drawn merged; hit tests ask too. */
export function isMerged(count: number, scale: TimeScale, rows: number): boolean {
  return count > Math.max(150, Math.min(scale.width / 3, MOST_RECTANGLES / rows));
}

/** @returns how many calls were merged */
function drawFinished(pen: Pen, box: Box, slices: SliceIndex, plain: SliceStyle, looks: SliceLooks): number {
  const { surface, scale, palette } = pen;
  const range = slices.between(scale.start, scale.end);
  const count = range[1] - range[0];
  if (!isMerged(count, scale, pen.rows)) {
    drawSlices(surface, box, scale, slices, range, looks);
    return 0;
  }
  drawColumns(surface, box, scale, slices, pen.sums, pen.strip, { palette, plain: plain.rgb, shows: looks.shows });
  return slices.callsIn(...range);
}

function drawLeads({ surface, scale, palette, recording }: Pen, box: Box, slices: SliceIndex): void {
  const [from] = slices.between(scale.start, scale.end);
  // Calls that start beyond the right edge may already wait here.
  const to = Math.min(slices.count, from + MOST_LEADS);
  for (let i = from; i < to; i++) {
    const call = recording.calls.get(slices.row.get(i));
    if (call !== null) drawLead(surface, box, scale, call, palette, false);
  }
}

/** @returns how many calls were merged */
export function drawLane(pen: Pen, box: Box, lane: Lane, running: readonly { row: Row; started: Ns }[]): number {
  const { surface, scale, palette, now, shows } = pen;
  prepareText(surface, palette);
  drawLife(pen, box, lane, now);
  const merged = drawFinished(pen, box, lane.slices, palette.slices.returned, {
    styleOf: (code) => palette.slices[kindOf(code)],
    textOf: (_code, row) => pen.textOf(row),
    callsTextOf: pen.callsTextOf,
    shows,
    palette,
  });
  const shown = shows === null || shows(Outcome.none);
  for (const { row, started } of running) {
    surface.globalAlpha = shown ? 1 : DIM;
    drawRunning(surface, box, scale, started, now, palette.slices.running, () => pen.textOf(row));
    surface.globalAlpha = 1;
  }
  drawChunks(surface, box, pen.recording, lane.slices, running, scale, now, palette);
  if (pen.leads && merged === 0) drawLeads(pen, box, lane.slices);
  return merged;
}

/** Where a caller blocked, and a tick for each result that it took. Merged waits take the colour of a wait, since none of them fails. */
export function drawCaller(pen: Pen, box: Box, caller: Caller): void {
  const { surface, scale, palette, now } = pen;
  prepareText(surface, palette);
  const looks = {
    styleOf: () => palette.wait,
    textOf: pen.waitTextOf,
    callsTextOf: pen.callsTextOf,
    shows: null,
    palette,
  };
  drawFinished(pen, box, caller.waits, palette.wait, looks);
  for (const wait of caller.open) {
    drawRunning(surface, box, scale, wait.start, now, palette.wait, () => pen.waitTextOf(wait.kind, wait.row));
  }
  drawTakes(pen, box, caller.takes);
}

function drawTakes({ surface, scale, palette }: Pen, box: Box, takes: Times): void {
  if (takes.count === 0) return;
  surface.fillStyle = palette.wait.edge;
  let before = takes.before(scale.start);
  for (let x = 0; x < scale.width; x++) {
    const after = takes.before(scale.pxToTime(x + 1));
    if (after > before) surface.fillRect(x, box.y + box.height - TICK + 2, 1, TICK);
    before = after;
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
