// @vitest-environment happy-dom
/** Outputs of a notebook: what they show with and without a model, and what happens when a host replaces or drops them. */
import { deflateSync } from "node:zlib";
import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COUNTS, encode, pack } from "../dev/encode";
import { hubOf } from "../src/places/hub";
import { VERSION } from "../src/places/version";
import makeWidget from "../src/widget";
import { FakeModel, installBrowser, see } from "./fakes";

type Part = (given: { model: AnyModel }) => () => void;

const SAVED = encode({
  kind: "snapshot",
  seq: 5,
  state: "done",
  title: "saved",
  counts: { ...COUNTS, total: 2, finished: 2 },
});
const live = (seq: number, total: number) =>
  encode({ seq, title: "live", counts: { ...COUNTS, total, finished: total } });

interface Wish {
  model?: string;
  output?: string;
  trace?: string | null;
}

const packed = (message: ReturnType<typeof encode>) => {
  const { buffer, byteOffset, byteLength } = pack(message);
  return deflateSync(new Uint8Array(buffer, byteOffset, byteLength)).toString("base64");
};

/** An output as Python writes it, in the document. */
function place({ model = "m1", output = "o1", trace = null }: Wish = {}): HTMLElement {
  const node = document.createElement("div");
  node.className = "poolviz-output";
  Object.assign(node.dataset, { version: VERSION, model, output, height: "0", theme: "auto" });
  const part = trace === null ? "" : `<script type="application/x-poolviz.trace">${trace}</script>`;
  node.innerHTML = `<div class="poolviz-still">picture</div>${part}`;
  document.body.append(node);
  return node;
}

function show(wish?: Wish): HTMLElement {
  const node = place(wish);
  hubOf(VERSION).mount?.(node);
  return node;
}

/** A model on the page, as its host makes it. */
function arrive(key = "m1"): { model: FakeModel; leave: () => void } {
  const model = new FakeModel();
  Object.assign(model.traits, { key, newest: -1 });
  const { initialize } = makeWidget() as unknown as { initialize: Part };
  return { model, leave: initialize({ model: model as unknown as AnyModel }) };
}

const root = (node: Element) => node.querySelector<HTMLElement>(".poolviz-timeline");
const picture = (node: Element) => node.querySelector<HTMLElement>(".poolviz-still")!;
const title = (node: Element) => node.querySelector(".pv-title")?.textContent ?? null;
const appears = (node: Element) => vi.waitFor(() => expect(root(node)).not.toBeNull());

let leaving: (() => void)[] = [];
function arrives(key?: string): FakeModel {
  const { model, leave } = arrive(key);
  leaving.push(leave);
  return model;
}

beforeEach(() => {
  document.body.replaceChildren();
  installBrowser(900);
});

afterEach(() => {
  for (const leave of leaving) leave();
  leaving = [];
  expect(hubOf(VERSION).models.size).toBe(0);
});

describe("an output without its model", () => {
  it("shows what was kept in the place of its picture", async () => {
    const node = show({ trace: packed(SAVED) });
    await appears(node);
    expect(picture(node).hidden).toBe(true);
    expect({ ...root(node)!.dataset }).toMatchObject({ state: "static", total: "2", finished: "2" });
  });

  it("keeps its picture when what was kept cannot be read, and says why", async () => {
    const node = show({ trace: packed({ ...SAVED, header: { ...SAVED.header, v: 999, needs: 999 } }) });
    await vi.waitFor(() => expect(node.title).toContain("a newer poolviz"));
    expect(picture(node).hidden).toBe(false);
    expect(root(node)).toBeNull();
  });

  it.each([
    ["no base64", "%%%"],
    ["cut short", packed(SAVED).slice(0, 40)],
    ["not deflated", "AAAA"],
  ])("keeps its picture when what was kept is %s, and says so", async (_how, trace) => {
    const node = show({ trace });
    await vi.waitFor(() => expect(node.title).toContain("damaged"));
    expect([picture(node).hidden, root(node)]).toEqual([false, null]);
  });

  it("keeps its picture when nothing was kept", async () => {
    const node = show();
    await Promise.resolve();
    expect([picture(node).hidden, root(node)]).toEqual([false, null]);
  });

  it("is mounted once, however often the host runs its script", async () => {
    const node = show({ trace: packed(SAVED) });
    hubOf(VERSION).mount?.(node);
    await appears(node);
    hubOf(VERSION).mount?.(node);
    await Promise.resolve();
    expect(node.querySelectorAll(".poolviz-timeline").length).toBe(1);
  });

  it("joins the model that comes later, as soon as that has heard from its kernel", async () => {
    const node = show({ trace: packed(SAVED) });
    await appears(node);
    const model = arrives();
    expect(title(node)).toBe("saved");
    model.tell(live(0, 7));
    expect(title(node)).toBe("live");
    expect({ ...root(node)!.dataset }).toMatchObject({ total: "7" });
    expect(node.querySelectorAll(".poolviz-timeline").length).toBe(1);
  });
});

describe("an output with its model on the page", () => {
  it("is live, whichever of the two came first", () => {
    const early = show({ output: "o1" });
    const model = arrives();
    expect(root(early)).toBeNull();
    model.tell(live(0, 3));
    const late = show({ output: "o2" });
    for (const node of [early, late]) expect({ ...root(node)!.dataset }).toMatchObject({ total: "3" });
    model.tell(live(1, 4));
    for (const node of [early, late]) expect({ ...root(node)!.dataset }).toMatchObject({ total: "4" });
  });

  it("says when it fills the screen, so that nothing takes it from there", () => {
    const model = arrives();
    model.tell(live(0, 3));
    const view = root(show())!;
    for (const value of [view, null]) {
      Object.defineProperty(document, "fullscreenElement", { configurable: true, value });
      view.dispatchEvent(new Event("fullscreenchange"));
    }
    expect(model.sent).toEqual([
      { kind: "watched", on: true },
      { kind: "watched", on: false },
    ]);
  });

  it("shows no other model", () => {
    arrives("other").tell(live(0, 3));
    expect(root(show())).toBeNull();
  });

  it("hands its view to the output that replaces it, focus and all", () => {
    arrives().tell(live(0, 3));
    const before = show();
    const view = root(before)!;
    const plot = view.querySelector<HTMLElement>(".pv-plot")!;
    plot.focus();
    before.remove();
    const after = show({ trace: packed(SAVED) });
    expect(root(after)).toBe(view);
    expect(document.activeElement).toBe(plot);
    expect([picture(after).hidden, title(after)]).toEqual([true, "live"]);
  });

  it("has a view of its own beside one that is still there, or is another output's", () => {
    arrives().tell(live(0, 3));
    const first = show();
    const second = show();
    const other = show({ output: "o2" });
    expect(new Set([root(first), root(second), root(other)]).size).toBe(3);
    second.remove();
    expect(root(show({ output: "o3" }))).not.toBe(root(second));
  });

  it("goes on showing it when the model is gone; views that are nowhere end", () => {
    const model = arrives();
    model.tell(live(0, 3));
    const stays = show();
    const goes = show({ output: "o2" });
    goes.remove();
    const [leave] = leaving.splice(0);
    leave!();
    expect({ ...root(stays)!.dataset }).toMatchObject({ total: "3" });
    expect(root(goes)).toBeNull();
  });

  it("ends views that have been nowhere for long", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    arrives().tell(live(0, 3));
    const goes = show();
    goes.remove();
    const { views } = hubOf(VERSION).models.get("m1")!;
    show({ output: "o2" });
    vi.advanceTimersByTime(30_000);
    show({ output: "o3" });
    expect(views.size).toBe(3);
    vi.advanceTimersByTime(31_000);
    show({ output: "o4" });
    expect(views.size).toBe(3);
    expect(root(goes)).toBeNull();
    vi.useRealTimers();
  });
});

describe("an output that its host puts away and back", () => {
  const putAway = (node: HTMLElement) => {
    node.remove();
    see(node, false);
  };
  const putBack = (node: HTMLElement) => {
    document.body.append(node);
    see(node, true);
  };

  beforeEach(() => vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  it("is live again, although its view was given up meanwhile", () => {
    const model = arrives();
    model.tell(live(0, 3));
    const node = show();
    node.remove();
    show({ output: "o2" });
    vi.advanceTimersByTime(61_000);
    show({ output: "o3" });
    expect([root(node), picture(node).hidden]).toEqual([null, false]);
    model.tell(live(1, 4));
    putBack(node);
    expect({ ...root(node)?.dataset }).toMatchObject({ total: "4" });
    expect(picture(node).hidden).toBe(true);
  });

  it("keeps its view when it comes back soon", () => {
    arrives().tell(live(0, 3));
    const node = show();
    const view = root(node);
    putAway(node);
    vi.advanceTimersByTime(30_000);
    putBack(node);
    vi.advanceTimersByTime(200_000);
    expect(root(node)).toBe(view);
  });

  it("shows its picture when the model has gone meanwhile, and what was kept once it is seen", async () => {
    arrives().tell(live(0, 3));
    const node = show({ trace: packed(SAVED) });
    putAway(node);
    leaving.pop()!();
    expect([root(node), picture(node).hidden]).toEqual([null, false]);
    vi.useRealTimers();
    putBack(node);
    await appears(node);
    expect(title(node)).toBe("saved");
  });

  it("ends what was kept in it, by itself, and reads it again", async () => {
    vi.useRealTimers();
    const node = show({ trace: packed(SAVED) });
    await appears(node);
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    putAway(node);
    vi.advanceTimersByTime(130_000);
    expect([root(node), picture(node).hidden]).toEqual([null, false]);
    vi.useRealTimers();
    putBack(node);
    await appears(node);
    expect([title(node), picture(node).hidden]).toEqual(["saved", true]);
  });
});

describe("a model that comes later than the stream", () => {
  const asked = (model: FakeModel) => model.sent.length;

  it("asks until it has heard, and no more", () => {
    vi.useFakeTimers();
    const model = arrives();
    expect(asked(model)).toBe(0);
    vi.advanceTimersByTime(200);
    expect(model.sent).toEqual([{ kind: "resync", have: null }]);
    vi.advanceTimersByTime(400);
    expect(asked(model)).toBe(2);
    model.traits.newest = 4;
    model.tell(encode({ ...SAVED.header, kind: "snapshot", seq: 3 }));
    vi.advanceTimersByTime(2000);
    expect(model.sent.at(-1)).toEqual({ kind: "resync", have: 3 });
    model.tell(encode({ ...SAVED.header, kind: "snapshot", seq: 4 }));
    vi.advanceTimersByTime(60_000);
    expect(asked(model)).toBe(3);
    vi.useRealTimers();
  });

  it("asks for nothing when the stream has come with it", () => {
    vi.useFakeTimers();
    const model = arrives();
    model.tell(encode({ ...SAVED.header, kind: "snapshot", seq: -1 }));
    vi.advanceTimersByTime(60_000);
    expect(asked(model)).toBe(0);
    vi.useRealTimers();
  });
});
