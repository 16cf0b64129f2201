/**
 * Units that the type checker keeps apart. A plain number fits any of them, so arithmetic needs no casts, but a value that is
 * known to be one unit is refused where another is asked for.
 */
type Flavoured<Unit extends string> = number & { readonly __unit?: Unit };

/** Nanoseconds since the trace's start, or a length of time in nanoseconds. */
export type Ns = Flavoured<"ns">;

/** CSS pixels from the left or top edge of whatever is drawn, or a length in them. */
export type Px = Flavoured<"px">;

/** Milliseconds of the page's own clock, `performance.now()`. */
export type PageMs = Flavoured<"page ms">;

/** Milliseconds since 1970-01-01 UTC. */
export type UnixMs = Flavoured<"unix ms">;

/** A call's number on the wire. Rows are not dense: some may never be announced. */
export type Row = Flavoured<"row">;

export const MS: Ns = 1e6;
export const SECOND: Ns = 1e9;
