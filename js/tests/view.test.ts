// @vitest-environment happy-dom
/** The widget in a DOM: hooks, words, keys, silence, and what must never become markup. */
import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { COUNTS, encode, pack, type Sections } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import { SILENCE } from "../src/model/link";
import makeWidget from "../src/widget";
import { FakeModel, installBrowser } from "./fakes";

const MS = 1e6;
type Part = (given: { model: AnyModel; el: HTMLElement }) => () => void;

let model: FakeModel;
let parts: { initialize: Part; render: Part };
let frame: () => number;
let log: ReturnType<typeof installBrowser>["log"];

const widget = () => ({ model: model as unknown as AnyModel, el: document.createElement("div") });
const root = () => document.querySelector(".poolviz-timeline") as HTMLElement;
const text = (selector: string) => document.querySelector(selector)?.textContent?.replaceAll("\u202f", " ") ?? null;

function render(): () => void {
  const given = widget();
  document.body.append(given.el);
  return parts.render(given);
}

function start(): () => void {
  parts.initialize(widget());
  return render();
}

const live = (seq: number, fields: Record<string, unknown> = {}, sections: Sections = {}) =>
  encode({ seq, now: 4e9, counts: { ...COUNTS, total: 3, pending: 1, running: 1, finished: 1 }, ...fields }, sections);

const RUNNING: Sections = {
  calls: { first: [0], count: [3], submitted: [1e9], label: [0], item: [0] },
  running: { row: [1], lane: [0], started: [2e9] },
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  document.body.replaceChildren();
  delete document.body.dataset.jpThemeLight;
  ({ frame, log } = installBrowser(900));
  model = new FakeModel();
  parts = makeWidget() as unknown as typeof parts;
});

afterEach(() => vi.useRealTimers());

describe("the hooks", () => {
  it("are there before the first message", () => {
    start();
    expect({ ...root().dataset }).toMatchObject({ state: "live", total: "0", pending: "0", running: "0", lanes: "0" });
    expect(root().dataset.runningMs).toBeUndefined();
  });

  it("follow each message, also without a frame", () => {
    start();
    model.tell(live(0, {}, RUNNING));
    expect({ ...root().dataset }).toMatchObject({ state: "live", total: "3", running: "1", finished: "1", lanes: "1" });
    model.tell(live(1, { state: "done", counts: { ...COUNTS, total: 3, finished: 1, failed: 1, cancelled: 1 } }));
    expect({ ...root().dataset }).toMatchObject({ state: "done", pending: "0", failed: "1", cancelled: "1" });
  });

  it("tell how long the longest running slice is, while it grows", () => {
    start();
    model.tell(live(0, {}, RUNNING));
    frame();
    const before = Number(root().dataset.runningMs);
    expect(before).toBeGreaterThanOrEqual(2000);
    vi.advanceTimersByTime(500);
    expect(frame()).toBe(1);
    expect(Number(root().dataset.runningMs)).toBeCloseTo(before + 500, 0);
    const ended = {
      row: [1],
      lane: [0],
      sent: [Number.NaN],
      started: [2e9],
      finished: [5e9],
      delivered: [5e9],
      outcome: [1],
    };
    model.tell(live(1, {}, { ended }));
    expect(root().dataset.runningMs).toBeUndefined();
  });

  it("have all of what came before the view was there", () => {
    parts.initialize(widget());
    model.tell(live(0, {}, RUNNING));
    render();
    render();
    const roots = [...document.querySelectorAll<HTMLElement>(".poolviz-timeline")];
    expect(roots.map(({ dataset }) => dataset.running)).toEqual(["1", "1"]);
  });
});

describe("the stream", () => {
  it("asks the kernel for what it missed", () => {
    start();
    model.tell(live(0));
    model.tell(live(4));
    expect(model.sent).toEqual([{ kind: "resync", have: 0 }]);
    expect(text(".pv-notice")).toContain("messages were lost");
  });

  it("takes the settled snapshot from the trait, early or late", () => {
    model.traits.snapshot = pack(snapshot({ calls: 6, lanes: 2, length: 50 * MS }));
    start();
    expect({ ...root().dataset }).toMatchObject({ state: "done", total: "6", finished: "6", lanes: "2" });
    model.set("snapshot", pack(snapshot({ calls: 8, lanes: 2, length: 50 * MS })));
    expect(root().dataset.total).toBe("8");
  });

  it("says what it cannot read, and goes on with the next message", () => {
    start();
    const { header, buffers } = live(0);
    model.emit("msg:custom", { ...header, v: 99, needs: 99 }, buffers);
    expect(text(".pv-notice")).toContain("newer poolviz");
    model.tell(live(1));
    expect(text(".pv-notice")).not.toContain("newer");
  });

  it("does not hide an error of its own", () => {
    start();
    expect(() => model.emit("msg:custom", live(0).header, null)).toThrow(TypeError);
  });
});

describe("a kernel that falls silent", () => {
  it("is named with the time, and running slices stop growing", () => {
    start();
    model.tell(live(0, {}, RUNNING));
    frame();
    expect(text(".pv-notice")).toBe("");
    vi.advanceTimersByTime(SILENCE + 100);
    expect(text(".pv-notice")).toContain("no word from the kernel since");
    frame();
    const stopped = root().dataset.runningMs;
    vi.advanceTimersByTime(5000);
    for (let i = 0; i < 5; i++) frame();
    expect(root().dataset.runningMs).toBe(stopped);
    model.tell(live(1, { now: 12e9 }, { running: RUNNING.running! }));
    expect(text(".pv-notice")).toBe("");
    vi.advanceTimersByTime(200);
    frame();
    expect(Number(root().dataset.runningMs)).toBeGreaterThanOrEqual(10_000);
  });

  it("is no news once the run is done", () => {
    start();
    model.tell(live(0, { state: "done", counts: { ...COUNTS, total: 1, finished: 1 } }));
    vi.advanceTimersByTime(10 * SILENCE);
    expect(text(".pv-notice")).toBe("");
  });
});

describe("words from other people's code", () => {
  const EVIL = `<img src=x onerror="document.body.dataset.hacked=1">`;

  it("stay words everywhere", () => {
    start();
    const lane = { lane: 0, pool: 1, name: EVIL, ident: 1, started: 0, ready: 0, exited: null, detail: EVIL };
    const pools = [1, 2].map((pool) => ({
      pool,
      kind: "thread",
      name: EVIL,
      workers: 1,
      opened: 0,
      closed: null,
      method: "",
    }));
    const names = { first: 0, names: [EVIL] };
    const told = snapshot({ calls: 4, lanes: 1, length: 9 * MS, failing: 1 }, Number.POSITIVE_INFINITY, {
      title: EVIL,
      labels: names,
      callers: names,
      lanes: [lane],
      pools,
      errors: [[0, EVIL, EVIL]],
    });
    model.tell({ ...told, header: { ...told.header, seq: 0 } });
    frame();
    const canvas = document.querySelector("canvas") as HTMLElement;
    canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: 600, clientY: 40 + 24 + 26 + 14 }));
    vi.advanceTimersByTime(200);
    frame();
    expect(document.querySelector("img")).toBeNull();
    expect(text(".pv-title")).toBe(EVIL);
    expect(text(".pv-failures")).toContain(EVIL);
    expect(text(".pv-row-pool .pv-name")).toBe(EVIL);
    expect(text(".pv-tip")).toContain(EVIL);
  });
});

describe("the header", () => {
  it("says failures in words, with the first of them", () => {
    model.traits.snapshot = pack(snapshot({ calls: 200, lanes: 4, length: 50 * MS, failing: 0.1 }));
    start();
    expect(text(".pv-failures")).toMatch(/^✕\d+ raised, .*of 200, first: item \d+: ValueError: \d+ is not welcome$/);
    expect(text(".pv-facts")).toMatch(/^200 calls.*calls\/s.*elapsed.*busy\s*$/);
  });

  it("estimates what is left while live", () => {
    start();
    const ended = { row: [0], lane: [0], started: [1.1e9], finished: [4e9], delivered: [4e9], outcome: [1] };
    model.tell(live(0, {}, { ...RUNNING, ended: { ...ended, sent: [1.1e9] } }));
    expect(text(".pv-facts")).toMatch(/1 of 3 calls done.*elapsed≈ 6.00 s left/);
  });

  it("says nothing of time when no call is kept", () => {
    start();
    model.tell(live(0, { state: "done", dropped: 1, first_row: 1, counts: { ...COUNTS, total: 1, finished: 1 } }));
    expect(text(".pv-facts")).toMatch(/^1 call\s*$/);
    expect(text(".pv-notice")).toContain("1 older call is no longer kept");
  });

  it("does not count cancelled calls as done", () => {
    start();
    model.tell(
      live(0, { counts: { ...COUNTS, total: 60, running: 4, finished: 50, failed: 2, cancelled: 4 } }, RUNNING),
    );
    expect(text(".pv-facts")).toMatch(/^52 of 60 calls done ?4 cancelled/);
    expect(document.querySelector("canvas")?.getAttribute("aria-label")).toBe(
      "live: 52 of 60 calls done, 4 running, 2 failed, 4 cancelled",
    );
    model.tell(live(1, { state: "done", counts: { ...COUNTS, total: 60, finished: 54, failed: 2, cancelled: 4 } }));
    expect(text(".pv-facts")).toMatch(/^60 calls ?4 cancelled/);
  });
});

describe("looks", () => {
  it("follow the host's theme, the system's, or the user's choice", () => {
    start();
    expect(root().dataset.theme).toBe("light");
    model.set("theme", "dark");
    expect(root().dataset.theme).toBe("dark");
    document.body.dataset.jpThemeLight = "true";
    model.set("theme", "auto");
    expect([root().dataset.theme, root().dataset.host]).toEqual(["light", "jupyter"]);
  });

  it("have roles and names for those who do not see them", () => {
    start();
    model.tell(live(0, { title: "cell 7" }, RUNNING));
    expect(root().getAttribute("role")).toBe("group");
    expect(root().getAttribute("aria-label")).toContain("cell 7");
    const canvas = document.querySelector("canvas");
    expect(canvas?.getAttribute("role")).toBe("img");
    expect(canvas?.getAttribute("aria-label")).toBe("live: 1 of 3 calls done, 1 running, 0 failed");
  });
});

describe("the keyboard", () => {
  it("zooms, pans and fits, and keeps the notebook's own keys out", () => {
    model.traits.snapshot = pack(snapshot({ calls: 40, lanes: 2, length: 50 * MS }));
    start();
    frame();
    const plot = document.querySelector(".pv-plot") as HTMLElement;
    const toAll = document.querySelector(".pv-button") as HTMLElement;
    expect(toAll.textContent).toBe("Show all");
    const heard: string[] = [];
    document.body.addEventListener("keydown", (event) => heard.push(event.key));
    const press = (key: string, init: KeyboardEventInit = {}) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
      plot.dispatchEvent(event);
      frame();
      return event;
    };
    expect(plot.tabIndex).toBe(0);
    expect(toAll.hidden).toBe(true);
    press("+");
    expect(toAll.hidden).toBe(false);
    press("d");
    press("f");
    expect(toAll.hidden).toBe(true);
    expect(heard).toEqual([]);
    expect(press("s", { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(press("x").defaultPrevented).toBe(false);
    expect(heard).toEqual(["s"]);
  });
});

describe("the wheel", () => {
  it("belongs to the notebook, unless Ctrl is held", () => {
    model.traits.snapshot = pack(snapshot({ calls: 40, lanes: 2, length: 50 * MS }));
    start();
    frame();
    const plot = document.querySelector(".pv-plot") as HTMLElement;
    const wheel = (init: WheelEventInit) => {
      const event = new WheelEvent("wheel", { deltaY: -50, bubbles: true, cancelable: true });
      // The wheel of the test's DOM has nothing of a mouse event.
      const mouse = { clientX: 500, clientY: 100, ctrlKey: init.ctrlKey ?? false, metaKey: false };
      for (const [name, value] of Object.entries(mouse)) Object.defineProperty(event, name, { value });
      plot.dispatchEvent(event);
      frame();
      return event.defaultPrevented;
    };
    expect(wheel({})).toBe(false);
    expect((document.querySelector(".pv-button") as HTMLElement).hidden).toBe(true);
    expect(wheel({ ctrlKey: true })).toBe(true);
    expect((document.querySelector(".pv-button") as HTMLElement).hidden).toBe(false);
  });
});

describe("frames", () => {
  it("stop when nothing runs, and go on while something does", () => {
    start();
    model.tell(live(0, {}, RUNNING));
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(16);
      expect(frame()).toBe(1);
    }
    model.tell(live(1, { state: "done", counts: { ...COUNTS, total: 3, finished: 3 } }));
    let frames = 0;
    while (frame() > 0 && frames < 500) {
      vi.advanceTimersByTime(16);
      frames++;
    }
    expect(frames).toBeLessThan(500);
    const drawn = log.length;
    frame();
    expect(log.length).toBe(drawn);
  });

  it("are not asked for by messages that come before it is time for one, and none is lost", () => {
    start();
    model.tell(live(0, {}, RUNNING));
    frame();
    let asked = 0;
    for (let seq = 1; seq <= 5; seq++) {
      vi.advanceTimersByTime(1);
      model.tell(live(seq, { now: 4e9 + seq * 1e6 }));
      asked += frame();
    }
    expect(asked).toBeLessThanOrEqual(1);
    const before = log.length;
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(16);
      frame();
    }
    expect(log.length).toBeGreaterThan(before);
  });

  it("are drawn by messages alone for readers who want no motion", () => {
    const asked: string[] = [];
    const original = window.matchMedia;
    window.matchMedia = (query: string) => {
      asked.push(query);
      const list = original.call(window, query);
      Object.defineProperty(list, "matches", { value: query.includes("reduced-motion") });
      return list;
    };
    globalThis.matchMedia = window.matchMedia;
    start();
    model.tell(live(0, {}, RUNNING));
    let frames = 0;
    while (frame() > 0 && frames < 50) {
      vi.advanceTimersByTime(250);
      frames++;
    }
    window.matchMedia = original;
    globalThis.matchMedia = original;
    expect(asked).toContain("(prefers-reduced-motion: reduce)");
    expect(frames).toBeLessThan(10);
    const before = log.length;
    model.tell(live(1, { now: 6e9 }, { running: RUNNING.running! }));
    vi.advanceTimersByTime(250);
    frame();
    expect(log.length).toBeGreaterThan(before);
  });

  it("and listeners end with the view, the model's with the model", () => {
    const endModel = parts.initialize(widget());
    const endView = render();
    model.tell(live(0, {}, RUNNING));
    endView();
    expect(root()).toBeNull();
    model.tell(live(1));
    expect(frame()).toBeLessThanOrEqual(1);
    expect(frame()).toBe(0);
    endModel();
    expect([...model.handlers.values()].every((handlers) => handlers.size === 0)).toBe(true);
  });
});
