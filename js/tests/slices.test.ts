/** The slice index against an obvious twin that looks at every slice, over seeded random lanes. */
import { describe, expect, it } from "vitest";
import { seeded } from "../dev/synthetic";
import { BLOCK, SliceIndex, Sums } from "../src/model/slices";

interface Slice {
  start: number;
  end: number;
  row: number;
  failed: boolean;
  calls: number;
}

/** A lane's slices do not overlap. */
function randomLane(count: number, seed: number): Slice[] {
  const random = seeded(seed);
  let time = 1000 * random();
  return Array.from({ length: count }, (_, row) => {
    const start = time + (random() < 0.3 ? 0 : 40 * random());
    const end = start + (random() < 0.05 ? 0 : 100 * random() ** 3);
    time = end;
    const calls = random() < 0.2 ? Math.ceil(500 * random()) : 1;
    return { start, end, row, failed: random() < 0.04, calls };
  });
}

/** Every ten thousandth slice takes as long as thousands of the others. */
function withLongOnes(slices: readonly Slice[]): Slice[] {
  let late = 0;
  return slices.map((slice) => {
    const longer = slice.row % 10_000 === 777 ? 50_000 : 0;
    const moved = { ...slice, start: slice.start + late, end: slice.end + late + longer };
    late += longer;
    return moved;
  });
}

function twin(slices: readonly Slice[], time: number) {
  const sums = { busy: 0, failedBusy: 0, failed: 0, started: 0 };
  for (const { start, end, failed, calls } of slices) {
    if (start > time) continue;
    const length = Math.min(end, time) - start;
    sums.started += calls;
    sums.busy += length;
    if (failed) {
      sums.failed += calls;
      sums.failedBusy += length;
    }
  }
  return sums;
}

function indexOf(slices: readonly Slice[]): SliceIndex {
  const index = new SliceIndex((code) => (code === 2 ? 0 : -1));
  for (const { row, start, end, failed, calls } of slices) index.add(row, start, end, failed ? 2 : 1, calls);
  return index;
}

const shuffled = <T>(values: readonly T[], seed: number) => {
  const random = seeded(seed);
  return values
    .map((value) => [random(), value] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, value]) => value);
};

describe.each([0, 1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 1000])("a lane of %i slices", (count) => {
  const slices = randomLane(count, 100 + count);
  const last = slices.at(-1)?.end ?? 100;

  it.each([-50, 0, last / 3])("has the twin's sums from time %d on", (from) => {
    const sums = new Sums(97);
    const step = (last + 120 - from) / 96;
    indexOf(slices).sumsAt(from, step, sums);
    for (let i = 0; i < sums.length; i++) {
      const expected = twin(slices, from + i * step);
      expect(sums.busy[i]).toBeCloseTo(expected.busy, 6);
      expect(sums.failedBusy[0]![i]).toBeCloseTo(expected.failedBusy, 6);
      expect(sums.failed[0]![i]).toBe(expected.failed);
      expect(sums.started[i]).toBe(expected.started);
    }
  });

  it("does not mind in which order its slices came", () => {
    const index = new SliceIndex((code) => (code === 2 ? 0 : -1));
    shuffled(slices, 5).forEach(({ row, start, end, failed, calls }, i) => {
      index.add(row, start, end, failed ? 2 : 1, calls);
      // Reading in between is what makes later disorder hard.
      if (i % 37 === 0) index.settle();
    });
    index.settle();
    const starts = Array.from({ length: index.count }, (_, i) => index.start.get(i));
    expect(starts).toEqual(slices.map((slice) => slice.start));
    expect(index.callCount).toBe(twin(slices, Number.POSITIVE_INFINITY).started);
    expect(index.busy).toBeCloseTo(twin(slices, Number.POSITIVE_INFINITY).busy, 6);
    const sums = new Sums(51);
    index.sumsAt(0, last / 50, sums);
    for (let i = 0; i < sums.length; i++) {
      expect(sums.busy[i]).toBeCloseTo(twin(slices, (i * last) / 50).busy, 6);
      expect(sums.failed[0]![i]).toBe(twin(slices, (i * last) / 50).failed);
    }
  });

  it("lets summary slices go again, in any order, and keeps all else", () => {
    const index = indexOf(slices);
    const random = seeded(count + 2);
    const extra = slices.filter(() => random() < 0.3).map(({ end }) => ({ start: end, end: end + 0.001, code: 1 }));
    // Two at one time, and one without a length.
    if (extra[0]) extra.push({ ...extra[0] }, { ...extra[0], end: extra[0].start });
    extra.forEach(({ start, end, code }, i) => {
      index.add(4294967295, start, end, code, 7);
      if (i % 5 === 0) index.settle();
    });
    expect(index.callCount).toBe(twin(slices, Number.POSITIVE_INFINITY).started + 7 * extra.length);
    const order = shuffled(extra, 8);
    for (let i = 0; i < order.length; i += 20) index.remove(order.slice(i, i + 20));
    expect(index.count).toBe(slices.length);
    const rows = Array.from({ length: index.count }, (_, i) => index.row.get(i));
    expect(rows).toEqual(slices.map(({ row }) => row));
    expect(index.callCount).toBe(twin(slices, Number.POSITIVE_INFINITY).started);
    expect(index.busy).toBeCloseTo(twin(slices, Number.POSITIVE_INFINITY).busy, 6);
  });

  it("finds the slices between two times", () => {
    const index = indexOf(slices);
    const random = seeded(count + 1);
    for (let i = 0; i < 50; i++) {
      const from = random() * last;
      const to = from + random() * 50;
      const expected = slices.filter((slice) => slice.start <= to && (slice.end > from || slice.start > from));
      const [first, end] = index.between(from, to);
      expect(Array.from({ length: end - first }, (_, k) => index.row.get(first + k))).toEqual(
        expected.map((slice) => slice.row),
      );
      expect(index.callsIn(first, end)).toBe(expected.reduce((sum, { calls }) => sum + calls, 0));
    }
  });
});

describe.each([false, true])("a lane with far more slices than columns, with long ones among them: %s", (mixed) => {
  const slices = mixed ? withLongOnes(randomLane(40_000, 3)) : randomLane(40_000, 3);
  const last = slices.at(-1)?.end ?? 0;
  const sums = new Sums(101);
  const step = last / 100;
  indexOf(slices).sumsAt(0, step, sums);

  it("is exact to a column's worth", () => {
    for (let i = 0; i < sums.length; i++) {
      const expected = twin(slices, i * step);
      expect(Math.abs(sums.busy[i]! - expected.busy)).toBeLessThan(step);
      expect(Math.abs(sums.failedBusy[0]![i]! - expected.failedBusy)).toBeLessThan(step);
      expect(Math.abs(sums.started[i]! - expected.started)).toBeLessThanOrEqual(BLOCK * 500);
    }
  });

  it("loses no failed slice and makes none up", () => {
    let failed = 0;
    for (let i = 0; i + 1 < sums.length; i++) {
      expect(sums.failed[0]![i + 1]).toBeGreaterThanOrEqual(sums.failed[0]![i]!);
      failed += sums.failed[0]![i + 1]! - sums.failed[0]![i]!;
    }
    expect(failed).toBeCloseTo(twin(slices, last).failed, 6);
  });
});
