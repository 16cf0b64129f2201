/**
 * Marks at a lane's foot where calls failed that are too short, or too many, to show their own form. Each way to fail has a mark of its own,
 * so that neither colour nor zooming in is needed to tell them apart.
 */
import type { FAILURES } from "../base/codes";
import type { Px } from "../base/units";
import type { Box, Palette, Surface } from "./surface";

type Failure = (typeof FAILURES)[number];

const SIZE: Px = 7;
const HALF = SIZE / 2;
/** The mark reaches past the bar's foot, where it stands against the ground instead of against the bar. */
const BELOW: Px = 2;

const FORMS: Readonly<Record<Failure, (surface: Surface, x: Px, y: Px) => void>> = {
  raised(surface, x, y) {
    surface.moveTo(x, y - SIZE);
    surface.lineTo(x + HALF, y);
    surface.lineTo(x - HALF, y);
    surface.closePath();
  },
  interrupted(surface, x, y) {
    surface.rect(x - HALF + 0.5, y - SIZE + 1, SIZE - 1, SIZE - 1);
  },
  lost(surface, x, y) {
    surface.moveTo(x - HALF, y - SIZE);
    surface.lineTo(x + HALF, y);
    surface.moveTo(x + HALF, y - SIZE);
    surface.lineTo(x - HALF, y);
  },
};

/** @param places in px, ascending. Marks that would cover each other become one. */
export function drawMarks(surface: Surface, box: Box, kind: Failure, places: Iterable<Px>, palette: Palette): void {
  const foot = box.y + box.height + BELOW;
  let last = Number.NEGATIVE_INFINITY;
  surface.beginPath();
  for (const x of places) {
    if (x - last < SIZE) continue;
    last = x;
    FORMS[kind](surface, x, foot);
  }
  if (last === Number.NEGATIVE_INFINITY) return;
  const { edge } = palette.slices[kind];
  // A rim of the ground's colour parts the mark from the bar behind it.
  surface.strokeStyle = palette.surface;
  surface.lineWidth = kind === "lost" ? 4 : 2;
  surface.stroke();
  if (kind === "lost") {
    surface.strokeStyle = edge;
    surface.lineWidth = 2;
    surface.stroke();
  } else {
    surface.fillStyle = edge;
    surface.fill();
  }
}
