import type { Ns, Px } from "./units";

/** A time scale maps trace time to pixels. It never changes: zooming and panning make another one. */
export class TimeScale {
  readonly start: Ns;
  readonly end: Ns;
  readonly width: Px;
  readonly nsPerPx: number;

  /**
   * @param start trace time at pixel 0, in ns
   * @param end trace time at pixel `width`, in ns; later than `start`
   * @param width in px; more than 0
   * @throws RangeError when the span or the width is empty or not finite
   */
  constructor(start: Ns, end: Ns, width: Px) {
    if (!(end > start) || !(width > 0) || !Number.isFinite(end - start)) {
      throw new RangeError(`a time scale needs a span and a width: ${start} to ${end} over ${width} px`);
    }
    this.start = start;
    this.end = end;
    this.width = width;
    this.nsPerPx = (end - start) / width;
  }

  timeToPx(time: Ns): Px {
    return (time - this.start) / this.nsPerPx;
  }

  pxToTime(px: Px): Ns {
    return this.start + px * this.nsPerPx;
  }

  resizedTo(width: Px): TimeScale {
    return new TimeScale(this.start, this.end, width);
  }
}

/** The times that a view shows. */
export interface Span {
  readonly start: Ns;
  readonly end: Ns;
}

/** Nothing shorter is shown: times are whole nanoseconds, and floats hold no finer ones late in a long trace. */
export const SHORTEST_SPAN: Ns = 100;

/** `span` made `factor` times as long, with the time `anchor` staying where it is on the screen. */
export function zoomed(span: Span, anchor: Ns, factor: number): Span {
  const length = span.end - span.start;
  const limited = Math.max(factor, SHORTEST_SPAN / length);
  return { start: anchor - (anchor - span.start) * limited, end: anchor + (span.end - anchor) * limited };
}

export function moved(span: Span, by: Ns): Span {
  return { start: span.start + by, end: span.end + by };
}

/** `span` brought inside `bounds`: as long as it was if it fits, else all of `bounds`. */
export function within(span: Span, bounds: Span): Span {
  const length = span.end - span.start;
  if (length >= bounds.end - bounds.start) return bounds;
  if (span.start < bounds.start) return { start: bounds.start, end: bounds.start + length };
  if (span.end > bounds.end) return { start: bounds.end - length, end: bounds.end };
  return span;
}
