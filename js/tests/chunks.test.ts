/** Chunks of a map: which calls were sent together, and the frames around them. */
import { describe, expect, it } from "vitest";
import { encode, type Sections } from "../dev/encode";
import { seeded, snapshot } from "../dev/synthetic";
import { Outcome } from "../src/base/codes";
import { TimeScale } from "../src/base/scale";
import { Recording } from "../src/model/recording";
import { decodeMessage } from "../src/protocol/decode";
import { drawChunks, framesIn } from "../src/render/chunks";
import { PALETTE, recorder } from "./fakes";

const MS = 1e6;
const SIZE = 20;

function recorded(...sections: Sections[]): Recording {
  const recording = new Recording();
  for (const section of sections) {
    const { header, buffers } = encode({}, section);
    recording.fold(decodeMessage(header, buffers));
  }
  return recording;
}

const map = (first: number, count: number, item = 0) => ({
  calls: { first: [first], count: [count], submitted: [0], label: [0], item: [item] },
});

describe("the chunk of a call", () => {
  it("is known by its item, from the map's first to its last", () => {
    const recording = recorded({ ...map(100, 45), chunks: { first: [100], count: [45], size: [SIZE] } });
    expect(recording.chunkOf(99)).toBeNull();
    expect(recording.chunkOf(100)).toEqual({ firstItem: 0, lastItem: 19, firstRow: 100, lastRow: 119 });
    expect(recording.chunkOf(120)).toEqual({ firstItem: 20, lastItem: 39, firstRow: 120, lastRow: 139 });
    expect(recording.chunkOf(144)).toEqual({ firstItem: 40, lastItem: 44, firstRow: 140, lastRow: 144 });
    expect(recording.chunkOf(145)).toBeNull();
  });

  it("is known too when the first calls of the map are no longer kept", () => {
    const recording = recorded({ ...map(0, 15, 30), chunks: { first: [0], count: [15], size: [SIZE] } });
    expect(recording.chunkOf(3)).toMatchObject({ firstItem: 20, lastItem: 39 });
    expect(recording.chunkOf(12)).toMatchObject({ firstItem: 40, lastItem: 44, lastRow: 14 });
  });

  it("is nothing for calls that were sent on their own, before, between and after such maps", () => {
    const told = { chunks: { first: [50, 10], count: [10, 10], size: [4, 5] } };
    const recording = recorded(map(10, 10), map(50, 10), told, told, map(70, 5), map(30, 1, -1));
    const known = [5, 10, 19, 20, 30, 50, 59, 60, 70].map((row) => recording.chunkOf(row)?.lastItem ?? null);
    expect(known).toEqual([null, 4, 9, null, null, 3, 9, null, null]);
  });
});

/** Random maps, chunked and not, over two lanes. */
function randomRun(seed: number): Recording {
  const random = seeded(seed);
  const free = [0, 0];
  const sections: Sections[] = [];
  for (let first = 0; first < 3000; ) {
    const count = 1 + Math.floor(random() * 300);
    const size = random() < 0.3 ? 1 : 2 + Math.floor(random() * 60);
    const ended = { row: [] as number[], lane: [] as number[], started: [] as number[], finished: [] as number[] };
    for (let row = first, lane = 0; row < first + count; row++) {
      if ((row - first) % size === 0) lane = free[0]! <= free[1]! ? 0 : 1;
      const started = free[lane]! + random() * 1000;
      free[lane] = started + random() ** 4 * 100_000;
      // Some never ran.
      if (random() < 0.05) continue;
      ended.row.push(row);
      ended.lane.push(lane);
      ended.started.push(Math.round(started));
      ended.finished.push(Math.round(free[lane]!));
    }
    const times = { sent: ended.started, delivered: ended.finished, outcome: ended.row.map(() => Outcome.returned) };
    sections.push({
      ...map(first, count),
      ...(size > 1 ? { chunks: { first: [first], count: [count], size: [size] } } : {}),
      ended: { ...ended, ...times },
    });
    first += count;
  }
  return recorded(...sections);
}

describe("frames", () => {
  it.each([1, 2, 3, 4, 5])("are those of the slow twin, run %i", (seed) => {
    const recording = randomRun(seed);
    const random = seeded(seed + 100);
    let drawn = 0;
    for (const lane of recording.lanes.values()) {
      const { slices } = lane;
      slices.settle();
      for (let trial = 0; trial < 60; trial++) {
        const start = random() * recording.last;
        const scale = new TimeScale(start, start + 1000 + random() ** 3 * recording.last, 800);
        const byChunk = new Map<number, { start: number; end: number }>();
        for (let i = 0; i < slices.count; i++) {
          const chunk = recording.chunkOf(slices.row.get(i));
          if (chunk === null) continue;
          const known = byChunk.get(chunk.firstRow) ?? { start: slices.start.get(i), end: 0 };
          byChunk.set(chunk.firstRow, { start: known.start, end: slices.end.get(i) });
        }
        const [from, to] = slices.between(scale.start, scale.end);
        const visible = new Set<number>();
        for (let i = from; i < to; i++) visible.add(recording.chunkOf(slices.row.get(i))?.firstRow ?? -1);
        const expected = [...byChunk].filter(
          ([firstRow, { start, end }]) => visible.has(firstRow) && end - start >= 6 * scale.nsPerPx,
        );
        const found = [...framesIn(recording, slices, scale)].map(({ chunk, start, end }) => [
          chunk.firstRow,
          { start, end },
        ]);
        expect(found).toEqual(expected);
        drawn += found.length;
      }
    }
    expect(drawn).toBeGreaterThan(100);
  });

  it("take few steps however many chunks there are", () => {
    const recording = new Recording();
    const { header, buffers } = snapshot({ calls: 100_000, lanes: 1, length: MS, chunk: 4 });
    recording.fold(decodeMessage(header, buffers));
    const { slices } = recording.lanes.get(0)!;
    let asked = 0;
    const chunkOf = recording.chunkOf.bind(recording);
    recording.chunkOf = (row) => {
      asked++;
      return chunkOf(row);
    };
    const scale = new TimeScale(0, recording.last, 1000);
    expect([...framesIn(recording, slices, scale)]).toEqual([]);
    expect(asked).toBeLessThan(100);
    // Where there are frames, there are no more steps than the lane has room for.
    asked = 0;
    const near = new TimeScale(0, recording.last / 250, 1000);
    expect([...framesIn(recording, slices, near)].length).toBeGreaterThan(10);
    expect(asked).toBeLessThan(2 * (1000 / 6));
  });

  const boxes = (now: number, width = 1000) => {
    const recording = new Recording();
    const plan = { calls: 40, lanes: 1, length: 10 * MS, chunk: 10 };
    const { header, buffers } = snapshot(plan, now);
    recording.fold(decodeMessage(header, buffers));
    const { surface, log } = recorder();
    const { slices } = recording.lanes.get(0)!;
    const running = [...recording.running].map(([row, { started }]) => ({ row, started }));
    const scale = new TimeScale(0, 2e9, width);
    const box = { x: 0, y: 20, width, height: 22 };
    drawChunks(surface, box, recording, slices, running, scale, Math.min(now, recording.last), PALETTE);
    return {
      recording,
      scale,
      drawn: log.filter(({ call }) => call === "strokeRect").map(({ args }) => args as number[]),
    };
  };

  it("stand around the first and the last item of each chunk, off the slices", () => {
    const { recording, scale, drawn } = boxes(Number.POSITIVE_INFINITY);
    expect(drawn.length).toBe(4);
    const first = recording.calls.get(0)!;
    const last = recording.calls.get(9)!;
    const [x, y, width, height] = drawn[0] as [number, number, number, number];
    expect(Math.abs(x - scale.timeToPx(first.started))).toBeLessThanOrEqual(1);
    expect(Math.abs(x + width - scale.timeToPx(last.finished))).toBeLessThanOrEqual(2.5);
    expect([y, height]).toEqual([18.5, 25]);
  });

  it("grow with what runs in them", () => {
    const whole = boxes(Number.POSITIVE_INFINITY).recording;
    const now = whole.calls.get(15)!.started + 5 * MS;
    const { recording, scale, drawn } = boxes(now);
    expect(recording.running.size).toBe(1);
    expect(drawn.length).toBe(2);
    const [x, , width] = drawn[1] as [number, number, number];
    expect(Math.abs(x - scale.timeToPx(whole.calls.get(10)!.started))).toBeLessThanOrEqual(1);
    expect(Math.abs(x + width - scale.timeToPx(recording.last) - 2)).toBeLessThanOrEqual(2.5);
  });

  it("are not drawn when they would be narrower than a few pixels", () => {
    expect(boxes(Number.POSITIVE_INFINITY, 40).drawn).toEqual([]);
  });
});
