/**
 * Draws a lane that has more slices than fit: each pixel column takes its strength from the share of its time that was busy, its colour from
 * how much of that failed. A mark at the foot shows every column in which any call failed, however short: none is merged out of sight.
 */
import type { TimeScale } from "../base/scale";
import type { Px } from "../base/units";
import type { SliceIndex, Sums } from "../model/slices";
import type { Box, Palette, PixelRow, Rgb, Surface } from "./surface";

/** The mark reaches past the bar's foot, where it stands against the ground instead of against the bar. */
const MARK_ABOVE: Px = 5;
const MARK_BELOW: Px = 2;
const MARK_WIDTH: Px = 3;

/** Any work at all leaves a trace that can be seen. */
const FAINTEST = 0.25;

function paintPixel(pixels: Uint8ClampedArray, at: number, from: Rgb, to: Rgb, mix: number, alpha: number): void {
  for (let i = 0; i < 3; i++) pixels[4 * at + i] = from[i]! + (to[i]! - from[i]!) * mix;
  pixels[4 * at + 3] = 255 * alpha;
}

/** Set the pixels where any call failed, at least `width` of them around each. */
function markFailures(sums: Sums, pixels: Uint8ClampedArray, colour: Rgb, width: number): void {
  const columns = sums.length - 1;
  pixels.fill(0);
  const reach = Math.floor(width / 2);
  let next = 0;
  for (let i = 0; i < columns; i++) {
    if (sums.failed[i + 1]! <= sums.failed[i]! && sums.failedBusy[i + 1]! <= sums.failedBusy[i]!) continue;
    next = Math.max(next, i - reach);
    for (; next <= Math.min(columns - 1, i + reach); next++) paintPixel(pixels, next, colour, colour, 0, 1);
  }
}

/**
 * @param sums room for one more value than there are pixels
 * @param strip a row of as many pixels as the box is wide on the screen
 */
export function drawColumns(
  surface: Surface,
  box: Box,
  scale: TimeScale,
  slices: SliceIndex,
  sums: Sums,
  strip: PixelRow,
  palette: Pick<Palette, "slices">,
): void {
  const columns = sums.length - 1;
  const step = (scale.end - scale.start) / columns;
  slices.sumsAt(scale.start, step, sums);
  const plain = palette.slices.returned.rgb;
  const failed = palette.slices.raised.rgb;
  let anyFailed = false;
  for (let i = 0; i < columns; i++) {
    const busy = sums.busy[i + 1]! - sums.busy[i]!;
    const failedBusy = sums.failedBusy[i + 1]! - sums.failedBusy[i]!;
    const share = Math.min(1, busy / step);
    const some = busy > 0 || sums.started[i + 1]! > sums.started[i]!;
    paintPixel(
      strip.pixels,
      i,
      plain,
      failed,
      busy > 0 ? failedBusy / busy : 0,
      some ? FAINTEST + (1 - FAINTEST) * share : 0,
    );
    anyFailed ||= failedBusy > 0 || sums.failed[i + 1]! > sums.failed[i]!;
  }
  strip.paint(surface, box.x, box.y, box.width, box.height);
  if (!anyFailed) return;
  markFailures(sums, strip.pixels, failed, Math.round((MARK_WIDTH * columns) / box.width));
  strip.paint(surface, box.x, box.y + box.height - MARK_ABOVE, box.width, MARK_ABOVE + MARK_BELOW);
}
