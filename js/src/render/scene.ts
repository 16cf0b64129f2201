/** Draws one whole frame: overview, rows, axis, and what the pointer is on. */
import type { Span } from "../base/scale";
import { TimeScale } from "../base/scale";
import type { Ns, Px } from "../base/units";
import type { Load } from "../model/load";
import type { Recording } from "../model/recording";
import type { Sums } from "../model/slices";
import { drawAxis, drawGrid, type Tick, tickGap, ticks } from "./axis";
import { AXIS_HEIGHT, type Layout, OVERVIEW_HEIGHT, type RowPlace, visibleRows } from "./layout";
import { drawOverview } from "./overview";
import { drawCaller, drawLane, type Pen, runningByLane } from "./rows";
import { type Box, clipped, type Palette, type PixelRow, type Surface } from "./surface";

const ROW_PADDING: Px = 3;

/** Something that is outlined because the pointer is on it. */
export interface Highlight {
  readonly start: Ns;
  readonly end: Ns;
  readonly row: RowPlace;
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
  /** Where the pointer's time line is; null without one. */
  readonly cursor: Ns | null;
  readonly highlight: Highlight | null;
}

function drawRow(pen: Pen, row: RowPlace, y: Px, running: ReturnType<typeof runningByLane>): void {
  const box = { x: 0, y: y + ROW_PADDING, width: pen.scale.width, height: row.height - 2 * ROW_PADDING };
  if (row.kind === "lane") drawLane(pen, box, row.lane, running.get(row.lane.info.lane) ?? []);
  else if (row.kind === "caller") drawCaller(pen, box, row.caller);
  else {
    pen.surface.fillStyle = pen.palette.line;
    pen.surface.fillRect(0, y + row.height - 1, pen.scale.width, 1);
  }
}

function drawHighlight(scene: Scene, surface: Surface, plot: Box): void {
  const { highlight, scale, palette, scroll } = scene;
  if (highlight === null) return;
  const left = Math.max(-4, scale.timeToPx(highlight.start));
  const right = Math.min(scale.width + 4, Math.max(left + 2, scale.timeToPx(highlight.end)));
  surface.strokeStyle = palette.text;
  surface.lineWidth = 1.5;
  surface.beginPath();
  const y = plot.y + highlight.row.top - scroll + ROW_PADDING;
  surface.roundRect(left - 0.5, y - 0.5, right - left + 0.5, highlight.row.height - 2 * ROW_PADDING + 1, 3);
  surface.stroke();
}

function drawCursor(scene: Scene, surface: Surface, plot: Box): void {
  if (scene.cursor === null) return;
  surface.fillStyle = scene.palette.faintText;
  surface.globalAlpha = 0.6;
  surface.fillRect(Math.round(scene.scale.timeToPx(scene.cursor)), plot.y, 1, plot.height);
  surface.globalAlpha = 1;
}

/** Draw one frame. */
export function drawScene(surface: Surface, scene: Scene): void {
  const { layout, scale, palette, width, height, scroll } = scene;
  const plot = { x: 0, y: OVERVIEW_HEIGHT, width, height: height - OVERVIEW_HEIGHT - AXIS_HEIGHT };
  const marks: readonly Tick[] = ticks(scale, tickGap(scale)).ticks;
  surface.clearRect(0, 0, width, height);

  const all = new TimeScale(scene.bounds.start, scene.bounds.end, width);
  const strip = { x: 0, y: 0, width, height: OVERVIEW_HEIGHT };
  drawOverview(surface, strip, scene.load, scene.recording.lanes.size, all, scale, palette);

  const rows = visibleRows(layout, scroll, plot.height);
  const pen: Pen = { ...scene, surface, rows: Math.max(1, rows.length) };
  const running = runningByLane(scene.recording);
  clipped(surface, plot, () => {
    for (const row of rows) drawRow(pen, row, plot.y + row.top - scroll, running);
    drawGrid(surface, plot, scale, marks, palette);
    drawCursor(scene, surface, plot);
    drawHighlight(scene, surface, plot);
  });
  drawAxis(surface, { x: 0, y: plot.y + plot.height, width, height: AXIS_HEIGHT }, scale, marks, palette);
}
