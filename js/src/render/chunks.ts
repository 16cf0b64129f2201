/** Thin frames around the items of a map that were sent to a worker together. */
import type { TimeScale } from "../base/scale";
import type { Ns, Px, Row } from "../base/units";
import type { Chunk } from "../model/chunks";
import type { Recording } from "../model/recording";
import type { SliceIndex } from "../model/slices";
import type { Box, Palette, Surface } from "./surface";

/** A narrower frame would only darken what it frames. */
const LEAST: Px = 6;
/** In a lane with more slices than this, frames are looked for only if there is one at any of so many places. */
const FULL = 4000;
const PLACES = 32;
/** How far it stands off above and below. */
const OFF: Px = 2;

export interface Frame {
  readonly chunk: Chunk;
  readonly start: Ns;
  readonly end: Ns;
}

/** The index furthest from `from`, in steps of `step`, whose slice is of the chunk; its slices lie side by side in a lane. */
function reach(slices: SliceIndex, from: number, chunk: Chunk, step: 1 | -1): number {
  const room = step > 0 ? slices.count - 1 - from : from;
  let inside = 0;
  let outside = Math.min(room, chunk.lastRow - chunk.firstRow) + 1;
  while (outside - inside > 1) {
    const middle = (inside + outside) >>> 1;
    const row = slices.row.get(from + step * middle);
    if (row >= chunk.firstRow && row <= chunk.lastRow) inside = middle;
    else outside = middle;
  }
  return from + step * inside;
}

/** Whether any of some places of a lane lies in a chunk of at least this length. */
function hasLong(recording: Recording, slices: SliceIndex, scale: TimeScale, length: Ns): boolean {
  const step = (scale.end - scale.start) / PLACES;
  for (let place = 0.5; place < PLACES; place++) {
    const i = slices.startedBy(scale.start + place * step) - 1;
    const chunk = i < 0 ? null : recording.chunkOf(slices.row.get(i));
    if (chunk === null) continue;
    const [first, last] = [reach(slices, i, chunk, -1), reach(slices, i, chunk, 1)];
    if (slices.end.get(last) - slices.start.get(first) >= length) return true;
  }
  return false;
}

/**
 * The chunks of a lane that a scale shows at `least` px or wider, in the order of their start. Narrower ones are passed over in steps of
 * `least` px, so that there are never more steps than the lane has room for frames.
 */
export function* framesIn(
  recording: Recording,
  slices: SliceIndex,
  scale: TimeScale,
  least: Px = LEAST,
): Generator<Frame> {
  const wide = least * scale.nsPerPx;
  const [from, to] = slices.between(scale.start, scale.end);
  if (to - from > FULL && !hasLong(recording, slices, scale, wide)) return;
  let i = from;
  while (i < to) {
    const chunk = recording.chunkOf(slices.row.get(i));
    const first = chunk === null ? i : reach(slices, i, chunk, -1);
    const last = chunk === null ? i : reach(slices, i, chunk, 1);
    const start = slices.start.get(first);
    const end = slices.end.get(last);
    if (chunk !== null && end - start >= wide) yield { chunk, start, end };
    // Whatever is wide enough and begins within this step is still there at its end, or at the picture's.
    const next = end - start >= wide ? last + 1 : slices.startedBy(start + wide) - 1;
    i = Math.max(last + 1, Math.min(next, to - 1));
  }
}

function frame(surface: Surface, box: Box, left: Px, right: Px): void {
  // What lies far outside is cut off here: canvases lose precision at millions of pixels.
  const from = Math.max(left, box.x - 8);
  const to = Math.min(right, box.x + box.width + 8);
  // On half pixels a line of one pixel is sharp. The last slice ends a pixel early, and so does the frame.
  const x = Math.round(from) + 0.5;
  const width = Math.round(to) - 1.5 - x;
  if (width > 0) surface.strokeRect(x, box.y - OFF + 0.5, width, box.height + 2 * OFF - 1);
}

/**
 * Draw the frames of a lane.
 *
 * @param running what runs in it, which a frame holds too
 */
export function drawChunks(
  surface: Surface,
  box: Box,
  recording: Recording,
  slices: SliceIndex,
  running: readonly { row: Row; started: Ns }[],
  scale: TimeScale,
  now: Ns,
  palette: Palette,
): void {
  if (recording.chunks.isEmpty) return;
  surface.strokeStyle = palette.faintText;
  surface.lineWidth = 1;
  const open = running.flatMap(({ row, started }) => {
    const chunk = recording.chunkOf(row);
    return chunk === null ? [] : [{ chunk, started }];
  });
  for (const { chunk, start, end } of framesIn(recording, slices, scale)) {
    if (open.some((call) => call.chunk.firstRow === chunk.firstRow)) continue;
    frame(surface, box, scale.timeToPx(start), scale.timeToPx(end));
  }
  for (const { chunk, started } of open) {
    const last = slices.count - 1;
    const ended = last >= 0 && recording.chunkOf(slices.row.get(last))?.firstRow === chunk.firstRow;
    const start = ended ? slices.start.get(reach(slices, last, chunk, -1)) : started;
    if (now - start >= LEAST * scale.nsPerPx) frame(surface, box, scale.timeToPx(start), scale.timeToPx(now) + 2);
  }
}
