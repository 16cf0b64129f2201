/** What is drawn, by the log of a canvas that only remembers. */
import { describe, expect, it } from "vitest";
import { encode, type Sections } from "../dev/encode";
import { seeded, snapshot } from "../dev/synthetic";
import { failureOf, Outcome } from "../src/base/codes";
import { TimeScale } from "../src/base/scale";
import { loadOver } from "../src/model/load";
import { Recording } from "../src/model/recording";
import { SliceIndex, Sums } from "../src/model/slices";
import { decodeMessage } from "../src/protocol/decode";
import { drawColumns } from "../src/render/columns";
import { AXIS_HEIGHT, CALLER_HEIGHT, layOut, OVERVIEW_HEIGHT, rowAt } from "../src/render/layout";
import { pick } from "../src/render/pick";
import { drawScene, type Scene } from "../src/render/scene";
import { drawSlices } from "../src/render/slices";
import { type Drawn, FakeStrip, PALETTE, recorder } from "./fakes";

const MS = 1e6;
const BOX = { x: 0, y: 10, width: 400, height: 20 };
const failed = (code: number) => code === Outcome.raised;
const failure = (code: number) => (failed(code) ? 0 : -1);

function drawn(slices: SliceIndex, scale: TimeScale): Drawn[] {
  const { surface, log } = recorder();
  const styleOf = (code: number) => (failed(code) ? PALETTE.slices.raised : PALETTE.slices.returned);
  const text = (_code: number, row: number) => [`prime [${row}]`, `[${row}]`] as const;
  const callsTextOf = (calls: number) => [`${calls} calls`, `${calls}`] as const;
  const looks = { styleOf, textOf: text, callsTextOf, shows: null, palette: PALETTE };
  drawSlices(surface, BOX, scale, slices, slices.between(scale.start, scale.end), looks);
  return log;
}

describe("slices", () => {
  it("are rectangles where their times are, each with the words that fit", () => {
    const slices = new SliceIndex(failure);
    slices.add(1, 0, 100, Outcome.returned);
    slices.add(2, 100, 140, Outcome.returned);
    slices.add(3, 140, 145, Outcome.returned);
    const log = drawn(slices, new TimeScale(0, 400, 400));
    expect(log.filter(({ call }) => call === "roundRect").map(({ args }) => args.slice(0, 4))).toEqual([
      [0, 10, 99, 20],
      [100, 10, 39, 20],
    ]);
    expect(log.find(({ call }) => call === "fillRect")?.args).toEqual([140, 10, 4, 20]);
    expect(log.filter(({ call }) => call === "fillText").map(({ args }) => args[0])).toEqual(["prime [1]", "[2]"]);
  });

  it("outside the scale are not drawn, and those that reach in are cut near its edge", () => {
    const slices = new SliceIndex(failure);
    slices.add(1, 0, 50, Outcome.returned);
    slices.add(2, 60, 1e9, Outcome.returned);
    const log = drawn(slices, new TimeScale(100, 500, 400));
    const boxes = log.filter(({ call }) => call === "roundRect");
    expect(boxes.length).toBe(1);
    const [x, , width] = boxes[0]!.args as number[];
    expect(x).toBeGreaterThanOrEqual(-8);
    expect(x! + width!).toBeLessThanOrEqual(408);
  });

  it("that failed are drawn last and can be seen however short", () => {
    const slices = new SliceIndex(failure);
    slices.add(1, 0, 0.001, Outcome.raised);
    slices.add(2, 0.002, 10, Outcome.returned);
    const fills = drawn(slices, new TimeScale(0, 4000, 400)).filter(({ call }) => call === "fillRect");
    expect(fills.map(({ fillStyle }) => fillStyle)).toEqual(["returned", "raised"]);
    expect(fills[1]?.args[2]).toBeGreaterThanOrEqual(2);
  });
});

describe("a summary slice", () => {
  it("is as long as its calls were busy, and says how many they are", () => {
    const slices = new SliceIndex(failure);
    slices.add(4294967295, 0, 100, Outcome.returned, 312);
    slices.add(2, 200, 260, Outcome.returned);
    const log = drawn(slices, new TimeScale(0, 400, 400));
    const words = log.filter(({ call }) => call === "fillText");
    expect(words.map(({ args, fillStyle }) => [args[0], fillStyle])).toEqual([
      ["312 calls", "text"],
      ["[2]", "returned text"],
    ]);
    expect(log.find(({ call }) => call === "roundRect")?.args.slice(0, 3)).toEqual([0, 10, 99]);
  });

  it("is no call under the pointer", () => {
    const { recording, layout, scale, message } = sceneOf(snapshot({ calls: 2, lanes: 1, length: 10 * MS }));
    const row = layout.rows.find(({ kind }) => kind === "lane");
    if (row?.kind !== "lane") throw new Error("no lane");
    const end = row.lane.slices.end.get(1);
    row.lane.slices.add(4294967295, end, end + 20 * MS, Outcome.returned, 9);
    const picked = pick(recording, row, scale, scale.timeToPx(end + MS), message.now, 3);
    expect(picked).toEqual({ kind: "summary", code: Outcome.returned, calls: 9, start: end, end: end + 20 * MS });
  });
});

describe("a lane drawn by column", () => {
  function columns(add: (slices: SliceIndex) => void, shows: ((code: number) => boolean) | null = null, width = 100) {
    const slices = new SliceIndex(failureOf);
    add(slices);
    const strip = new FakeStrip(width);
    const box = { ...BOX, width };
    const scale = new TimeScale(0, 1000, width);
    const { surface, log } = recorder();
    const looks = { palette: PALETTE, plain: PALETTE.slices.returned.rgb, shows };
    drawColumns(surface, box, scale, slices, new Sums(width + 1), strip, looks);
    return { bars: strip.painted[0]?.pixels ?? new Uint8ClampedArray(), log };
  }

  it("is as strong as it was busy, and empty where nothing ran", () => {
    const { bars } = columns((slices) => {
      for (let i = 0; i < 50; i++) slices.add(i, i * 10, i * 10 + 5, Outcome.returned);
      for (let i = 50; i < 75; i++) slices.add(i, i * 10, i * 10 + 10, Outcome.returned);
    });
    const alpha = (column: number) => bars[4 * column + 3]!;
    expect(alpha(60)).toBe(255);
    expect(alpha(20)).toBeGreaterThan(100);
    expect(alpha(20)).toBeLessThan(180);
    expect(alpha(90)).toBe(0);
  });

  const crowd = (code: number) => (slices: SliceIndex) => {
    for (let i = 0; i < 50_000; i++) slices.add(i, i / 50, (i + 1) / 50, i === 31_234 ? code : Outcome.returned);
  };

  it.each([
    ["raised", Outcome.raised, "lineTo"],
    ["interrupted", Outcome.interrupted, "rect"],
    ["lost", Outcome.lost, "lineTo"],
  ] as const)("marks one %s call among thousands, in a form of its own", (kind, code, call) => {
    const { log } = columns(crowd(code));
    const places = log.filter(({ args }) => Math.abs(Number(args[0]) - 62.5) < 8);
    expect(places.some((entry) => entry.call === call)).toBe(true);
    const colour =
      kind === "lost" ? log.filter(({ call }) => call === "stroke") : log.filter(({ call }) => call === "fill");
    expect(colour.length).toBeGreaterThan(0);
    if (kind !== "lost") expect(colour[0]?.fillStyle).toBe(`${kind} edge`);
  });

  it("marks each failed call among a million, at any zoom, however short, and nothing else", () => {
    const [total, length] = [1_000_000, 1000];
    const slices = new SliceIndex(failureOf);
    const random = seeded(11);
    const kinds = [Outcome.raised, Outcome.interrupted, Outcome.lost];
    const failures = new Map(Array.from({ length: 12 }, (_, i) => [Math.floor(random() * total), kinds[i % 3]!]));
    for (const edge of [1, total - 2]) failures.set(edge, Outcome.raised);
    for (let i = 0; i < total; i++) {
      const code = failures.get(i) ?? Outcome.returned;
      // Half of them take no time at all.
      slices.add(i, i * length, i * length + (i % 2 ? length : 0), code);
    }
    for (let zoom = 0; zoom < 24; zoom++) {
      const width = zoom === 0 ? total * length : (total * length) / 2 ** (zoom / 3);
      const start = zoom === 0 ? 0 : random() * (total * length - width);
      const scale = new TimeScale(start, start + width, BOX.width);
      const { surface, log } = recorder();
      const looks = { palette: PALETTE, plain: PALETTE.slices.returned.rgb, shows: null };
      drawColumns(surface, BOX, scale, slices, new Sums(BOX.width + 1), new FakeStrip(BOX.width), looks);
      const marks = log.filter(({ call }) => call === "moveTo" || call === "rect").map(({ args }) => Number(args[0]));
      const places = [...failures.keys()].map((i) => scale.timeToPx(i * length)).filter((x) => x > 0 && x < BOX.width);
      for (const x of places) expect(marks.filter((mark) => Math.abs(mark - x) < 12).length).toBeGreaterThan(0);
      for (const mark of marks) expect(places.filter((x) => Math.abs(mark - x) < 12).length).toBeGreaterThan(0);
      if (zoom === 0) expect(places.length).toBe(failures.size);
    }
  });

  it("has no marks where nothing failed", () => {
    const { log } = columns((slices) => slices.add(1, 0, 900, Outcome.returned));
    expect(log.some(({ call }) => call === "fill" || call === "stroke")).toBe(false);
  });

  it("takes the colour of how its time ended", () => {
    const { bars } = columns((slices) => {
      slices.add(1, 0, 500, Outcome.interrupted);
      slices.add(2, 500, 1000, Outcome.raised);
    });
    expect([...bars.slice(4 * 20, 4 * 20 + 4)]).toEqual([200, 0, 200, 255]);
    expect([...bars.slice(4 * 70, 4 * 70 + 4)]).toEqual([200, 0, 0, 255]);
  });

  it("fades what is filtered out, and its marks go with it", () => {
    const only = (wanted: number) => (code: number) => code === wanted;
    const others = columns(crowd(Outcome.raised), only(Outcome.lost));
    expect(others.bars[4 * 20 + 3]).toBeLessThan(60);
    expect(others.log.some(({ call }) => call === "fill")).toBe(false);
    const those = columns(crowd(Outcome.raised), only(Outcome.raised));
    expect(those.bars[4 * 20 + 3]).toBeLessThan(60);
    expect(those.log.some(({ call }) => call === "fill")).toBe(true);
  });
});

function sceneOf(encoded: ReturnType<typeof snapshot>, width = 800, height = 400, more: Partial<Scene> = {}) {
  const message = decodeMessage(encoded.header, encoded.buffers);
  const recording = new Recording();
  recording.fold(message);
  const bounds = { start: 0, end: message.now * 1.01 };
  const scale = new TimeScale(bounds.start, bounds.end, width);
  const { surface, log } = recorder();
  const strip = new FakeStrip(width);
  const layout = layOut(recording);
  drawScene(surface, {
    recording,
    layout,
    load: loadOver(recording, 0, bounds.end / 100, 100, message.now),
    bounds,
    scale,
    width,
    height,
    scroll: 0,
    now: message.now,
    palette: PALETTE,
    sums: new Sums(width + 1),
    strip,
    textOf: (row) => [`f [${row}]`, `[${row}]`],
    waitTextOf: () => ["map()", "map()"],
    callsTextOf: (calls) => [`${calls} calls`, `${calls}`],
    exitTextOf: ({ detail }) => detail,
    shows: null,
    leads: false,
    cursor: null,
    highlight: null,
    selected: null,
    span: null,
    ...more,
  });
  return { log, strip, recording, layout, scale, message };
}

describe("a scene", () => {
  it("draws running calls up to now, with a leading edge", () => {
    const { log, scale, message } = sceneOf(snapshot({ calls: 24, lanes: 4, length: 900 * MS }, 2600 * MS));
    const edges = log.filter(({ fillStyle, call }) => call === "fillRect" && fillStyle === "running edge");
    expect(edges.length).toBe(4);
    for (const { args } of edges) expect(Number(args[0]) + 2).toBeCloseTo(scale.timeToPx(message.now));
  });

  it("merges full lanes, and only them", () => {
    expect(sceneOf(snapshot({ calls: 100, lanes: 4, length: 10 * MS })).strip.painted.length).toBe(0);
    expect(sceneOf(snapshot({ calls: 20_000, lanes: 4, length: MS })).strip.painted.length).toBe(4);
  });

  it("of nothing is an axis and no error", () => {
    const { log } = sceneOf(encode({ now: 1e9 }));
    expect(log.some(({ call }) => call === "fillText")).toBe(true);
  });

  it("puts callers first and a header over each of several pools", () => {
    const { layout } = sceneOf(snapshot({ calls: 30, lanes: 4, length: 10 * MS, pools: 2 }));
    expect(layout.rows.map((row) => row.kind)).toEqual(["caller", "pool", "lane", "lane", "pool", "lane", "lane"]);
    for (const row of layout.rows) expect(rowAt(layout, row.top + 1)).toBe(row);
    expect(rowAt(layout, layout.height)).toBeNull();
    const one = sceneOf(snapshot({ calls: 30, lanes: 4, length: 10 * MS })).layout;
    expect(one.rows.some((row) => row.kind === "pool")).toBe(false);
  });

  it("keeps its rows between overview and axis", () => {
    const { log } = sceneOf(snapshot({ calls: 30, lanes: 4, length: 10 * MS }), 800, 200);
    const clip = log.find(({ call }) => call === "rect")?.args;
    expect(clip).toEqual([0, OVERVIEW_HEIGHT, 800, 200 - OVERVIEW_HEIGHT - AXIS_HEIGHT]);
  });
});

describe("picking", () => {
  it("finds the call under the pointer, its neighbour's within reach, and nothing in the void", () => {
    const { recording, layout, scale, message } = sceneOf(snapshot({ calls: 12, lanes: 2, length: 50 * MS }));
    for (const row of layout.rows) {
      if (row.kind !== "lane") continue;
      const { slices } = row.lane;
      for (let i = 0; i < slices.count; i++) {
        const middle = scale.timeToPx((slices.start.get(i) + slices.end.get(i)) / 2);
        expect(pick(recording, row, scale, middle, message.now, 3)).toMatchObject({
          kind: "call",
          row: slices.row.get(i),
        });
      }
      expect(pick(recording, row, scale, scale.width + 50, message.now, 3)).toBeNull();
    }
  });

  it("counts what is merged", () => {
    const { recording, layout, scale, message } = sceneOf(snapshot({ calls: 20_000, lanes: 2, length: MS }));
    const row = layout.rows.find(({ kind }) => kind === "lane");
    const picked = row && pick(recording, row, scale, 400, message.now, 3);
    expect(picked).toMatchObject({ kind: "merged", failed: 0 });
    expect(picked?.kind === "merged" && picked.count).toBeGreaterThan(5);
  });
});

describe("on demand", () => {
  const LENGTH = 10 * MS;
  const few = snapshot({ calls: 6, lanes: 1, length: LENGTH });

  it("waiting and transfer stand before each slice, and only then", () => {
    const accents = (leads: boolean) =>
      sceneOf(few, 800, 400, { leads }).log.filter(({ fillStyle, args }) => fillStyle === "accent" && args[3] === 2);
    expect(accents(false).length).toBe(0);
    const { scale, recording } = sceneOf(few);
    const drawn = accents(true);
    expect(drawn.length).toBe(6);
    const call = recording.calls.get(0)!;
    expect(drawn[0]?.args[0]).toBeCloseTo(scale.timeToPx(call.sent));
    expect(Number(drawn[0]?.args[0]) + Number(drawn[0]?.args[2])).toBeCloseTo(scale.timeToPx(call.started));
  });

  it("the call that is looked at has its lead always", () => {
    const { layout, recording } = sceneOf(few);
    const row = layout.rows.find(({ kind }) => kind === "lane")!;
    const { started, finished } = recording.calls.get(3)!;
    const selected = { start: started, end: finished, row, call: 3 };
    const { log } = sceneOf(few, 800, 400, { selected });
    expect(log.filter(({ fillStyle, args }) => fillStyle === "accent" && args[3] === 2).length).toBe(1);
    expect(log.filter(({ call }) => call === "stroke").length).toBeGreaterThanOrEqual(2);
  });
});

describe("a worker's life", () => {
  const lane = (fields: object) => ({
    lane: 0,
    pool: 1,
    name: "worker 1",
    ident: 1,
    started: 100 * MS,
    ready: 300 * MS,
    exited: null,
    detail: "",
    how: "none" as const,
    ...fields,
  });
  const living = (fields: object) => sceneOf(encode({ now: 1000 * MS, lanes: [lane(fields)] }));

  it("begins with dots until it is ready", () => {
    const { log, scale } = living({});
    const dots = log
      .filter(({ fillStyle, args }) => fillStyle === "faint" && args[2] === 1.5)
      .map(({ args }) => Number(args[0]));
    expect(dots.length).toBeGreaterThan(10);
    expect(Math.min(...dots)).toBeGreaterThanOrEqual(Math.round(scale.timeToPx(100 * MS)));
    expect(Math.max(...dots)).toBeLessThanOrEqual(scale.timeToPx(300 * MS));
    expect(living({ ready: 100 * MS }).log.some(({ args }) => args[2] === 1.5)).toBe(false);
  });

  it("ends with a line, and a death with a mark and its words", () => {
    const orderly = living({ exited: 500 * MS });
    expect(orderly.log.some(({ call, args }) => call === "fillText" && String(args[0]).includes("SIGKILL"))).toBe(
      false,
    );
    const { log, scale } = living({ exited: 500 * MS, detail: "killed by SIGKILL", how: "died" });
    const words = log.find(({ call, args }) => call === "fillText" && args[0] === "killed by SIGKILL");
    expect(Number(words?.args[1])).toBeGreaterThan(scale.timeToPx(500 * MS));
    const marked = (drawn: typeof log) =>
      drawn.some(({ call, fillStyle }) => call === "fillRect" && fillStyle === "lost edge");
    expect(marked(log)).toBe(true);
    for (const how of ["orderly", "stopped", "ended"] as const) {
      expect(marked(living({ exited: 500 * MS, detail: "was killed by SIGTERM", how }).log), how).toBe(false);
    }
  });
});

describe("results that were taken", () => {
  const waits = (callers: number) => ({
    caller: Array.from({ length: callers }, (_, i) => i),
    kind: Array.from({ length: callers }, () => 1),
    start: Array.from({ length: callers }, () => MS),
    end: Array.from({ length: callers }, () => 2 * MS),
    row: Array.from({ length: callers }, (_, i) => i),
  });
  const ticksOf = (sections: Sections) =>
    sceneOf(encode({ now: 100 * MS }, sections)).log.filter(
      ({ fillStyle, args }) => fillStyle === "wait edge" && args[2] === 1 && args[3] === 6,
    );
  const by = (...caller: number[]) => ({ row: [1, 2, 3], time: [10 * MS, 50 * MS, 50 * MS + 10], caller });
  const heights = (sections: Sections) => ticksOf(sections).map(({ args }) => args[1]);

  it("are ticks in the caller's row, one for each pixel that has any", () => {
    expect(ticksOf({ consumed: by(0, 0, 0), waits: waits(1) }).length).toBe(2);
    expect(ticksOf({ consumed: by(0, 0, 0) }).length).toBe(2);
    expect(ticksOf({ waits: waits(1) }).length).toBe(0);
  });

  it("stand in the row of the caller that took them", () => {
    const [first, second] = heights({ consumed: by(0, 1, 1), waits: waits(2) }) as [number, number];
    expect(second - first).toBe(CALLER_HEIGHT);
    expect(heights({ consumed: by(1, 0, 0), waits: waits(2) })).toEqual([first, second]);
    expect(heights({ consumed: by(1, 1, 1), waits: waits(2) })).toEqual([second, second]);
  });

  it("are nobody's when it is not known who took them", () => {
    expect(heights({ consumed: by(65535, 65535, 65535), waits: waits(2) })).toEqual([]);
  });
});

describe("the cursor and the span", () => {
  it("are named on the axis", () => {
    const few = snapshot({ calls: 6, lanes: 1, length: 10 * MS });
    const { log } = sceneOf(few, 800, 400, { cursor: 42.5 * MS, span: { start: 10 * MS, end: 30 * MS } });
    const said = log
      .filter(({ call }) => call === "fillText")
      .map(({ args }) => String(args[0]).replaceAll("\u202f", " "));
    expect(said.some((text) => /^42\.5\d* ms$/.test(text))).toBe(true);
    expect(said).toContain("20.0 ms");
  });
});
