/** What a drag does: it moves the picture, chooses a span, or moves and stretches the overview's window. */
import type { Span, TimeScale } from "../base/scale";
import type { Ns, Px } from "../base/units";
import type { Drag } from "./gestures";
import type { Viewport } from "./viewport";

/** How near to an edge of the overview's window the pointer takes hold of it. */
const EDGE: Px = 6;

const ordered = (one: Ns, other: Ns): Span => ({ start: Math.min(one, other), end: Math.max(one, other) });

export type Hold = "start" | "end" | "window" | "outside";

/** What of the overview's window lies at a place. A window that holds all cannot be moved, only drawn anew. */
export function holdAt(overview: TimeScale, viewport: Viewport, x: Px): Hold {
  const from = overview.timeToPx(viewport.span.start);
  const to = overview.timeToPx(viewport.span.end);
  if (Math.abs(x - from) <= EDGE && x < (from + to) / 2) return "start";
  if (Math.abs(x - to) <= EDGE) return "end";
  return x > from && x < to && !viewport.follows ? "window" : "outside";
}

export function panDrag(from: Px, pan: (by: Px) => void, clicked: () => void): Drag {
  let last = from;
  return {
    move(x) {
      pan(last - x);
      last = x;
    },
    end(wasClick) {
      if (wasClick) clicked();
    },
  };
}

/**
 * @param scale of the rows, when the drag began
 * @param draft shows the span while it is dragged out; null when there is none any more
 */
export function spanDrag(
  scale: TimeScale,
  from: Px,
  draft: (span: Span | null) => void,
  chosen: (span: Span) => void,
  clicked: () => void,
): Drag {
  let span: Span | null = null;
  return {
    move(x) {
      span = ordered(scale.pxToTime(from), scale.pxToTime(Math.max(0, Math.min(scale.width, x))));
      draft(span);
    },
    end(wasClick) {
      draft(null);
      if (wasClick) clicked();
      else if (span !== null && span.end > span.start) chosen(span);
    },
  };
}

/** @param changed is told after each step */
export function overviewDrag(overview: TimeScale, viewport: Viewport, from: Px, changed: () => void): Drag {
  const hold = holdAt(overview, viewport, from);
  const { start, end } = viewport.span;
  const begin = overview.pxToTime(from);
  return {
    move(x) {
      const time = overview.pxToTime(x);
      if (hold === "start") viewport.show(ordered(time, end));
      else if (hold === "end") viewport.show(ordered(start, time));
      else if (hold === "window") viewport.show({ start: start + time - begin, end: end + time - begin });
      else viewport.show(ordered(begin, time));
      changed();
    },
    end(wasClick) {
      if (!wasClick || hold !== "outside") return;
      viewport.centre(begin);
      changed();
    },
  };
}
