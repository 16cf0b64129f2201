/** What the pointer and the selection add to the picture: a line at a time, a span of time, and a flag on the axis that names them. */
import type { Span, TimeScale } from "../base/scale";
import type { Ns, Px } from "../base/units";
import type { Box, Palette, Surface } from "./surface";

const FLAG_PADDING: Px = 5;
const HALO: Px = 30;

export function drawCursor(surface: Surface, plot: Box, scale: TimeScale, time: Ns, palette: Palette): void {
  surface.fillStyle = palette.faintText;
  surface.globalAlpha = 0.6;
  surface.fillRect(Math.round(scale.timeToPx(time)), plot.y, 1, plot.height);
  surface.globalAlpha = 1;
}

export function drawSpan(surface: Surface, plot: Box, scale: TimeScale, { start, end }: Span, palette: Palette): void {
  const left = Math.max(plot.x - 2, scale.timeToPx(start));
  const right = Math.min(plot.x + plot.width + 2, scale.timeToPx(end));
  if (right <= left) return;
  surface.fillStyle = palette.accent;
  surface.globalAlpha = 0.14;
  surface.fillRect(left, plot.y, right - left, plot.height);
  surface.globalAlpha = 1;
  for (const x of [left, right - 1]) surface.fillRect(Math.round(x), plot.y, 1, plot.height);
}

/** A label on the axis, over whatever tick stands there. */
export function drawFlag(surface: Surface, axis: Box, x: Px, text: string, palette: Palette): void {
  const width = surface.measureText(text).width + 2 * FLAG_PADDING;
  if (x < axis.x - width || x > axis.x + axis.width + width) return;
  const left = Math.max(axis.x, Math.min(axis.x + axis.width - width, x - width / 2));
  // Half a label beside the flag would be read as another time. The frame of the focus stands at the foot.
  surface.fillStyle = palette.surface;
  surface.fillRect(left - HALO, axis.y + 5, width + 2 * HALO, axis.height - 8);
  surface.fillStyle = palette.text;
  surface.beginPath();
  surface.roundRect(left, axis.y + 5, width, axis.height - 7, 3);
  surface.fill();
  surface.fillStyle = palette.surface;
  surface.textAlign = "left";
  surface.textBaseline = "middle";
  surface.fillText(text, left + FLAG_PADDING, axis.y + 14);
}
