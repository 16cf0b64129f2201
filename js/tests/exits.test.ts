// @vitest-environment happy-dom
/** How workers ended: the one that died is marked, and those that ended with it or on purpose are not. */
import type { AnyModel } from "@anywidget/types";
import { beforeEach, describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { decodeMessage } from "../src/protocol/decode";
import makeWidget from "../src/widget";
import { FakeModel, installBrowser } from "./fakes";

const ENDS = [
  ["was killed by SIGKILL", "died"],
  ["was killed by SIGTERM", "stopped"],
  ["was killed by SIGTERM", "ended"],
  ["", "orderly"],
] as const;

const lane = (number: number, exited: number | null, detail: string, how?: string) => ({
  lane: number,
  pool: 1,
  name: `worker ${number + 1}`,
  ident: 40 + number,
  started: 0,
  ready: 1e6,
  exited,
  detail,
  ...(how === undefined ? {} : { how }),
});

function lanesOf(lanes: unknown[]) {
  const { header, buffers } = encode({ lanes });
  return decodeMessage(header, buffers).lanes;
}

describe("a worker's end", () => {
  it("is what the message says", () => {
    const read = lanesOf(ENDS.map(([detail, how], i) => lane(i, 9e6, detail, how)));
    expect(read.map(({ how }) => how)).toEqual(["died", "stopped", "ended", "orderly"]);
  });

  it("is told from its words where an older message does not say how", () => {
    const old = [lane(0, null, ""), lane(1, 9e6, ""), lane(2, 9e6, "was killed by SIGKILL"), lane(3, 9e6, "x", "new")];
    expect(lanesOf(old).map(({ how }) => how)).toEqual(["none", "orderly", "died", "died"]);
  });
});

describe("the names of the lanes", () => {
  beforeEach(() => document.body.replaceChildren());

  it("mark the worker that died, and say of the others what became of them", () => {
    const { frame } = installBrowser(900);
    const model = new FakeModel();
    const el = document.createElement("div");
    document.body.append(el);
    const parts = makeWidget() as unknown as Record<"initialize" | "render", (given: object) => void>;
    const given = { model: model as unknown as AnyModel, el, signal: new AbortController().signal };
    parts.initialize(given);
    parts.render(given);
    model.tell(
      encode(
        { now: 1e7, lanes: ENDS.map(([detail, how], i) => lane(i, 9e6, detail, how)) },
        { calls: { first: [0], count: [1], submitted: [1], label: [0], item: [-1] } },
      ),
    );
    frame();
    const rows = [...document.querySelectorAll<HTMLElement>(".pv-row-lane")];
    expect(rows.map((row) => row.dataset.died ?? "")).toEqual(["true", "", "", ""]);
    expect(rows.map((row) => row.title.split(" · ").at(-1))).toEqual([
      "was killed by SIGKILL",
      "stopped with the pool",
      "ended on purpose",
      "exited",
    ]);
  });
});
