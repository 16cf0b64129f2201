/**
 * Golden files, damaged at random: what comes of them is a message that can be folded, drawn and searched, or the decoder's own error, soon
 * and in little memory.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Message } from "../src/base/message";
import { TimeScale } from "../src/base/scale";
import { extent } from "../src/model/figures";
import { loadOver } from "../src/model/load";
import { Recording } from "../src/model/recording";
import { search } from "../src/model/search";
import { Sums } from "../src/model/slices";
import { decodeMessage } from "../src/protocol/decode";
import { WireError } from "../src/protocol/error";
import { MOST_RECORDS } from "../src/protocol/schema";
import { unpackMessage } from "../src/protocol/unpack";
import { ticks } from "../src/render/axis";
import { layOut } from "../src/render/layout";
import { pick } from "../src/render/pick";
import { drawScene } from "../src/render/scene";
import { bytesLines } from "../src/view/phases";
import { FakeStrip, PALETTE, recorder } from "./fakes";

const folder = fileURLToPath(new URL("../../tests/golden/", import.meta.url));
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".bin"));

/** Numbers from 0 up to 1, always the same. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bytes of all columns that a message has become. */
function sizeOf(message: object): number {
  const columns = Object.values(message).flatMap((part) =>
    typeof part === "object" && part ? Object.values(part) : [],
  );
  return columns.reduce((sum: number, column) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0);
}

const WIDTH = 300;

/** What a page does with a message: fold it, draw it once with a pointer on it, and find calls in it. */
function use(message: Message): Recording {
  const recording = new Recording();
  recording.fold(message);
  expect(recording.calls.bytes).toBeLessThan(100 * (MOST_RECORDS + 2 * 4096));
  const { now } = message;
  const { start, end } = extent(recording, message, now) ?? { start: 0, end: 1 };
  const bounds = { start, end: end > start ? end : start + 1024 };
  const scale = new TimeScale(bounds.start, bounds.end, WIDTH);
  const layout = layOut(recording);
  const plain = (): readonly [string, string] => ["", ""];
  const load = loadOver(recording, start, (bounds.end - start) / 100, 100, now);
  const parts = { recording, layout, load, bounds, scale, now, palette: PALETTE };
  const none = { shows: null, leads: true, cursor: null, highlight: null, selected: null, span: null };
  const texts = { textOf: plain, waitTextOf: plain, callsTextOf: plain, exitTextOf: () => "" };
  const size = { width: WIDTH, height: 200, scroll: 0, sums: new Sums(WIDTH + 1), strip: new FakeStrip(WIDTH) };
  drawScene(recorder().surface, { ...parts, ...none, ...texts, ...size });
  for (const place of layout.rows.slice(0, 20)) pick(recording, place, scale, WIDTH / 2, now, 1);
  const found = search(recording, "1", (kind) => kind);
  for (const row of found.slice(0, 5)) bytesLines(recording, recording.calls.get(row)!);
  return recording;
}

/** It takes some ms; machines may be slow. */
const SOON = 5000;

function tryToRead(bytes: Uint8Array): "read" | "refused" {
  const began = performance.now();
  try {
    const message = unpackMessage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    expect(sizeOf(message)).toBeLessThan(8 * 40 * MOST_RECORDS);
    use(message);
    expect(performance.now() - began).toBeLessThan(SOON);
    return "read";
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return "refused";
  }
}

describe.each(names)("%s", (name) => {
  const whole = new Uint8Array(readFileSync(`${folder}${name}`));
  const random = numbers(name.length + whole.length);
  const at = () => Math.floor(random() * whole.length);

  it("cut short is refused", () => {
    for (let i = 0; i < 100; i++) expect(tryToRead(whole.slice(0, at()))).toBe("refused");
  });

  it("with bytes that flipped is read or refused", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const bytes = whole.slice();
      for (let n = 1 + Math.floor(random() * 3); n > 0; n--) bytes[at()] = Math.floor(random() * 256);
      seen.add(tryToRead(bytes));
    }
    expect(seen).toContain("refused");
  });

  it("with digits of its header that changed is read or refused", () => {
    const end = 12 + new DataView(whole.buffer, whole.byteOffset).getUint32(8, true);
    const digits = [...whole.keys()].filter((i) => i >= 12 && i < end && whole[i]! >= 48 && whole[i]! <= 57);
    for (let i = 0; i < 400; i++) {
      const bytes = whole.slice();
      for (let n = 0; n < 3; n++) bytes[digits[Math.floor(random() * digits.length)]!] = 48 + Math.floor(random() * 10);
      tryToRead(bytes);
    }
  });
});

describe("a message without buffers", () => {
  const COUNTS = { total: 1, pending: 0, running: 0, finished: 1, failed: 0, cancelled: 0 };
  const HEAD = { v: 3, needs: 3, kind: "snapshot", seq: 0, now: 0, state: "static", counts: COUNTS };
  const read = (fields: object) => decodeMessage({ ...HEAD, ...fields }, []);
  /** One section, each of whose columns says its values in its code; numbers stand for columns of one value. */
  const section = (name: string, count: number, ...codes: (number | number[])[]) => ({
    sections: [[name, count, codes.length]],
    codes: codes.map((code) => (typeof code === "number" ? [0, 0, code] : code)),
  });
  const ended = (count: number, rows: number | number[]) => section("ended", count, rows, 0, 1, 1, 2, 2, 1, 0, 0);
  const lane = { lane: 0, pool: 1 };
  const FAR = 2 ** 53 + 2;

  const REFUSED: (readonly [what: string, fields: object])[] = [
    ["more calls than there may be", section("calls", 1, 0, MOST_RECORDS + 1, 0, 0, -1)],
    ["so many calls again and again", section("calls", 3, 0, MOST_RECORDS / 2, 0, 0, -1)],
    ["rows far apart", ended(4000, [1, 0, 4096, -4096])],
    ["a row far away", ended(1, 3e9)],
    ["a row that runs far away", section("running", 1, 3e9, 0, 0)],
    ["a result that was taken far away", section("consumed", 1, 3e9, 0, 0)],
    ["a wait far away", section("waits", 1, 0, 1, 0, 1, 3e9, 1)],
    ["a chunk far away", section("chunks", 1, 3e9, 1, 1)],
    ["chunks of nothing", section("chunks", 1, 0, 8, 0)],
    ["an error far away", { errors: [[3e9, "E", ""]] }],
    ["prints before the first row", { prints: [[-1, "p", 0]] }],
    ["a time far away", section("calls", 1, 0, 1, FAR, 0, -1)],
    ["a time that no number is", section("calls", 2, 0, 1, [1, 0, 1e308, 1e308], 0, -1)],
    ["a value that its column does not hold", ended(1, -1)],
    ["a lane that its column does not hold", section("running", 1, 0, 65536, 0)],
    ["a code that no float holds", section("calls", 1, 0, 1, 0, 0, FAR)],
    ...[FAR, 0.5, -2].map((seq) => [`a number of ${seq}`, { seq }] as const),
    ...[FAR, 0.5, -1].map((origin) => [`an origin of ${origin}`, { origin }] as const),
    ...[FAR, 0.5, -1].map((first_row) => [`a first row of ${first_row}`, { first_row }] as const),
    ...[2 ** 32, 0.5, -1].map((first) => [`a name's number of ${first}`, { labels: { first, names: ["x"] } }] as const),
    ...[65535, 0.5, -1].map(
      (first) => [`a caller's number of ${first}`, { callers: { first, names: ["x"] } }] as const,
    ),
    ...[65535, 0.5, -1].map((number) => [`a lane of ${number}`, { lanes: [{ ...lane, lane: number }] }] as const),
    ...[FAR, -FAR].map((now) => [`a now of ${now}`, { now }] as const),
    ...["started", "ready", "exited"].map(
      (name) => [`${name} far away`, { lanes: [{ ...lane, [name]: FAR }] }] as const,
    ),
    ["a pool that opened far away", { pools: [{ pool: 1, opened: FAR }] }],
    ["a wall far away", { wall: FAR }],
  ];

  it.each(REFUSED)("that says %s is refused", (_what, fields) => {
    expect(() => read(fields)).toThrow(WireError);
  });

  const USED: (readonly [what: string, fields: object])[] = [
    ["as many calls as there may be", section("calls", 1, 0, MOST_RECORDS, 0, 0, 0)],
    ["rows before the first that is kept", { first_row: 1e9, ...ended(100_000, [1, 0, 4096, -4096]) }],
    ["calls before the first that is kept", { first_row: 1e9, ...section("calls", 1, 0, 1e9, 0, 0, 0) }],
    ["a name with a large number", { labels: { first: 3e9, names: ["x"] } }],
    ["waits that have not ended", section("waits", 60_000, 0, 1, [1, 0, 1, 0], [3, 0, 0], [3, 0, 0], 1)],
    ["callers with large numbers", section("consumed", 1, 0, 0, 65534)],
    ["many lanes", section("ended", 20_000, [1, 0, 1, -1], [1, 0, 1, -1], 1, 1, 2, 2, 1, 0, 0)],
  ];

  it.each(USED)("that says %s is used soon", (_what, fields) => {
    const began = performance.now();
    use(read(fields));
    expect(performance.now() - began).toBeLessThan(SOON);
  });

  it("has the calls of a run that are kept", () => {
    const { calls } = use(read({ first_row: 5, ...section("calls", 1, 0, 8, 0, 0, 10) }));
    expect([...calls.rows()]).toEqual([5, 6, 7]);
    expect(calls.itemOf(5)).toBe(15);
  });
});

it("bytes of a chunk that is larger than its map are counted at once", () => {
  const recording = new Recording();
  recording.calls.sent(5000, 3, 4);
  const began = performance.now();
  expect(recording.calls.bytesOf(-5, 4e9)).toEqual({ out: 3, back: 4 });
  expect(recording.calls.bytesOf(5000, 5000)).toEqual({ out: 3, back: 4 });
  expect(recording.calls.bytesOf(0, 4999)).toEqual({ out: 0, back: 0 });
  expect(performance.now() - began).toBeLessThan(500);
});

it("ticks end, however large the times are", () => {
  expect(ticks(new TimeScale(1e18, 1e18 + 1034, 800), 76).ticks.length).toBeLessThan(2000);
});
