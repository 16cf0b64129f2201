import { describe, expect, it } from "vitest";
import schema from "../../poolviz/wire/schema.json";
import { encode, pack } from "../dev/encode";
import { decodeMessage } from "../src/protocol/decode";
import { WireError } from "../src/protocol/error";
import { unpackMessage } from "../src/protocol/unpack";

const SECTIONS = {
  calls: { first: [3, 9], count: [4, 1], submitted: [1_000_000, 2_000_000], label: [0, 1], item: [0, -1] },
  running: { row: [5], lane: [1], started: [3_000_000] },
  ended: {
    row: [3, 4],
    lane: [0, 65535],
    sent: [1_500_000, Number.NaN],
    started: [1_600_000, Number.NaN],
    finished: [2_600_000, 2_700_000],
    delivered: [2_601_000, 2_700_000],
    outcome: [1, 3],
    bytes_out: [120, 0],
    bytes_in: [4_294_967_295, 0],
  },
  chunks: { first: [0], count: [7], size: [3] },
  consumed: { row: [3], time: [2_800_000], caller: [0] },
  waits: { caller: [0], kind: [2], start: [1_100_000], end: [Number.NaN], row: [4294967295], times: [9] },
  summaries: { batch: [0], lane: [1], outcome: [1], start: [1_200_000], end: [1_300_000], calls: [70_000] },
  arrivals: { batch: [0, 0], time: [1_000_000, 1_100_000], calls: [60_000, 10_000] },
};

const message = () => encode({ now: 5e6, labels: { first: 0, names: ["f", "g"] } }, SECTIONS);

describe("a message", () => {
  it("is read into columns of nanoseconds, with NaN for what has not happened", () => {
    const { header, buffers } = message();
    const decoded = decodeMessage(header, buffers);
    for (const [section, columns] of Object.entries(SECTIONS)) {
      const read = decoded[section as keyof typeof SECTIONS] as unknown as Record<string, ArrayLike<number>>;
      for (const [name, values] of Object.entries(columns)) expect(Array.from(read[name] ?? []), name).toEqual(values);
    }
  });

  it("has null for sections that are absent, and empty lists for what is left out of the header", () => {
    const { header, buffers } = encode({});
    const decoded = decodeMessage(header, buffers);
    for (const section of Object.keys(schema.sections)) expect(decoded[section as keyof typeof SECTIONS]).toBeNull();
    expect([decoded.pools, decoded.lanes, decoded.errors]).toEqual([[], [], []]);
    expect(decoded.dropped).toBe(0);
  });

  it("holds times beyond 32 bits, to the nanosecond", () => {
    const time = [7e12 + 1, 7e12 + 1_500_003];
    const { header, buffers } = encode({}, { consumed: { row: [1, 3], time, caller: [0, 65535] } });
    expect([...(decodeMessage(header, buffers).consumed?.time ?? [])]).toEqual(time);
  });

  it("may lie at any offset of a larger buffer", () => {
    const { header, buffers } = message();
    const moved = buffers.map((view) => {
      const bytes = new Uint8Array(view.byteLength + 7);
      bytes.set(new Uint8Array(view.buffer), 3);
      return new DataView(bytes.buffer, 3, view.byteLength);
    });
    expect(decodeMessage(header, moved)).toEqual(decodeMessage(header, buffers));
  });

  it("decodes exactly the columns that the schema names", () => {
    const { header, buffers } = message();
    const decoded = decodeMessage(header, buffers) as unknown as Record<string, object>;
    for (const [section, { columns }] of Object.entries(schema.sections)) {
      expect(Object.keys(decoded[section] ?? {})).toEqual(columns.map(([name]) => name));
    }
  });

  it("is the same packed", () => {
    const { header, buffers } = message();
    expect(unpackMessage(pack({ header, buffers }))).toEqual(decodeMessage(header, buffers));
  });
});

describe("what another version wrote", () => {
  it("is read without what is not known, where the message allows that", () => {
    const { header, buffers } = encode({}, { consumed: { row: [1, 4], time: [5, 9_000], caller: [0, 1] } });
    const [[name, count, width]] = header.sections as [[string, number, number]];
    const codes = header.codes as number[][];
    const view = (size: number) => new DataView(new ArrayBuffer(size));
    const newer = {
      ...header,
      v: schema.version + 1,
      whatever: { is: "new" },
      sections: [
        ["later", 2, 2],
        [name, count, width + 1],
        ["latest", 1, 1],
      ],
      codes: [[0, 1, 0], [0, 2, 7], ...codes, [0, 1, 0], [0, 0, 0]],
    };
    const message = { header: newer, buffers: [view(2), view(4), ...buffers, view(2)] };
    const { consumed } = decodeMessage(header, buffers);
    expect(decodeMessage(message.header, message.buffers).consumed).toEqual(consumed);
    expect(unpackMessage(pack(message)).consumed).toEqual(consumed);
  });

  it("has nothing in the columns that came later", () => {
    const { header, buffers } = encode({}, { waits: { caller: [1, 2], kind: [1, 1], start: [5, 6] } });
    const codes = (header.codes as number[][]).slice(0, 2);
    const { waits } = decodeMessage({ ...header, sections: [["waits", 2, 2]], codes }, buffers.slice(0, 0));
    expect(waits).toEqual({
      caller: new Uint16Array([1, 2]),
      kind: new Uint8Array([1, 1]),
      start: new Float64Array([Number.NaN, Number.NaN]),
      end: new Float64Array([Number.NaN, Number.NaN]),
      row: new Uint32Array([4294967295, 4294967295]),
      times: new Uint32Array(2),
    });
  });
});

describe("what cannot be read is refused in words", () => {
  const refuse = (fields: Record<string, unknown>, words: RegExp) => {
    const { header, buffers } = message();
    const changed = { ...header, ...fields };
    expect(() => decodeMessage(changed, buffers)).toThrow(WireError);
    expect(() => decodeMessage(changed, buffers)).toThrow(words);
  };

  it("when it is newer", () => refuse({ v: 99, needs: schema.version + 1 }, /newer poolviz/));
  it("when it is too old", () => refuse({ v: 1, needs: 1 }, /older poolviz/));
  it("when it is something else", () => refuse({ kind: "mouse" }, /not a poolviz message/));
  it("when version 2 has an unknown section", () => refuse({ v: 2, needs: 2, sections: [["later", 1]] }, /'later'/));
  it("when its sections are nonsense", () => {
    for (const count of [-1, 0.5, 2 ** 21 + 1, 2 ** 40, "3"]) refuse({ sections: [["calls", count, 5]] }, /sections/);
    refuse({ sections: [["calls", 1]] }, /how many columns/);
    refuse({ sections: [["calls", 1, 2 ** 40]] }, /how many columns/);
    refuse({ sections: [...new Array(2)].map(() => ["calls", 1, 5]) }, /twice/);
  });
  it("when a count without bytes is beyond all measure", () => {
    const section = ["running", 2 ** 40, 3];
    refuse({ sections: [section], codes: [...new Array(3)].map(() => [0, 0, 7]) }, /sections/);
  });
  it("when names are nested lists", () => {
    let names: unknown = "f";
    for (let i = 0; i < 20_000; i++) names = [names];
    refuse({ labels: { first: 0, names } }, /names/);
  });
  it("when its state is unknown", () => refuse({ state: "paused" }, /state/));
  it("when its codes are nonsense", () => {
    for (const code of [[9, 1, 0], [0, 9, 0], [0, -1, 0], [0, 1], [0, 1, 0.5], [1, 0, 1], "plain"]) {
      refuse({ codes: [code] }, /codes/);
    }
    refuse({ codes: [] }, /no code/);
    refuse({ sections: [], codes: [[0, 0, 0]] }, /more codes/);
    refuse({ sections: [["consumed", 1, 3]], codes: [...new Array(3)].map(() => [2, 0, 0]) }, /no neighbour/);
  });
  it("when its prints are nonsense", () => refuse({ prints: [[1, "text"]] }, /prints/));
  it("when a count is missing", () => refuse({ counts: { total: 1 } }, /pending/));

  it("when a column is missing, too many or of the wrong size", () => {
    const { header, buffers } = message();
    expect(() => decodeMessage(header, buffers.slice(1))).toThrow(/damaged|cut short/);
    expect(() => decodeMessage(header, buffers.slice(0, -1))).toThrow(/cut short: no column ended/);
    expect(() => decodeMessage(header, [...buffers, new DataView(new ArrayBuffer(4))])).toThrow(/damaged/);
  });

  it("when a packed message is cut anywhere", () => {
    const whole = pack(message());
    for (let length = 0; length < whole.byteLength; length++) {
      expect(() => unpackMessage(new DataView(whole.buffer, 0, length)), `${length} bytes`).toThrow(WireError);
    }
  });

  it("when a packed message is foreign, of another version, or has bytes left over", () => {
    const whole = new Uint8Array(pack(message()).buffer);
    const changed = (at: number, byte: number) => {
      const bytes = whole.slice();
      bytes[at] = byte;
      return new DataView(bytes.buffer);
    };
    expect(() => unpackMessage(changed(0, 0x51))).toThrow(/not a poolviz recording/);
    expect(() => unpackMessage(changed(7, 0x31))).toThrow(/another version/);
    expect(() => unpackMessage(changed(12, 0x51))).toThrow(/not JSON/);
    const longer = new Uint8Array(whole.length + 8);
    longer.set(whole);
    expect(() => unpackMessage(new DataView(longer.buffer))).toThrow(/left over/);
  });
});
