/** Draws one whole frame: overview, rows, axis, and what the pointer is on. */
import { duration } from "../base/format";
import type { Span } from "../base/scale";
import { TimeScale } from "../base/scale";
import type { Ns, Px, Row } from "../base/units";
import type { Load } from "../model/load";
import type { Recording } from "../model/recording";
import type { Sums } from "../model/slices";
import { drawAxis, drawGrid, type Tick, tickGap, ticks, timeLabel } from "./axis";
import { drawCursor, drawFlag, drawSpan } from "./cursor";
import { AXIS_HEIGHT, type Layout, OVERVIEW_HEIGHT, type RowPlace, visibleRows } from "./layout";
import { drawLead } from "./leads";
import { drawOverview } from "./overview";
import { drawCaller, drawLane, type Pen, runningByLane } from "./rows";
import { type Box, clipped, type Palette, type PixelRow, type Surface } from "./surface";

const ROW_PADDING: Px = 3;

/** Something that is outlined because the pointer is on it, or because it is selected. */
export interface Highlight {
  readonly start: Ns;
  readonly end: Ns;
  readonly row: RowPlace;
  /** The call that it is, if it is one. */
  readonly call: Row | null;
}

/** What the frame summarises. */
export interface Merged {
  /** Lanes that are drawn by column. */
  readonly lanes: number;
  /** Calls in them that the frame shows. */
  readonly calls: number;
}

export interface Scene {
  readonly recording: Recording;
  readonly layout: Layout;
  readonly load: Load;
  /** All of the run: what the overview shows. */
  readonly bounds: Span;
  readonly scale: TimeScale;
  readonly width: Px;
  /** Of the whole canvas, overview and axis included. */
  readonly height: Px;
  /** How far the rows are scrolled. */
  readonly scroll: Px;
  readonly now: Ns;
  readonly palette: Palette;
  readonly sums: Sums;
  readonly strip: PixelRow;
  readonly textOf: Pen["textOf"];
  readonly waitTextOf: Pen["waitTextOf"];
  readonly callsTextOf: Pen["callsTextOf"];
  readonly exitTextOf: Pen["exitTextOf"];
  readonly shows: Pen["shows"];
  readonly leads: boolean;
  /** Where the pointer's time line is; null without one. */
  readonly cursor: Ns | null;
  readonly highlight: Highlight | null;
  readonly selected: Highlight | null;
  /** The selected span, or the one that is being selected. */
  readonly span: Span | null;
}

/** @returns how many calls of a lane were merged */
function drawRow(pen: Pen, row: RowPlace, y: Px, running: ReturnType<typeof runningByLane>): number {
  const box = { x: 0, y: y + ROW_PADDING, width: pen.scale.width, height: row.height - 2 * ROW_PADDING };
  if (row.kind === "lane") return drawLane(pen, box, row.lane, running.get(row.lane.info.lane) ?? []);
  if (row.kind === "caller") drawCaller(pen, box, row.caller);
  else {
    pen.surface.fillStyle = pen.palette.line;
    pen.surface.fillRect(0, y + row.height - 1, pen.scale.width, 1);
  }
  return 0;
}

function drawHighlight(pen: Pen, { start, end, row, call }: Highlight, y: Px, selected: boolean): void {
  const { surface, scale, palette, recording } = pen;
  const top = y + row.top + ROW_PADDING;
  const height = row.height - 2 * ROW_PADDING;
  const left = Math.max(-4, scale.timeToPx(start));
  const right = Math.min(scale.width + 4, Math.max(left + 2, scale.timeToPx(end)));
  const found = call === null ? null : recording.calls.get(call);
  if (found) drawLead(surface, { x: 0, y: top, width: scale.width, height }, scale, found, palette, true);
  for (const rim of selected ? [true, false] : [false]) {
    surface.strokeStyle = rim ? palette.surface : selected ? palette.accent : palette.text;
    surface.lineWidth = rim ? 5 : selected ? 2.5 : 1.5;
    surface.beginPath();
    surface.roundRect(left - 0.5, top - 0.5, right - left + 0.5, height + 1, 3);
    surface.stroke();
  }
}

function drawRows(surface: Surface, scene: Scene, plot: Box, marks: readonly Tick[]): Merged {
  const { layout, scale, palette, scroll, highlight, selected } = scene;
  const rows = visibleRows(layout, scroll, plot.height);
  const pen: Pen = { ...scene, surface, rows: Math.max(1, rows.length) };
  const running = runningByLane(scene.recording);
  let lanes = 0;
  let calls = 0;
  clipped(surface, plot, () => {
    for (const row of rows) {
      const merged = drawRow(pen, row, plot.y + row.top - scroll, running);
      calls += merged;
      if (merged > 0) lanes++;
    }
    drawGrid(surface, plot, scale, marks, palette);
    if (scene.span !== null) drawSpan(surface, plot, scale, scene.span, palette);
    if (scene.cursor !== null) drawCursor(surface, plot, scale, scene.cursor, palette);
    if (highlight !== null) drawHighlight(pen, highlight, plot.y - scroll, false);
    if (selected !== null) drawHighlight(pen, selected, plot.y - scroll, true);
  });
  return { lanes, calls };
}

/** Draw one frame. */
export function drawScene(surface: Surface, scene: Scene): Merged {
  const { scale, palette, width, height } = scene;
  const plot = { x: 0, y: OVERVIEW_HEIGHT, width, height: height - OVERVIEW_HEIGHT - AXIS_HEIGHT };
  const marks = ticks(scale, tickGap(scale));
  surface.clearRect(0, 0, width, height);

  const all = new TimeScale(scene.bounds.start, scene.bounds.end, width);
  const strip = { x: 0, y: 0, width, height: OVERVIEW_HEIGHT };
  drawOverview(surface, strip, scene.load, scene.recording.lanes.size, all, scale, palette);
  if (scene.span !== null) drawSpan(surface, { ...strip, height: OVERVIEW_HEIGHT - 1 }, all, scene.span, palette);

  const merged = drawRows(surface, scene, plot, marks.ticks);
  const axis = { x: 0, y: plot.y + plot.height, width, height: AXIS_HEIGHT };
  drawAxis(surface, axis, scale, marks, palette);
  if (scene.span !== null) {
    const { start, end } = scene.span;
    const middle = (Math.max(start, scale.start) + Math.min(end, scale.end)) / 2;
    drawFlag(surface, axis, scale.timeToPx(middle), duration(end - start), palette);
  }
  if (scene.cursor !== null) {
    const text = timeLabel(scene.cursor, marks.step, scale);
    drawFlag(surface, axis, scale.timeToPx(scene.cursor), text, palette);
  }
  return merged;
}
