/** Calls found by words, calls beside each other, and rows in order. */
import { describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import type { CallKind } from "../src/base/codes";
import { nearestCall, neighbour, placeOf } from "../src/model/neighbours";
import { ordered } from "../src/model/order";
import { Recording } from "../src/model/recording";
import { nextOf, search } from "../src/model/search";
import { isSame, readSelected, Selection, toldSelected } from "../src/model/selection";
import { decodeMessage } from "../src/protocol/decode";

const MS = 1e6;
const NAN = Number.NaN;

function recordingOf(encoded: ReturnType<typeof snapshot>): Recording {
  const recording = new Recording();
  recording.fold(decodeMessage(encoded.header, encoded.buffers));
  return recording;
}

/** Rows 0 to 2 are `alpha`, 5 to 9 `Beta [10]` to `Beta [14]`; 1 raised, 6 was cancelled, 7 runs. */
const named = () =>
  recordingOf(
    encode(
      { labels: { first: 0, names: ["alpha", "Beta"] }, errors: [[1, "ValueError: no luck", ""]] },
      {
        calls: { first: [0, 5], count: [3, 5], submitted: [0, MS], label: [0, 1], item: [-1, 10] },
        running: { row: [7], lane: [0], started: [40 * MS] },
        ended: {
          row: [0, 1, 5, 6],
          lane: [0, 1, 0, 65535],
          sent: [NAN, NAN, NAN, NAN],
          started: [5 * MS, 6 * MS, 20 * MS, NAN],
          finished: [9 * MS, 8 * MS, 30 * MS, 31 * MS],
          delivered: [9 * MS, 8 * MS, 30 * MS, 31 * MS],
          outcome: [1, 2, 1, 3],
        },
      },
    ),
  );

const found = (text: string) => [...search(named(), text, (kind: CallKind) => kind)];

describe("search", () => {
  it.each([
    ["alp", [0, 1, 2]],
    ["BETA", [5, 6, 7, 8, 9]],
    ["12", [7]],
    ["[12]", [7]],
    ["beta [13]", [8]],
    ["alpha [13]", []],
    ["raised", [1]],
    ["cancel", [6]],
    ["running", [7]],
    ["pending", [2, 8, 9]],
    ["no luck", [1]],
    ["  ", []],
    ["nothing", []],
  ])("for %s", (text, rows) => expect(found(text)).toEqual(rows));

  it("goes round", () => {
    const rows = Uint32Array.of(3, 8, 20);
    expect(nextOf(rows, null, 1)).toEqual({ row: 3, index: 0 });
    expect(nextOf(rows, 8, 1)).toEqual({ row: 20, index: 2 });
    expect(nextOf(rows, 20, 1)).toEqual({ row: 3, index: 0 });
    expect(nextOf(rows, 9, -1)).toEqual({ row: 8, index: 1 });
    expect(nextOf(rows, 3, -1)).toEqual({ row: 20, index: 2 });
    expect(nextOf(new Uint32Array(0), 1, 1)).toBeNull();
  });
});

describe("neighbours", () => {
  const all = () => true;

  it("are the calls of the lane in order, the running one last", () => {
    const recording = named();
    const at = (row: number) => placeOf(recording, row, 50 * MS)!;
    expect(neighbour(recording, at(0), 1, all)).toBe(5);
    expect(neighbour(recording, at(5), 1, all)).toBe(7);
    expect(neighbour(recording, at(7), 1, all)).toBeNull();
    expect(neighbour(recording, at(7), -1, all)).toBe(5);
    expect(neighbour(recording, at(0), -1, all)).toBeNull();
    expect(at(7).end).toBe(50 * MS);
    expect(placeOf(recording, 6, 0)).toBeNull();
  });

  it("pass over what the filter leaves out", () => {
    const recording = recordingOf(snapshot({ calls: 400, lanes: 2, length: MS, failing: 0.1 }));
    const failed = (row: number) => recording.calls.outcomeOf(row) > 1;
    for (const lane of recording.lanes.values()) {
      const walked: number[] = [];
      let row = nearestCall(recording, lane, 0, failed);
      while (row !== null) {
        walked.push(row);
        row = neighbour(recording, placeOf(recording, row, 0)!, 1, failed);
      }
      const expected = Array.from({ length: lane.slices.count }, (_, i) => lane.slices.row.get(i)).filter(failed);
      expect(walked).toEqual(expected);
      expect(walked.length).toBeGreaterThan(3);
    }
  });

  it("nearest to a time may lie on either side", () => {
    const recording = named();
    const lane = recording.lanes.get(0)!;
    expect([6, 14, 29, 39].map((ms) => nearestCall(recording, lane, ms * MS, all))).toEqual([0, 5, 5, 7]);
  });
});

describe("order", () => {
  it("keeps equal rows in their order, and those without a key last", () => {
    const keys: Record<number, number> = { 1: 5, 2: NAN, 3: 1, 4: 5, 5: 2 };
    const rows = Uint32Array.of(1, 2, 3, 4, 5);
    expect([...ordered(rows, (row) => keys[row]!, false)]).toEqual([3, 5, 1, 4, 2]);
    expect([...ordered(rows, (row) => keys[row]!, true)]).toEqual([1, 4, 5, 3, 2]);
  });
});

describe("a selection", () => {
  it.each([
    [
      { kind: "call", row: 3 },
      { kind: "call", row: 3 },
    ],
    [
      { kind: "span", start: 9.6, end: 2 },
      { kind: "span", start: 2, end: 10 },
    ],
    [{ kind: "call", row: -1 }, null],
    [{ kind: "call", row: "3" }, null],
    [{ kind: "span", start: 1 }, null],
    [{ kind: "other" }, null],
    [undefined, null],
    ["call", null],
  ])("read from %o", (json, expected) => expect(readSelected(json, 5)).toEqual(expected));

  it("knows a call by its number, wherever rows are counted from", () => {
    expect(readSelected({ kind: "call", call: 17, row: 3 }, 10)).toEqual({ kind: "call", row: 7 });
    expect(readSelected({ kind: "call", call: 3, row: 3 }, 10)).toBeNull();
    const chosen = { kind: "call", row: 7 } as const;
    expect(toldSelected(chosen, 10)).toEqual({ kind: "call", row: 7, call: 17 });
    expect(toldSelected({ kind: "span", start: 1, end: 2 }, 10)).toEqual({ kind: "span", start: 1, end: 2 });
    expect(toldSelected(null, 10)).toBeNull();
  });

  it("moves with its call, and ends with it", () => {
    const selection = new Selection();
    selection.choose({ kind: "call", row: 7 });
    selection.shift(-3);
    expect(selection.row).toBe(4);
    selection.shift(-5);
    expect(selection.value).toBeNull();
    selection.choose({ kind: "span", start: 1, end: 2 });
    selection.shift(-5);
    expect(selection.value).toEqual({ kind: "span", start: 1, end: 2 });
  });

  it("tells of changes alone", () => {
    const selection = new Selection();
    let told = 0;
    selection.changes.subscribe(() => told++, new AbortController().signal);
    for (const row of [1, 1, 2]) selection.choose({ kind: "call", row });
    selection.choose({ kind: "span", start: 1, end: 2 });
    selection.choose({ kind: "span", start: 1, end: 2 });
    expect(told).toBe(3);
    expect(isSame(selection.value, { kind: "span", start: 1, end: 3 })).toBe(false);
    selection.choose(null);
    expect([told, selection.row]).toEqual([4, null]);
  });
});
