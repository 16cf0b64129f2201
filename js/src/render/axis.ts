/**
 * The time axis: round steps, one unit, and just as many digits as tell neighbouring ticks apart. Zoomed in far from the start, most of
 * the digits are those that all labels share: they stand once, at the left end, and the ticks say what is added.
 */
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

const farthestOf = ({ start, end }: TimeScale) => Math.max(Math.abs(start), Math.abs(end));

/** Steps from zero to the farthest time, beyond which labels have more digits than can be compared at a glance. */
const MOST_STEPS = 4000;

interface Base {
  readonly time: Ns;
  readonly label: string;
}

/** The time that all labels of a scale share; null where they are short enough without. */
function baseOf(scale: TimeScale, step: Ns): Base | null {
  const farthest = farthestOf(scale);
  const inClock = farthest >= 120e9;
  if (farthest < MOST_STEPS * step || (inClock && step >= 1e9)) return null;
  // One power of ten above what is shown: what is added has few digits then.
  const unit = 10 ** Math.ceil(Math.log10(scale.end - scale.start) - 1e-9);
  const time = Math.floor(scale.start / unit) * unit;
  if (time === 0) return null;
  if (!inClock) return { time, label: labelFor(time, unit, farthest) };
  const seconds = Math.floor(time / 1e9);
  const digits = Math.max(0, Math.round(9 - Math.log10(unit)));
  return { time, label: clock(seconds) + ((time - seconds * 1e9) / 1e9).toFixed(digits).slice(1) };
}

/** A time as an axis with ticks `step` apart would name it, two digits finer. */
export function timeLabel(time: Ns, step: Ns, scale: TimeScale): string {
  const fine = Math.max(1, 10 ** Math.floor(Math.log10(step / 100)));
  const farthest = farthestOf(scale);
  const rounded = Math.round(time / fine) * fine;
  let base = baseOf(scale, step);
  if (base === null && farthest >= 120e9 && fine < 1e9) {
    // A clock's seconds would hide what the reader zoomed in for.
    const second = Math.floor(rounded / 1e9) * 1e9;
    base = { time: second, label: clock(second / 1e9) };
  }
  if (base === null) return labelFor(rounded, fine, farthest);
  return `${base.label} + ${labelFor(rounded - base.time, fine, Math.max(fine, Math.min(scale.end, time) - base.time))}`;
}

export interface Ticks {
  readonly step: Ns;
  /** What is added to, in words; empty where the labels are whole times. */
  readonly base: string;
  readonly ticks: readonly Tick[];
}

/** More than any screen has room for. Where times are so large that a step changes nothing, the ticks would never end. */
const MOST_TICKS = 1000;

/** The ticks that a scale shows, with at least `gap` px between two of them. */
export function ticks(scale: TimeScale, gap: Px): Ticks {
  const step = roundStep(gap * scale.nsPerPx);
  const base = baseOf(scale, step);
  const found: Tick[] = [];
  const first = Math.ceil(scale.start / step);
  for (let i = 0; i < MOST_TICKS; i++) {
    const time = (first + i) * step;
    if (!(time <= scale.end)) break;
    const label =
      base === null
        ? labelFor(time, step, farthestOf(scale))
        : `+${labelFor(Math.round(time - base.time), step, scale.end - base.time)}`;
    found.push({ time, label });
  }
  return { step, base: base?.label ?? "", ticks: found };
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

/** Between the base and the first label, in px. */
const BASE_GAP: Px = 14;

export function drawAxis(
  surface: Surface,
  box: Box,
  scale: TimeScale,
  { base, ticks: marks }: Ticks,
  palette: Palette,
): void {
  surface.fillStyle = palette.line;
  surface.fillRect(box.x, box.y, box.width, 1);
  surface.font = palette.font;
  surface.textBaseline = "middle";
  surface.textAlign = "left";
  let free: Px = 2;
  if (base !== "") {
    surface.fillStyle = palette.text;
    surface.fillText(base, free, box.y + 14);
    free += surface.measureText(base).width + BASE_GAP;
  }
  for (const { time, label } of marks) {
    const x = Math.round(scale.timeToPx(time));
    surface.fillStyle = palette.line;
    surface.fillRect(x, box.y, 1, 4);
    const width = surface.measureText(label).width;
    // Labels stand under their tick, and inside the picture at its two ends.
    const left = Math.min(Math.max(x - width / 2, 2), box.width - width - 2);
    if (left < free) continue;
    surface.fillStyle = palette.faintText;
    surface.fillText(label, left, box.y + 14);
  }
}
