/** Draws the slices of one lane as rectangles. For lanes so full that rectangles would be thinner than pixels, see `columns`. */
import { FAILURES, outcomeName } from "../base/codes";
import type { TimeScale } from "../base/scale";
import type { Ns, Px, Row } from "../base/units";
import type { SliceIndex } from "../model/slices";
import { DIM } from "./columns";
import { drawMarks } from "./marks";
import type { Box, Palette, SliceKind, SliceStyle, Surface } from "./surface";

/** Rounded corners only where they can be seen, for they cost far more than plain ones. */
const ROUND_FROM: Px = 10;
const FORM_FROM: Px = 12;
const TEXT_FROM: Px = 26;
const PADDING: Px = 5;
/** A failed call is seen however short it was. */
const LEAST_FAILED: Px = 3;
const LEAST: Px = 1;

/** How strong is a slice that stands for many calls: they were busy for so long, but not exactly there. */
const SUMMARY = 0.55;

/** The words that a slice may carry: all of it, and what to keep when that is too long (empty when nothing makes sense alone). */
export type SliceText = readonly [full: string, short: string];

export function kindOf(code: number): SliceKind {
  const name = outcomeName(code);
  return name === "none" || name === "cancelled" ? "lost" : name;
}

function fitText(surface: Surface, [full, short]: SliceText, room: Px): string {
  if (full === "" || surface.measureText(full).width <= room) return full;
  const letters = Math.floor((room / surface.measureText(full).width) * full.length) - 1;
  if (short) return surface.measureText(short).width <= room ? short : "";
  return letters >= 3 ? `${full.slice(0, letters)}…` : "";
}

/** Draw one slice from `left` to `right`, with its words when there is room. */
export function drawSlice(
  surface: Surface,
  box: Box,
  left: Px,
  right: Px,
  style: SliceStyle & { readonly strength?: number },
  text: () => SliceText,
): void {
  // What lies far outside is cut off here: canvases lose precision at millions of pixels.
  const from = Math.max(left, box.x - 8);
  const to = Math.min(right, box.x + box.width + 8);
  const gap = to - from > 3 ? 1 : 0;
  const width = Math.max(LEAST, to - from - gap);
  surface.fillStyle = style.fill;
  const alpha = surface.globalAlpha;
  // The words on a pale bar are not pale.
  surface.globalAlpha = alpha * (style.strength ?? 1);
  if (width >= ROUND_FROM) {
    surface.beginPath();
    surface.roundRect(from, box.y, width, box.height, 2);
    surface.fill();
  } else surface.fillRect(from, box.y, width, box.height);
  surface.globalAlpha = alpha;
  const start = Math.max(from, box.x) + PADDING;
  const room = Math.min(to, box.x + box.width) - gap - PADDING - start;
  if (room < TEXT_FROM - 2 * PADDING) return;
  const words = fitText(surface, text(), room);
  if (words === "") return;
  surface.fillStyle = style.text;
  surface.fillText(words, start, box.y + box.height / 2 + 0.5);
}

export function prepareText(surface: Surface, palette: Palette): void {
  surface.font = palette.font;
  surface.textAlign = "left";
  surface.textBaseline = "middle";
}

export interface SliceLooks {
  readonly styleOf: (code: number) => SliceStyle;
  readonly textOf: (code: number, row: Row) => SliceText;
  readonly callsTextOf: (calls: number) => SliceText;
  /** Which slices are strong, by their code; null for all. */
  readonly shows: ((code: number) => boolean) | null;
  readonly palette: Palette;
}

const NO_TEXT: SliceText = ["", ""];

/** Draw a lane's slices `[from, to)`; the failed ones last, so that no neighbour covers them. */
export function drawSlices(
  surface: Surface,
  box: Box,
  scale: TimeScale,
  slices: SliceIndex,
  [from, to]: readonly [number, number],
  { styleOf, textOf, callsTextOf, shows, palette }: SliceLooks,
): void {
  const places: Px[][] = FAILURES.map(() => []);
  for (const failed of [false, true]) {
    for (let i = from; i < to; i++) {
      const failure = slices.failureAt(i);
      if (failure >= 0 !== failed) continue;
      const code = slices.code.get(i);
      const left = scale.timeToPx(slices.start.get(i));
      const right = Math.max(scale.timeToPx(slices.end.get(i)), left + (failed ? LEAST_FAILED : LEAST));
      const shown = shows === null || shows(code);
      const calls = slices.calls.get(i);
      const text = () => (calls > 1 ? callsTextOf(calls) : textOf(code, slices.row.get(i)));
      const style = calls > 1 ? { ...styleOf(code), text: palette.text, strength: SUMMARY } : styleOf(code);
      surface.globalAlpha = shown ? 1 : DIM;
      drawSlice(surface, box, left, right, style, shown ? text : () => NO_TEXT);
      // A pattern needs some room to be seen as one.
      if (failed && shown && right - left < FORM_FROM) places[failure]!.push((left + right) / 2);
    }
  }
  surface.globalAlpha = 1;
  FAILURES.forEach((kind, k) => {
    if (places[k]!.length > 0) drawMarks(surface, box, kind, places[k]!, palette);
  });
}

/** A running call: pale, with a strong leading edge that moves. */
export function drawRunning(
  surface: Surface,
  box: Box,
  scale: TimeScale,
  started: Ns,
  now: Ns,
  style: SliceStyle,
  text: () => SliceText,
): void {
  const left = scale.timeToPx(started);
  const right = Math.max(scale.timeToPx(now), left + 2);
  drawSlice(surface, box, left, right + 1, style, text);
  surface.fillStyle = style.edge;
  surface.fillRect(right - 2, box.y, 2, box.height);
}
