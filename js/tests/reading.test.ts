// @vitest-environment happy-dom
/** Reading a timeline: panel, selection, overview, keys, find and filter, in a DOM. */
import { describe, expect, it, vi } from "vitest";
import { encode, pack } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import { bytes } from "../src/base/format";
import { drag, frame, model, one, panel, plot, pointer, press, start, text } from "./reader";

const MS = 1e6;
const LANES_TOP = 40 + 24;

describe("the panel", () => {
  it("stays with what was clicked, and Python reads it", () => {
    start();
    expect(panel().hidden).toBe(true);
    pointer("pointerdown", 400, LANES_TOP + 14);
    pointer("pointerup", 400, LANES_TOP + 14);
    expect(panel().hidden).toBe(false);
    expect(text(".pv-panel-name")).toMatch(/^is_prime, item \d+$/);
    const row = Number(/\d+/.exec(text(".pv-panel-name") ?? "")?.[0]);
    expect(model.traits.selection).toEqual({ kind: "call", row, call: row });
    expect(model.saved).toBe(1);
    pointer("pointermove", 600, LANES_TOP + 14);
    pointer("pointerleave", 0, 0);
    expect(text(".pv-panel-name")).toContain(`item ${row}`);
    for (const word of ["submitted at", "waited", "ran", "delivered after", "worker 1", "pid"]) {
      expect(text(".pv-panel-body")).toContain(word);
    }
    press("Escape");
    expect(panel().hidden).toBe(true);
    expect(model.traits.selection).toBeNull();
  });

  it("shows what Python selects, without an echo", () => {
    start();
    model.set("selection", { kind: "call", row: 5 });
    frame();
    expect(text(".pv-panel-name")).toBe("is_prime, item 5");
    model.set("selection", { kind: "call", row: 999_999 });
    expect(text(".pv-panel-name")).toContain("no longer kept");
    model.set("selection", "nonsense");
    expect(panel().hidden).toBe(true);
    expect(model.saved).toBe(0);
  });

  it("has error and traceback as text, and hides what there is not", () => {
    const EVIL = "<b id='evil'>x</b>";
    start(
      snapshot({ calls: 4, lanes: 1, length: 9 * MS, failing: 1 }, Number.POSITIVE_INFINITY, {
        errors: [[0, `E: ${EVIL}`, `Traceback\n${EVIL}`]],
      }),
    );
    model.set("selection", { kind: "call", row: 0 });
    expect(text(".pv-panel-error")).toBe(`E: ${EVIL}`);
    expect(text(".pv-panel pre")).toBe(`Traceback\n${EVIL}`);
    expect(document.querySelector("#evil")).toBeNull();
    const shown = [...document.querySelectorAll<HTMLElement>(".pv-panel-block, .pv-actions")].filter(
      (node) => !node.hidden,
    );
    expect(shown.length).toBe(1);
  });

  const printing = (prints: [number, string, number][], more: Record<string, unknown> = {}) =>
    snapshot({ calls: 4, lanes: 1, length: 9 * MS }, Number.POSITIVE_INFINITY, { prints, ...more });
  const shownText = () => (one(".pv-panel-texts").hidden ? "" : (text(".pv-panel-texts") ?? ""));

  it("shows what a call printed, as text, also when it did not fail", () => {
    const EVIL = "<img src=x id='evil'>";
    start(printing([[1, `${EVIL}\nsecond\n`, 3]]));
    model.set("selection", { kind: "call", row: 1 });
    expect([...document.querySelectorAll<HTMLElement>(".pv-panel pre")].map((pre) => pre.textContent)).toEqual([
      "",
      `${EVIL}\nsecond\n`,
    ]);
    expect(document.querySelector("#evil")).toBeNull();
    expect(shownText()).toContain("3 lines are not shown here");
    model.set("selection", { kind: "call", row: 2 });
    expect(shownText()).toBe("");
  });

  it("says which place a call has in its chunk", () => {
    start(snapshot({ calls: 47, lanes: 2, length: 9 * MS, chunk: 20 }));
    for (const [row, said] of [
      [0, "items 0–19, no. 1 of 20"],
      [42, "items 40–46, no. 3 of 7"],
    ] as const) {
      model.set("selection", { kind: "call", row });
      expect(text(".pv-panel-body")).toContain(said);
    }
    expect(one('.pv-swatch[data-kind="chunk"]').closest<HTMLElement>(".pv-entry")?.hidden).toBe(false);
  });

  it("says how many bytes travelled: a call's own, a share, or the chunk's", () => {
    const run = (more: object, fields = {}) =>
      snapshot({ calls: 40, lanes: 1, length: 9 * MS, ...more }, Number.POSITIVE_INFINITY, fields);
    const ofItem = (row: number) => 40 + ((row * 7919) % 5000);
    start(run({}));
    model.set("selection", { kind: "call", row: 7 });
    expect(text(".pv-panel-body")).toContain(`arguments ≈ ${bytes(ofItem(7))}`.replaceAll("\u202f", " "));
    expect(text(".pv-panel-body")).toMatch(/result ≈ \d/);
    model.set("snapshot", pack(run({ chunk: 20, seed: 8 })));
    vi.advanceTimersByTime(2000);
    const sum = Array.from({ length: 20 }, (_, i) => ofItem(i)).reduce((a, b) => a + b);
    expect(text(".pv-panel-body")).toContain(`arguments ≈ ${bytes(sum)} for the chunk`.replaceAll("\u202f", " "));
  });

  it("says nothing of chunks where there are none", () => {
    start();
    model.set("selection", { kind: "call", row: 3 });
    expect(text(".pv-panel-body")).not.toContain("no. ");
    expect(one('.pv-swatch[data-kind="chunk"]').closest<HTMLElement>(".pv-entry")?.hidden).toBe(true);
  });

  it("says that the words of an error are missing", () => {
    start(snapshot({ calls: 4, lanes: 1, length: 9 * MS, failing: 1 }, Number.POSITIVE_INFINITY, { errors: [] }));
    press("t");
    const raised = [...document.querySelectorAll<HTMLElement>(".pv-rows .pv-grid-row")].find((row) =>
      row.textContent?.includes("raised"),
    );
    raised?.click();
    expect(shownText()).toContain("trace.errors() has it");
  });

  it("stays with its call when the kernel counts rows from another one", () => {
    const plan = { calls: 40, lanes: 1, length: 9 * MS };
    start(snapshot(plan, Number.POSITIVE_INFINITY, { origin: 1000 }));
    model.set("selection", { kind: "call", call: 1017 });
    expect(text(".pv-panel-name")).toBe("is_prime, item 17");
    // The first ten calls have gone: their rows too, and item 17 is the eighth of those that are left.
    const { header, buffers } = snapshot({ ...plan, calls: 30 }, Number.POSITIVE_INFINITY, { origin: 1010, seq: 5 });
    model.set("snapshot", pack({ header, buffers }));
    expect(model.traits.selection).toEqual({ kind: "call", row: 7, call: 1017 });
    press(".");
    expect(model.traits.selection).toEqual({ kind: "call", row: 8, call: 1018 });
  });

  it("has the last word too, however soon it comes", () => {
    const plan = { calls: 8, lanes: 1, length: 9 * MS };
    const whole = snapshot(plan);
    start(snapshot(plan, 80 * MS));
    while (!text(".pv-panel-title")?.includes("running")) press(".");
    vi.advanceTimersByTime(10);
    model.set("snapshot", pack(whole));
    frame();
    vi.advanceTimersByTime(5000);
    frame();
    expect(text(".pv-panel-title")).toContain("returned");
  });

  it("says that output is missing which nobody told of", () => {
    start(printing([[1, "here\n", 0]], { prints_omitted: 7 }));
    model.set("selection", { kind: "call", row: 1 });
    expect(shownText()).not.toContain("trace.prints()");
    model.set("selection", { kind: "call", row: 2 });
    expect(shownText()).toContain("What 7 calls printed");
  });

  it("adds what a call prints meanwhile, and leaves alone what has not changed", () => {
    start(printing([[1, "one\n", 0]]));
    model.set("selection", { kind: "call", row: 1 });
    const figures = one(".pv-tiles");
    const [output] = [...document.querySelectorAll<HTMLElement>(".pv-panel pre")].filter(
      (pre) => pre.textContent !== "",
    );
    const before = output!.firstChild;
    output!.focus();
    const later = (header: Record<string, unknown>) => {
      model.tell(encode({ state: "done", now: 1e9, ...header }));
      vi.advanceTimersByTime(300);
      frame();
    };
    later({ seq: 0 });
    later({ seq: 1, prints: [[1, "two\n", 0]] });
    expect(one(".pv-tiles")).toBe(figures);
    expect(document.activeElement).toBe(output);
    expect(output!.firstChild, "what is marked in it stays marked").toBe(before);
    expect(shownText()).toContain("one\ntwo\n");
  });

  it("follows a running call until it ends", () => {
    start(snapshot({ calls: 24, lanes: 4, length: 900 * MS }, 2600 * MS));
    const running = [...(text(".pv-count") ?? "")];
    expect(running.length).toBeGreaterThan(0);
    press(".");
    while (!text(".pv-panel-title")?.includes("running")) press(".");
    const before = text(".pv-panel-body");
    vi.advanceTimersByTime(600);
    frame();
    expect(text(".pv-panel-body")).not.toBe(before);
  });
});

describe("a span", () => {
  it("is chosen by Shift and drag, with its statistics", () => {
    start();
    drag([300, LANES_TOP + 14], [600, LANES_TOP + 20], { shiftKey: true });
    expect(model.traits.selection).toMatchObject({ kind: "span" });
    const { start: from, end: to } = model.traits.selection as { start: number; end: number };
    expect([Number.isInteger(from), Number.isInteger(to), from < to]).toEqual([true, true, true]);
    expect(model.saved).toBe(1);
    for (const word of ["calls", "median", "95th percentile", "utilisation", "worker 1", "worker 2"]) {
      expect(text(".pv-panel-body")).toContain(word);
    }
    expect(document.querySelectorAll(".pv-panel-outcomes .pv-entry").length).toBeGreaterThan(0);
  });

  it("ends where the button was let go unheard", () => {
    start();
    pointer("pointerdown", 300, LANES_TOP + 14, { shiftKey: true });
    pointer("pointermove", 400, LANES_TOP + 14);
    pointer("pointermove", 500, LANES_TOP + 14);
    expect(model.saved).toBe(0);
    pointer("pointermove", 700, LANES_TOP + 14, { buttons: 0 });
    expect(model.saved).toBe(1);
    const { start: from, end: to } = model.traits.selection as { start: number; end: number };
    pointer("pointermove", 200, LANES_TOP + 14, { buttons: 0 });
    expect(model.traits.selection).toMatchObject({ start: from, end: to });
    drag([300, LANES_TOP + 14], [500, LANES_TOP + 14], { shiftKey: true });
    expect(model.traits.selection).toMatchObject({ start: from, end: to });
  });

  it("is what is in view, by a key, and F fits it", () => {
    start();
    press("+");
    press("m");
    const chosen = model.traits.selection as { start: number; end: number };
    press("0");
    expect(plot().hasAttribute("data-zoomed")).toBe(false);
    press("f");
    expect(plot().hasAttribute("data-zoomed")).toBe(true);
    press("m");
    const fitted = model.traits.selection as { start: number; end: number };
    expect(fitted.start).toBeLessThan(chosen.start);
    expect(fitted.end).toBeGreaterThan(chosen.end);
  });
});

describe("the overview", () => {
  const visible = () => {
    press("m");
    return model.traits.selection as { start: number; end: number };
  };

  it("stretches by its edges, moves by its middle, and centres by a click", () => {
    start();
    const canvas = one<HTMLCanvasElement>("canvas");
    const width = Number.parseFloat(canvas.style.width);
    drag([0, 20], [width / 2, 20]);
    const half = visible();
    expect(half.start).toBeGreaterThan(0);
    drag([width * 0.75, 20], [width * 0.6, 20]);
    const moved = visible();
    expect(moved.start).toBeLessThan(half.start);
    expect(moved.end - moved.start).toBeCloseTo(half.end - half.start, -2);
    pointer("pointerdown", 4, 20);
    pointer("pointerup", 4, 20);
    expect(visible().start).toBeLessThan(moved.start);
    press("0");
    drag([100, 20], [200, 20]);
    const brushed = visible();
    expect((brushed.end - brushed.start) / (half.end - half.start)).toBeCloseTo((2 * 100) / width, 1);
  });
});

describe("keys", () => {
  it("go from call to call and from lane to lane, and Enter opens", () => {
    start();
    press("Enter");
    const first = model.traits.selection as { row: number };
    expect(document.activeElement).toBe(panel());
    press(".");
    const second = model.traits.selection as { row: number };
    expect(second.row).toBeGreaterThan(first.row);
    press(",");
    expect(model.traits.selection).toEqual(first);
    expect(text(".pv-panel-body")).toContain("worker 1");
    press(">");
    expect(text(".pv-panel-body")).toContain("worker 2");
    press("<");
    expect(text(".pv-panel-body")).toContain("worker 1");
    expect(text(".pv-unseen")).toMatch(/is_prime, item \d+, \w+, .*, worker 1/);
    press("Escape", panel());
    expect([panel().hidden, document.activeElement]).toEqual([true, plot()]);
  });

  it("open the help, which the host does not hear", () => {
    start();
    press("?");
    const help = one<HTMLDialogElement>("dialog");
    expect(help.open).toBe(true);
    expect(text("dialog")).toContain("Shift");
    let heard = 0;
    document.body.addEventListener("keydown", () => heard++);
    press("d", help);
    expect(heard).toBe(0);
    one("dialog .pv-button").click();
    expect(help.open).toBe(false);
  });

  it("leave Escape to the host when there is nothing to let go", () => {
    start();
    expect(press("Escape").defaultPrevented).toBe(false);
  });
});

describe("following", () => {
  it("lets go when the reader zooms, offers to return, and returns", () => {
    start(snapshot({ calls: 24, lanes: 4, length: 900 * MS }, 2600 * MS));
    const follow = one<HTMLButtonElement>(".pv-button");
    expect(follow.hidden).toBe(true);
    press("+");
    expect([follow.hidden, follow.textContent]).toEqual([false, "Follow"]);
    press("m");
    const chosen = model.traits.selection as { start: number; end: number };
    vi.advanceTimersByTime(1000);
    frame();
    press("Escape");
    press("m");
    expect(model.traits.selection).toEqual(chosen);
    follow.click();
    frame();
    expect([follow.hidden, plot().hasAttribute("data-zoomed")]).toEqual([true, false]);
  });
});

describe("find", () => {
  const type = (value: string) => {
    const input = one<HTMLInputElement>(".pv-input");
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    vi.advanceTimersByTime(200);
    return input;
  };

  it("counts, goes to the next and round, and gives the focus back", () => {
    start();
    press("/");
    expect(one(".pv-find").hidden).toBe(false);
    const input = type("item");
    expect(text(".pv-find-count")).toBe("0 found");
    type("[17]");
    expect(text(".pv-find-count")).toBe("1 found");
    press("Enter", input);
    expect(model.traits.selection).toMatchObject({ kind: "call", row: 17 });
    type("raised");
    const count = Number(/\d+/.exec(text(".pv-find-count") ?? "")?.[0]);
    expect(count).toBeGreaterThan(1);
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      press("Enter", input);
      seen.add((model.traits.selection as { row: number }).row);
    }
    expect(seen.size).toBe(count);
    expect(text(".pv-find-count")).toMatch(/^\d+ of \d+$/);
    press("Escape", input);
    expect([one(".pv-find").hidden, document.activeElement]).toEqual([true, plot()]);
  });
});

describe("the legend", () => {
  const entry = (name: string) =>
    [...document.querySelectorAll<HTMLElement>(".pv-legend button")].find((node) => node.textContent?.includes(name))!;

  it("filters by a click, adds with Shift, and its counts stay", () => {
    start();
    const counts = text(".pv-legend");
    entry("raised").click();
    frame();
    expect(entry("raised").getAttribute("aria-pressed")).toBe("true");
    expect(entry("returned").classList.contains("pv-off")).toBe(true);
    expect(text(".pv-legend")).toBe(counts);
    press(".");
    expect(text(".pv-panel-title")).toContain("raised");
    entry("returned").dispatchEvent(new MouseEvent("click", { shiftKey: true, bubbles: true }));
    expect(entry("returned").getAttribute("aria-pressed")).toBe("true");
    expect(entry("raised").getAttribute("aria-pressed")).toBe("true");
    entry("raised").click();
    entry("raised").click();
    expect(document.querySelectorAll(".pv-off").length).toBe(0);
  });
});
