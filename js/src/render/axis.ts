/** The time axis: round steps, one unit, and just as many digits as tell neighbouring ticks apart. */
import type { TimeScale } from "../base/scale";
import type { Ns, Px } from "../base/units";
import type { Box, Palette, Surface } from "./surface";

export interface Tick {
  readonly time: Ns;
  readonly label: string;
}

const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/** The smallest round step that is not below `least`: 1, 2 or 5 times a power of ten, and clock steps above a second. */
export function roundStep(least: Ns): Ns {
  if (least > 1e9) {
    const seconds = SECONDS.find((step) => step * 1e9 >= least);
    return (seconds ?? 86400 * Math.ceil(least / 86400e9)) * 1e9;
  }
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * (1 - 1e-9)) ?? 10 * power;
}

/** As a clock reads: `2:05`, or `1:02:05` with hours. */
function clock(seconds: number): string {
  const total = Math.round(Math.abs(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(total / 60) % 60;
  const hours = Math.floor(total / 3600);
  const text = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(total % 60)}`;
  return seconds < 0 ? `−${text}` : text;
}

function labelFor(time: Ns, step: Ns, farthest: Ns): string {
  if (farthest >= 120e9 && step >= 1e9) return clock(time / 1e9);
  const [size, unit] =
    farthest >= 1e9 ? [1e9, "s"] : farthest >= 1e6 ? [1e6, "ms"] : farthest >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  const digits = Math.max(0, Math.ceil(-Math.log10(step / (size as number)) - 1e-9));
  const text = (time / (size as number)).toFixed(digits).replace("-", "−");
  return time === 0 ? "0" : `${text}\u202f${unit}`;
}

/** A time as the axis of this scale would name it, told to `step`. */
export function timeLabel(time: Ns, step: Ns, scale: TimeScale): string {
  const farthest = Math.max(Math.abs(scale.start), Math.abs(scale.end));
  const fine = Math.max(1, 10 ** Math.floor(Math.log10(step)));
  if (farthest >= 120e9 && fine < 1e9) {
    // A clock's seconds would hide what the reader zoomed in for.
    return `${labelFor(Math.floor(time / 1e9) * 1e9, 1e9, farthest)} + ${labelFor(time - Math.floor(time / 1e9) * 1e9, fine, 1e9 - 1)}`;
  }
  return labelFor(Math.round(time / fine) * fine, fine, farthest);
}

/** The ticks that a scale shows, with at least `gap` px between two of them. */
export function ticks(scale: TimeScale, gap: Px): { step: Ns; ticks: Tick[] } {
  const step = roundStep(gap * scale.nsPerPx);
  const farthest = Math.max(Math.abs(scale.start), Math.abs(scale.end));
  const found: Tick[] = [];
  const first = Math.ceil(scale.start / step);
  for (let i = first; i * step <= scale.end; i++) {
    found.push({ time: i * step, label: labelFor(i * step, step, farthest) });
  }
  return { step, ticks: found };
}

/** The gap that labels of this scale need: late in a long trace they are long. */
export function tickGap(scale: TimeScale): Px {
  const longest = ticks(scale, scale.width / 2).ticks.at(-1)?.label.length ?? 4;
  return Math.max(76, longest * 7 + 28);
}

/** Grid lines through `box`; at least a physical pixel wide, on whole pixels, so that they stay thin and still. */
export function drawGrid(surface: Surface, box: Box, scale: TimeScale, marks: readonly Tick[], palette: Palette): void {
  surface.fillStyle = palette.grid;
  for (const { time } of marks) surface.fillRect(Math.round(scale.timeToPx(time)), box.y, 1, box.height);
}

export function drawAxis(surface: Surface, box: Box, scale: TimeScale, marks: readonly Tick[], palette: Palette): void {
  surface.fillStyle = palette.line;
  surface.fillRect(box.x, box.y, box.width, 1);
  surface.font = palette.font;
  surface.textBaseline = "middle";
  for (const { time, label } of marks) {
    const x = Math.round(scale.timeToPx(time));
    surface.fillStyle = palette.line;
    surface.fillRect(x, box.y, 1, 4);
    const width = surface.measureText(label).width;
    // Labels stand under their tick, and inside the picture at its two ends.
    const left = Math.min(Math.max(x - width / 2, 2), box.width - width - 2);
    surface.fillStyle = palette.faintText;
    surface.textAlign = "left";
    surface.fillText(label, left, box.y + 14);
  }
}
