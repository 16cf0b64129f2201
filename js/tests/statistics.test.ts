/** What a span holds, against a twin that looks at every call. */
import { describe, expect, it } from "vitest";
import { seeded, snapshot } from "../dev/synthetic";
import { Recording } from "../src/model/recording";
import { quantile, statisticsOf } from "../src/model/statistics";
import { decodeMessage } from "../src/protocol/decode";

const MS = 1e6;

function recordingOf(encoded: ReturnType<typeof snapshot>) {
  const message = decodeMessage(encoded.header, encoded.buffers);
  const recording = new Recording();
  recording.fold(message);
  return { recording, now: message.now };
}

interface Slice {
  start: number;
  end: number;
  code: number;
}

function everySlice(recording: Recording): Slice[] {
  return [...recording.lanes.values()].flatMap(({ slices }) =>
    Array.from({ length: slices.count }, (_, i) => ({
      start: slices.start.get(i),
      end: slices.end.get(i),
      code: slices.code.get(i),
    })),
  );
}

describe("the statistics of a span", () => {
  const { recording, now } = recordingOf(snapshot({ calls: 5000, lanes: 5, length: 3 * MS, failing: 0.1 }));
  const all = everySlice(recording);
  const random = seeded(11);

  it.each(Array.from({ length: 20 }, (_, i) => i))("are the twin's: %i", () => {
    const start = random() * now;
    const end = start + random() * (now - start);
    const found = statisticsOf(recording, start, end, now);
    const inside = all.filter((slice) => slice.start <= end && slice.end > start);
    expect(found.calls).toBe(inside.length);
    const byKind = new Map<number, number>();
    for (const { code } of inside) byKind.set(code, (byKind.get(code) ?? 0) + 1);
    expect([...found.counts.values()].sort()).toEqual([...byKind.values()].sort());
    expect(found.counts.get("raised") ?? 0).toBe(byKind.get(2) ?? 0);
    const busy = inside.reduce((sum, slice) => sum + Math.min(slice.end, end) - Math.max(slice.start, start), 0);
    expect(found.lanes.reduce((sum, lane) => sum + lane.busy, 0)).toBeCloseTo(busy, -1);
    const lengths = inside.map((slice) => slice.end - slice.start).sort((a, b) => a - b);
    expect(found.median).toBe(lengths[Math.ceil(lengths.length / 2) - 1]);
    expect(found.p95).toBe(lengths[Math.ceil(lengths.length * 0.95) - 1]);
  });

  it("count what runs, as long as it has run", () => {
    const live = recordingOf(snapshot({ calls: 24, lanes: 4, length: 900 * MS }, 2600 * MS));
    const late = statisticsOf(live.recording, live.now - MS, live.now + 9 * MS, live.now);
    expect(late.counts.get("running")).toBe(4);
    expect(late.lanes.map(({ busy }) => Math.round(busy / MS))).toEqual([1, 1, 1, 1]);
    expect(late.utilisation).toBeCloseTo(1);
  });

  it("of a time in which nothing ran are none", () => {
    const empty = statisticsOf(recording, now + MS, now + 2 * MS, now);
    expect([empty.calls, empty.median, empty.utilisation]).toEqual([0, Number.NaN, Number.NaN]);
  });
});

it("a quantile is a value that is there", () => {
  expect(quantile(Float64Array.of(1, 2, 3, 4), 0.5)).toBe(2);
  expect(quantile(Float64Array.of(7), 0.95)).toBe(7);
  expect(quantile(new Float64Array(0), 0.5)).toBeNaN();
});
