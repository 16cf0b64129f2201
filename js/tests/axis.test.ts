import { describe, expect, it } from "vitest";
import { bytes, duration, percent, rate, whole } from "../src/base/format";
import { TimeScale } from "../src/base/scale";
import { roundStep, tickGap, ticks } from "../src/render/axis";

const plain = (text: string) => text.replaceAll("\u202f", " ");
const labels = (start: number, end: number, width = 800) => {
  const scale = new TimeScale(start, end, width);
  return ticks(scale, tickGap(scale)).ticks.map((tick) => plain(tick.label));
};

describe("steps", () => {
  it.each([
    [1, 1],
    [3, 5],
    [7, 10],
    [1000, 1000],
    [1100, 2000],
    [0.3e9, 0.5e9],
    [0.6e9, 1e9],
    [1.1e9, 2e9],
    [6e9, 10e9],
    [11e9, 15e9],
    [40e9, 60e9],
    [200e9, 300e9],
    [4000e9, 7200e9],
  ])("of at least %d ns are %d", (least, step) => {
    expect(roundStep(least)).toBe(step);
  });
});

describe("ticks", () => {
  it("are in the unit that fits and tell neighbours apart", () => {
    const tenths = Array.from({ length: 10 }, (_, i) => `${((i + 1) / 10).toFixed(1)} s`);
    expect(labels(0, 1e9)).toEqual(["0", ...tenths]);
    expect(labels(0, 40e6)).toContain("10 ms");
    expect(labels(0, 900)).toContain("200 ns");
    expect(labels(12.3456e9, 12.3457e9)[1]).toMatch(/^12\.345\d+ s$/);
  });

  it("count minutes like a clock in a long run", () => {
    expect(labels(0, 600e9)).toContain("2:00");
    expect(labels(0, 600e9)).toContain("10:00");
    expect(labels(0, 20000e9)).toContain("2:00:00");
  });

  it("stand apart and inside the scale, at any zoom", () => {
    for (const start of [0, 3.3e6, 7.77e9, 4000e9]) {
      for (let length = 200; length < 1e13; length *= 3.7) {
        const scale = new TimeScale(start, start + length, 500);
        const gap = tickGap(scale);
        const { ticks: found } = ticks(scale, gap);
        expect(found.length).toBeLessThan(500 / gap + 2);
        expect(new Set(found.map((tick) => tick.label)).size).toBe(found.length);
        for (const { time } of found) expect(time >= start && time <= start + length).toBe(true);
      }
    }
  });
});

describe("numbers", () => {
  it.each([
    [0, "0 ns"],
    [999, "999 ns"],
    [1000, "1.00 µs"],
    [999_700, "1.00 ms"],
    [12_345_678, "12.3 ms"],
    [345e6, "345 ms"],
    [1.254e9, "1.25 s"],
    [61e9, "61.0 s"],
    [125e9, "2 min 5 s"],
    [7384e9, "2 h 3 min"],
    [Number.NaN, "–"],
  ])("%d ns read as %s", (ns, text) => {
    expect(plain(duration(ns))).toBe(text);
  });

  it("of bytes come in thousands", () => {
    expect([0, 340, 999.7, 1250, 999_600, 5e9].map((count) => plain(bytes(count)))).toEqual([
      "0 B",
      "340 B",
      "1.00 kB",
      "1.25 kB",
      "1.00 MB",
      "5.00 GB",
    ]);
  });

  it("are grouped, and have no needless digits", () => {
    expect(plain(whole(1234567))).toBe("1 234 567");
    expect([rate(0.123), rate(3.21), plain(rate(1234.5))]).toEqual(["0.12", "3.2", "1 235"]);
    expect(plain(percent(0.974))).toBe("97 %");
  });
});
