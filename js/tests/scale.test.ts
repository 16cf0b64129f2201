import { describe, expect, it } from "vitest";
import { SHORTEST_SPAN, TimeScale, within, zoomed } from "../src/base/scale";
import { Viewport } from "../src/view/viewport";

describe("a time scale", () => {
  const scale = new TimeScale(100, 300, 400);

  it("maps both ways", () => {
    expect(scale.timeToPx(150)).toBe(100);
    expect(scale.pxToTime(100)).toBe(150);
    expect(scale.pxToTime(scale.timeToPx(271.5))).toBeCloseTo(271.5);
  });

  it("refuses to be empty", () => {
    for (const [start, end, width] of [
      [1, 1, 10],
      [2, 1, 10],
      [0, 1, 0],
      [0, Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY, 1],
    ]) {
      expect(() => new TimeScale(start!, end!, width!)).toThrow(RangeError);
    }
  });
});

describe("a span", () => {
  it("keeps the anchor's place when zoomed", () => {
    const span = zoomed({ start: 0, end: 1000 }, 250, 0.5);
    expect(span).toEqual({ start: 125, end: 625 });
    expect((250 - span.start) / (span.end - span.start)).toBe(0.25);
  });

  it("is never shorter than what floats can tell apart", () => {
    const { start, end } = zoomed({ start: 0, end: 1000 }, 500, 1e-9);
    expect(end - start).toBeCloseTo(SHORTEST_SPAN);
  });

  it("is brought inside its bounds without changing its length", () => {
    const bounds = { start: 0, end: 100 };
    expect(within({ start: -20, end: 10 }, bounds)).toEqual({ start: 0, end: 30 });
    expect(within({ start: 90, end: 120 }, bounds)).toEqual({ start: 70, end: 100 });
    expect(within({ start: -5, end: 200 }, bounds)).toBe(bounds);
  });
});

describe("the viewport", () => {
  const live = (end: number) => ({ start: 1e9, end: 1e9 + end });

  it("holds the scale still while a live run grows inside it", () => {
    const view = new Viewport();
    view.update(live(1e9), true, 0, false);
    const { end } = view.span;
    view.update(live(1.2e9), true, 10, false);
    expect(view.span.end).toBe(end);
    expect(end).toBeGreaterThan(2.2e9);
  });

  it("makes room before the run leaves it, and shows just the run at its end", () => {
    const view = new Viewport();
    for (let end = 1e9; end < 20e9; end *= 1.05) {
      view.update(live(end), true, 0, false);
      expect(view.span.end).toBeGreaterThanOrEqual(live(end).end);
    }
    view.update(live(20e9), false, 0, false);
    expect(view.span.end / live(20e9).end).toBeCloseTo(1, 1);
  });

  it("glides to its new end and comes to rest", () => {
    const view = new Viewport();
    view.update(live(1e9), true, 0, true);
    view.update(live(10e9), true, 16, true);
    expect(view.moves).toBe(true);
    const frames = Array.from({ length: 200 }, (_, i) => i * 16 + 32);
    for (const page of frames) view.update(live(10e9), true, page, true);
    expect(view.moves).toBe(false);
    expect(view.span.end).toBeGreaterThan(live(10e9).end);
  });

  it("keeps what the user chose while the run goes on, until it is told to show all", () => {
    const view = new Viewport();
    view.update(live(1e9), true, 0, false);
    view.zoom(1.5e9, 0.1);
    const chosen = view.span;
    view.update(live(30e9), true, 10, false);
    expect(view.span).toEqual(chosen);
    expect(view.follows).toBe(false);
    view.pan(0.1e9);
    expect(view.span.start).toBeCloseTo(chosen.start + 0.1e9);
    view.fit();
    expect(view.follows).toBe(true);
    expect(view.span.end).toBeGreaterThan(30e9);
  });

  it("follows again when zoomed out to all", () => {
    const view = new Viewport();
    view.update(live(1e9), false, 0, false);
    view.zoom(1.5e9, 0.5);
    view.zoom(1.5e9, 4);
    expect(view.follows).toBe(true);
  });
});
