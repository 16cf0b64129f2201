// @vitest-environment happy-dom
/** The labels of the rows: those that are there stay when others come and go. */
import { describe, expect, it, vi } from "vitest";
import { encode } from "../dev/encode";
import { Recording } from "../src/model/recording";
import { decodeMessage } from "../src/protocol/decode";
import { layOut } from "../src/render/layout";
import { Gutter } from "../src/view/gutter";

interface Told {
  lanes?: readonly (readonly [lane: number, pool: number])[];
  pools?: readonly (readonly [pool: number, name: string])[];
  callers?: readonly string[];
}

function tell(
  recording: Recording,
  { lanes = [], pools = [], callers = [] }: Told,
  waits: readonly number[] = [],
): void {
  const { header, buffers } = encode(
    {
      lanes: lanes.map(([lane, pool]) => ({ lane, pool, name: `worker ${lane}` })),
      pools: pools.map(([pool, name]) => ({ pool, name, kind: "process", workers: 2 })),
      callers: { first: 0, names: callers },
    },
    { waits: { caller: waits, kind: waits.map(() => 1), start: waits, end: waits.map((at) => at + 9), row: waits } },
  );
  recording.fold(decodeMessage(header, buffers));
}

const upTo = (count: number, pool = 1) => Array.from({ length: count }, (_, lane) => [lane, pool] as const);

function shown(gutter: Gutter, recording: Recording): string[] {
  gutter.layOut(recording, layOut(recording));
  gutter.update(recording, { start: 0, end: 1 }, 1);
  return [...gutter.node.children].map((node) => node.querySelector(".pv-name")!.textContent!);
}

describe("the gutter", () => {
  it("makes only the label that is new, however many there are", () => {
    const [gutter, recording] = [new Gutter(), new Recording()];
    tell(recording, { lanes: upTo(500) });
    expect(shown(gutter, recording).length).toBe(500);
    const before = [...gutter.node.children];
    const make = vi.spyOn(document, "createElement");
    const move = vi.spyOn(gutter.node, "insertBefore");
    tell(recording, { lanes: upTo(501) });
    expect(shown(gutter, recording)).toEqual(upTo(501).map(([lane]) => `worker ${lane}`));
    expect([...gutter.node.children].slice(0, 500)).toEqual(before);
    expect(make.mock.calls.length).toBeLessThan(20);
    expect(move.mock.calls.length).toBe(1);
    make.mockRestore();
  });

  it("has its rows in order, with the names that they have by now", () => {
    const [gutter, recording] = [new Gutter(), new Recording()];
    tell(recording, {
      lanes: [
        [0, 1],
        [1, 2],
      ],
    });
    shown(gutter, recording);
    tell(
      recording,
      {
        lanes: [[2, 1]],
        pools: [
          [1, "one"],
          [2, "two"],
        ],
        callers: ["cell"],
      },
      [0],
    );
    expect(shown(gutter, recording)).toEqual(["cell", "one", "worker 0", "worker 2", "two", "worker 1"]);
    const [, pool] = gutter.node.children;
    expect((pool as HTMLElement).title).toBe("one");
    const fewer = new Recording();
    tell(fewer, { lanes: [[2, 1]] });
    expect(shown(gutter, fewer)).toEqual(["worker 2"]);
    expect(shown(gutter, recording).length).toBe(6);
  });
});
