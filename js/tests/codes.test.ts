/** Columns in every code come back as they went: what the harness writes, and codes written by hand. */
import { describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { seeded } from "../dev/synthetic";
import { AFTER, PLAIN, readColumn, SOME, STEPS } from "../src/protocol/column";
import { decodeMessage } from "../src/protocol/decode";

const planes = (...bytes: number[]) => new DataView(Uint8Array.from([9, ...bytes]).buffer, 1);

describe("a code", () => {
  it.each([
    ["plain", [PLAIN, 2, -5], planes(0, 1, 2, 0, 0, 1), [-5, -4, 253]],
    ["plain without bytes", [PLAIN, 0, 7], null, [7, 7, 7]],
    ["steps", [STEPS, 1, -1, 10], planes(1, 0, 4), [10, 9, 12]],
    ["steps without bytes", [STEPS, 0, 1, 99], null, [100, 101, 102]],
    ["after", [AFTER, 1, 3], planes(0, 1, 2), [1003, 2004, 3005]],
    ["some", [SOME, 1, 40], planes(0, 2, 1), [Number.NaN, 42, 41]],
    ["none at all", [SOME, 0, 0], null, [Number.NaN, Number.NaN, Number.NaN]],
  ])("of %s", (_name, code, bytes, expected) => {
    const neighbour = Float64Array.of(1000, 2000, 3000);
    expect([...readColumn(code, bytes, 3, neighbour, Number.NaN)]).toEqual(expected);
  });

  it("has numbers of up to seven bytes", () => {
    const value = 2 ** 52 + 1;
    const digits = [0, 1, 2, 3, 4, 5, 6].map((plane) => Math.floor(value / 256 ** plane) % 256);
    expect([...readColumn([PLAIN, 7, 0], planes(...digits), 1, null, 0)]).toEqual([value]);
  });
});

describe.each([1, 2, 3, 50, 700])("a message of %i calls", (count) => {
  it.each([1, 200, 60_000, 1e7, 1e10])("whose times lie %d ns apart", (gap) => {
    const random = seeded(count + gap);
    const started = Array.from({ length: count }, () => Math.floor(1e9 + random() * gap * count));
    const ended = {
      row: started.map((_, i) => (i * 7919) % 4001),
      lane: started.map(() => (random() < 0.1 ? 65535 : Math.floor(16 * random()))),
      sent: started.map((time) => (random() < 0.02 ? Number.NaN : time - Math.floor(gap * random()))),
      started: [...started].sort((a, b) => a - b),
      finished: started.map((time) => time + Math.floor(gap * random())),
      delivered: started.map((time) => time + gap + Math.floor(10 * random())),
      outcome: started.map(() => (random() < 0.1 ? 2 : 1)),
    };
    const { header, buffers } = encode({}, { ended });
    const read = decodeMessage(header, buffers).ended as unknown as Record<string, ArrayLike<number>>;
    for (const [name, values] of Object.entries(ended)) expect(Array.from(read[name] ?? []), name).toEqual(values);
  });
});
