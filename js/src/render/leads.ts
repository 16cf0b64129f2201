/** The thin line before a slice: how long its call waited, and how long it was on its way to the worker. */
import type { TimeScale } from "../base/scale";
import type { Ns, Px } from "../base/units";
import type { Call } from "../model/calls";
import type { Box, Palette, Surface } from "./surface";

const GAP: Px = 1;

function line(surface: Surface, box: Box, scale: TimeScale, from: Ns, to: Ns, y: Px, height: Px): void {
  const left = Math.max(box.x, scale.timeToPx(from));
  const right = Math.min(box.x + box.width, scale.timeToPx(to));
  if (right > left) surface.fillRect(left, y, Math.max(right - left, 0.5), height);
}

/** @param strong for the one call that is looked at */
export function drawLead(
  surface: Surface,
  box: Box,
  scale: TimeScale,
  call: Call,
  palette: Palette,
  strong: boolean,
): void {
  const { submitted, sent, started } = call;
  const y = box.y + box.height + GAP;
  // A thread pool sends nothing: its calls wait until they start.
  const sentAt = Number.isNaN(sent) ? started : sent;
  surface.fillStyle = strong ? palette.text : palette.faintText;
  surface.globalAlpha = strong ? 1 : 0.6;
  if (!Number.isNaN(submitted)) line(surface, box, scale, submitted, sentAt, y + (strong ? 0 : 0.5), strong ? 1.5 : 1);
  surface.fillStyle = palette.accent;
  surface.globalAlpha = 1;
  line(surface, box, scale, sentAt, started, y, 2);
}
