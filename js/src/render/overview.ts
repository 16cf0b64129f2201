/** The strip above the rows: all of the run, its queue depth and its busy workers over time, and the window that the rows show. */
import type { Span, TimeScale } from "../base/scale";
import type { Px } from "../base/units";
import type { Load } from "../model/load";
import type { Box, Palette, Surface } from "./surface";

/** The two graphs share a box; each is scaled to its own maximum. */
function drawGraph(
  surface: Surface,
  box: Box,
  load: Load,
  all: TimeScale,
  values: Float64Array,
  most: number,
  close: boolean,
): void {
  const x = (bin: number) => box.x + all.timeToPx(load.start + bin * load.step);
  const y = (value: number) => box.y + box.height - (box.height - 1) * Math.min(1, value / most);
  surface.beginPath();
  surface.moveTo(x(0), close ? box.y + box.height : y(values[0] ?? 0));
  for (let i = 0; i < values.length; i++) {
    surface.lineTo(x(i), y(values[i]!));
    surface.lineTo(x(i + 1), y(values[i]!));
  }
  if (close) {
    surface.lineTo(x(values.length), box.y + box.height);
    surface.closePath();
    surface.fill();
  } else surface.stroke();
}

/**
 * @param all the scale of the strip, which holds all of the run
 * @param window what the rows show
 * @param workers how many there are: the height of the busy graph
 */
export function drawOverview(
  surface: Surface,
  box: Box,
  load: Load,
  workers: number,
  all: TimeScale,
  window: Span,
  palette: Palette,
): void {
  const inner = { ...box, y: box.y + 5, height: box.height - 9 };
  if (load.mostQueued > 0) {
    surface.fillStyle = palette.queue;
    drawGraph(surface, inner, load, all, load.queued, load.mostQueued, true);
  }
  if (workers > 0) {
    surface.strokeStyle = palette.slices.running.edge;
    surface.lineWidth = 1.25;
    drawGraph(surface, inner, load, all, load.running, workers, false);
  }
  surface.fillStyle = palette.line;
  surface.fillRect(box.x, box.y + box.height - 1, box.width, 1);
  drawWindow(surface, box, all.timeToPx(window.start), all.timeToPx(window.end), palette);
}

const HANDLE: Px = 5;

/** What lies outside of the window is faded; its two edges have handles, also while it holds all. */
function drawWindow(surface: Surface, box: Box, from: Px, to: Px, palette: Palette): void {
  const left = Math.max(box.x, from);
  const right = Math.min(box.x + box.width, to);
  const holdsAll = left <= box.x + 0.5 && right >= box.x + box.width - 0.5;
  if (!holdsAll) {
    surface.globalAlpha = 0.65;
    surface.fillStyle = palette.surface;
    surface.fillRect(box.x, box.y, left - box.x, box.height - 1);
    surface.fillRect(right, box.y, box.x + box.width - right, box.height - 1);
    surface.globalAlpha = 1;
    surface.strokeStyle = palette.accent;
    surface.lineWidth = 1;
    surface.strokeRect(Math.round(left) + 0.5, box.y + 0.5, Math.max(2, Math.round(right - left) - 1), box.height - 2);
  }
  surface.fillStyle = holdsAll ? palette.line : palette.accent;
  const top = box.y + box.height / 2 - 8;
  for (const x of [left, right]) {
    const at = Math.max(box.x, Math.min(box.x + box.width - HANDLE, x - HANDLE / 2));
    surface.beginPath();
    surface.roundRect(at, top, HANDLE, 15, 2);
    surface.fill();
  }
}
