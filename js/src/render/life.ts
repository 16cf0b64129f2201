/** The ground of a lane: the time that its worker was there, how long it took to be ready, and how it ended. */
import type { LaneInfo } from "../base/message";
import type { Ns, Px } from "../base/units";
import type { Lane } from "../model/recording";
import { drawMarks } from "./marks";
import type { Pen } from "./rows";
import type { Box } from "./surface";

const PADDING: Px = 8;

function drawStart({ surface, scale, palette }: Pen, box: Box, from: Ns, ready: Ns): void {
  const left = scale.timeToPx(from);
  const start = Math.max(box.x, left);
  const end = Math.min(box.x + box.width, scale.timeToPx(ready));
  if (end <= start) return;
  const middle = box.y + box.height / 2;
  surface.fillStyle = palette.faintText;
  surface.globalAlpha = 0.55;
  // Dots from the launch to the moment when it was ready to work.
  for (let x = left < box.x ? box.x : left + 3; x < end - 1; x += 4)
    surface.fillRect(Math.round(x), middle - 0.5, 1.5, 1.5);
  if (left >= box.x) surface.fillRect(Math.round(left), middle - 4, 1, 8);
  surface.globalAlpha = 1;
}

/** Where it was guilty, with the mark of what is lost; where it ended with the others or on purpose, as plainly as in good order. */
function drawEnd({ surface, scale, palette, exitTextOf }: Pen, box: Box, exited: Ns, info: LaneInfo): void {
  const x = Math.round(scale.timeToPx(exited));
  if (x < box.x || x > box.x + box.width) return;
  const died = info.how === "died";
  surface.fillStyle = died ? palette.slices.lost.edge : palette.line;
  surface.fillRect(x, box.y, died ? 2 : 1, box.height);
  if (died) drawMarks(surface, box, "lost", [x + 1], palette);
  const text = exitTextOf(info);
  if (text === "" || surface.measureText(text).width + 2 * PADDING > box.x + box.width - x) return;
  surface.fillStyle = palette.faintText;
  surface.fillText(text, x + PADDING, box.y + box.height / 2 + 0.5);
}

export function drawLife(pen: Pen, box: Box, { info, slices }: Lane, now: Ns): void {
  const { surface, scale, palette } = pen;
  const from = Number.isFinite(info.started) ? info.started : scale.start;
  const to = info.exited ?? Math.max(now, scale.end);
  const left = Math.max(box.x, scale.timeToPx(from));
  const right = Math.min(box.x + box.width, scale.timeToPx(to));
  if (right > left) {
    surface.fillStyle = palette.lane;
    surface.fillRect(left, box.y, right - left, box.height);
  }
  // A worker that has run a call was ready, whether or not anybody said so.
  const ready = info.ready ?? (slices.count === 0 ? Math.min(now, to) : from);
  if (ready > from) drawStart(pen, box, from, ready);
  if (info.exited !== null) drawEnd(pen, box, info.exited, info);
}
