import { describe, expect, it } from "vitest";
import { bytes, duration, percent, rate, whole } from "../src/base/format";
import { TimeScale } from "../src/base/scale";
import { roundStep, tickGap, ticks, timeLabel } from "../src/render/axis";

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
    expect(labels(1.25e9, 1.26e9)[1]).toMatch(/^1\.25\d s$/);
  });

  const axis = (start: number, end: number) => {
    const scale = new TimeScale(start, end, 800);
    const { base, ticks: found } = ticks(scale, tickGap(scale));
    return { base: plain(base), labels: found.map(({ label }) => plain(label)) };
  };

  it("say what differs, and what they share once", () => {
    expect(axis(6.264e6, 6.266e6).base).toBe("6.26 ms");
    expect(axis(6.264e6, 6.266e6).labels.slice(0, 3)).toEqual(["+4.0 µs", "+4.2 µs", "+4.4 µs"]);
    expect(axis(12.3456e9, 12.3457e9)).toMatchObject({ base: "12.3456 s" });
    expect(axis(12.3456e9, 12.3457e9).labels.slice(0, 3)).toEqual(["+0", "+10 µs", "+20 µs"]);
    // Far into a run the base is a clock.
    expect(axis(3723.5004e9, 3723.5008e9)).toMatchObject({ base: "1:02:03.500" });
    expect(axis(3723.5004e9, 3723.5008e9).labels[1]).toBe("+450 µs");
    expect(axis(0, 2000)).toMatchObject({ base: "" });
    expect(axis(3600e9, 3660e9)).toMatchObject({ base: "" });
  });

  it("have few digits at any zoom, and with the base are the time that they mark", () => {
    const value = (text: string) => {
      const [, number = "", unit = "ns"] = /^\+?(-?[\d.]+) ?(\S*)$/.exec(text) ?? [];
      return Number(number) * ({ s: 1e9, ms: 1e6, µs: 1e3, ns: 1 }[unit || "ns"] ?? Number.NaN);
    };
    for (const start of [3.3e6, 7.77e6 + 123, 7.77e9 + 4567, 59e9]) {
      for (let length = 200; length < start; length *= 2.3) {
        const scale = new TimeScale(start, start + length, 700);
        const { base, ticks: found } = ticks(scale, tickGap(scale));
        for (const { time, label } of found) {
          expect(label.replace(/[^\d]/g, "").length, label).toBeLessThanOrEqual(5);
          const whole = value(plain(base) || "0") + value(plain(label));
          expect(Math.abs(whole - time), `${base} ${label}`).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("name the time under the pointer with the same base", () => {
    const scale = new TimeScale(6.264e6, 6.266e6, 800);
    expect(plain(timeLabel(6.2648123e6, 200, scale))).toBe("6.26 ms + 4.812 µs");
    expect(plain(timeLabel(22.4171234e9, 10e6, new TimeScale(22.4e9, 22.43e9, 420)))).toBe("22.4171 s");
    expect(plain(timeLabel(3661.25e9, 10e9, new TimeScale(3600e9, 3700e9, 800)))).toBe("1:01:01 + 300 ms");
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
