/**
 * Draws a lane that has more slices than fit: each pixel column takes its strength from the share of its time that was busy, its colour from
 * how that time ended. A mark at the foot shows every place where any call failed, however short: none is merged out of sight.
 */
import { FAILURES, Outcome } from "../base/codes";
import type { TimeScale } from "../base/scale";
import type { Px } from "../base/units";
import type { SliceIndex, Sums } from "../model/slices";
import { drawMarks } from "./marks";
import type { Box, Palette, PixelRow, Rgb, Surface } from "./surface";

/** Any work at all leaves a trace that can be seen. */
const FAINTEST = 0.25;

/** How strong is what the reader has filtered out. */
export const DIM = 0.15;

/** A colour made of parts by their weight. */
class Mix {
  weight = 0;
  readonly #sum = [0, 0, 0];

  clear(): void {
    if (this.weight === 0) return;
    this.weight = 0;
    this.#sum.fill(0);
  }

  add([red, green, blue]: Rgb, weight: number): void {
    this.weight += weight;
    this.#sum[0]! += red * weight;
    this.#sum[1]! += green * weight;
    this.#sum[2]! += blue * weight;
  }

  paint(pixels: Uint8ClampedArray, at: number, alpha: number): void {
    for (let i = 0; i < 3; i++) pixels[4 * at + i] = this.#sum[i]! / this.weight;
    pixels[4 * at + 3] = 255 * alpha;
  }
}

export interface ColumnLooks {
  readonly palette: Palette;
  /** Colour of what did not fail. */
  readonly plain: Rgb;
  readonly shows: ((code: number) => boolean) | null;
}

/** Where calls failed in one way: the middles of the columns, in px. */
function* failedPlaces(sums: Sums, failure: number, pxPerColumn: number): Generator<Px> {
  const busy = sums.failedBusy[failure]!;
  const count = sums.failed[failure]!;
  for (let i = 0; i + 1 < sums.length; i++) {
    if (count[i + 1]! > count[i]! || busy[i + 1]! > busy[i]!) yield (i + 0.5) * pxPerColumn;
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
  { palette, plain, shows }: ColumnLooks,
): void {
  const columns = sums.length - 1;
  const step = (scale.end - scale.start) / columns;
  slices.sumsAt(scale.start, step, sums);
  const strength = (code: number) => (shows === null || shows(code) ? 1 : DIM);
  const plainStrength = strength(Outcome.returned);
  const failures = FAILURES.flatMap((kind, k) =>
    slices.failedCount(k) > 0
      ? [{ k, kind, rgb: palette.slices[kind].rgb, strength: strength(Outcome[kind]), busy: sums.failedBusy[k]! }]
      : [],
  );
  const mix = new Mix();
  const { pixels } = strip;
  for (let i = 0; i < columns; i++) {
    const busy = sums.busy[i + 1]! - sums.busy[i]!;
    const some = busy > 0 || sums.started[i + 1]! > sums.started[i]!;
    if (!some) {
      pixels[4 * i + 3] = 0;
      continue;
    }
    let rest = busy;
    mix.clear();
    for (let k = 0; k < failures.length; k++) {
      const failure = failures[k]!;
      const failed = failure.busy[i + 1]! - failure.busy[i]!;
      if (failed <= 0) continue;
      rest -= failed;
      mix.add(failure.rgb, failed * failure.strength);
    }
    if (mix.weight > 0) {
      mix.add(plain, Math.max(rest, 0) * plainStrength);
      mix.paint(pixels, i, FAINTEST + (1 - FAINTEST) * Math.min(1, mix.weight / step));
      continue;
    }
    // By far the most columns: nothing to mix.
    pixels[4 * i] = plain[0];
    pixels[4 * i + 1] = plain[1];
    pixels[4 * i + 2] = plain[2];
    pixels[4 * i + 3] = 255 * plainStrength * (FAINTEST + (1 - FAINTEST) * Math.min(1, busy / step));
  }
  strip.paint(surface, box.x, box.y, box.width, box.height);
  for (const { k, kind, strength } of failures) {
    if (strength === 1) drawMarks(surface, box, kind, failedPlaces(sums, k, box.width / columns), palette);
  }
}
