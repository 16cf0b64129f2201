// @vitest-environment happy-dom
/** The table and the spoken summary, in a DOM. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { COUNTS, encode, pack } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import { frame, model, one, plot, press, start, text } from "./reader";

const MS = 1e6;

describe("the table", () => {
  const cells = (id: string) =>
    [...document.querySelectorAll(`.pv-rows .pv-cell-${id}`)].map((node) => node.textContent ?? "");
  const head = (id: string) => one(`.pv-grid-head .pv-cell-${id} button`);

  beforeEach(() => {
    Object.defineProperty(HTMLElement.prototype, "clientHeight", { configurable: true, get: () => 24 * 11 });
  });

  it("has only the rows that can be seen, and says how many there are", () => {
    start(snapshot({ calls: 100_000, lanes: 4, length: MS }));
    press("t");
    const grid = one(".pv-grid");
    expect([plot().hidden, grid.hidden]).toEqual([true, false]);
    expect(grid.getAttribute("role")).toBe("grid");
    expect(grid.getAttribute("aria-rowcount")).toBe("100001");
    expect(document.querySelectorAll(".pv-rows .pv-grid-row").length).toBe(11);
    press("End", grid);
    expect(cells("call")).toContain("is_prime, item 99999");
    expect(
      document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")?.getAttribute("aria-rowindex"),
    ).toBe("100001");
    press("PageUp", grid);
    press("Enter", grid);
    expect((model.traits.selection as { row: number }).row).toBeLessThan(99_999);
    press("t", grid);
    expect([plot().hidden, grid.hidden]).toEqual([false, true]);
  });

  it("reaches every row also where it is higher than browsers allow", () => {
    const many = 400_000;
    start(
      encode(
        { kind: "snapshot", seq: -1, counts: { ...COUNTS, total: many, pending: many } },
        { calls: { first: [0], count: [many], submitted: [MS], label: [0], item: [0] } },
      ),
    );
    const grid = one(".pv-grid");
    one<HTMLButtonElement>("button[aria-label='Show as a table']").click();
    expect(Number.parseFloat(one(".pv-rows").style.height)).toBeLessThan(many * 24);
    press("End", grid);
    expect(cells("call").at(-1)).toBe("call, item 399999");
    press("Home", grid);
    expect(cells("call")[0]).toBe("call, item 0");
  });

  it("says so of a call that has been given up since it was made, and stays on the row that the keyboard is on", () => {
    start();
    press("t");
    const grid = one(".pv-grid");
    press("ArrowDown", grid);
    press("ArrowDown", grid);
    const active = () => one(`#${grid.getAttribute("aria-activedescendant")}`).dataset.row;
    expect(active()).toBe("2");
    model.tell(encode({ seq: 0, first_row: 2, counts: { ...COUNTS, total: 40, finished: 40 } }));
    grid.dispatchEvent(new Event("scroll"));
    expect(cells("call").slice(0, 3)).toEqual([
      "a call that is no longer kept",
      "a call that is no longer kept",
      "is_prime, item 2",
    ]);
    expect(cells("outcome")[0]).toBe("");
    vi.advanceTimersByTime(10_000);
    expect(cells("call")[0]).toBe("is_prime, item 2");
    expect(active()).toBe("2");
  });

  it("shows nothing of another call in the row of one that has been given up", () => {
    start(snapshot({ calls: 100, lanes: 2, length: 50 * MS, failing: 1 }));
    press("t");
    const grid = one(".pv-grid");
    expect(one(".pv-rows .pv-cell-error span").title).not.toBe("");
    model.tell(encode({ seq: 0, first_row: 90, counts: { ...COUNTS, total: 100, finished: 100 } }));
    grid.scrollTop = 24 * 30;
    grid.dispatchEvent(new Event("scroll"));
    const rows = [...document.querySelectorAll<HTMLElement>(".pv-rows .pv-grid-row")];
    expect(rows.map(({ dataset }) => Number(dataset.index))).toEqual(rows.map((_, i) => 30 + i));
    expect(rows.map((row) => row.getAttribute("aria-rowindex"))).toEqual(rows.map((_, i) => String(32 + i)));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows[0]!.textContent).toBe("a call that is no longer kept");
    for (const row of rows) {
      expect(row.querySelectorAll("[title]:not([title=''])").length).toBe(0);
      expect(row.querySelector<HTMLElement>(".pv-swatch")!.hidden).toBe(true);
      expect(row.dataset.row).toBeUndefined();
    }
    rows[0]!.click();
    expect(model.traits.selection ?? null).toBeNull();
    expect(grid.getAttribute("aria-activedescendant")).toBe(rows[0]!.id);
  });

  it("is sorted by its heads: up, down, and as submitted", () => {
    start();
    press("t");
    const order = () => cells("call").map((name) => Number(/\d+$/.exec(name)?.[0]));
    const submitted = order();
    expect(submitted).toEqual([...submitted].sort((a, b) => a - b));
    head("outcome").click();
    expect(cells("outcome")[0]).toBe("raised");
    expect(one(".pv-grid-head .pv-cell-outcome").getAttribute("aria-sort")).toBe("ascending");
    head("outcome").click();
    expect(cells("outcome")[0]).toBe("returned");
    expect(one(".pv-grid-head .pv-cell-outcome").getAttribute("aria-sort")).toBe("descending");
    head("outcome").click();
    expect(order()).toEqual(submitted);
    head("call").click();
    head("call").click();
    expect(order()[0]).toBe(39);
  });

  it("has bytes only of processes", () => {
    start();
    press("t");
    expect(one(".pv-grid").dataset.processes).toBe("true");
    expect(one(".pv-grid").getAttribute("aria-colcount")).toBe("9");
    head("bytes-out").click();
    const shown = [...document.querySelectorAll<HTMLElement>(".pv-rows .pv-grid-row")].map((row) =>
      Number(row.dataset.row),
    );
    const out = shown.map((row) => 40 + ((row * 7919) % 5000));
    expect(out).toEqual([...out].sort((a, b) => a - b));
    expect(cells("bytes-out")[0]?.replace("\u202f", " ")).toMatch(/^\d.* k?B$/);
    model.set("snapshot", pack(snapshot({ calls: 40, lanes: 2, length: 50 * MS, kind: "thread" })));
    vi.advanceTimersByTime(10_000);
    frame();
    expect(one(".pv-grid").dataset.processes).toBeUndefined();
    expect(one(".pv-grid").getAttribute("aria-colcount")).toBe("7");
  });

  it("has the same filter, and a click selects", () => {
    start();
    press("t");
    [...document.querySelectorAll<HTMLElement>(".pv-legend button")]
      .find((node) => node.textContent?.includes("raised"))
      ?.click();
    expect(new Set(cells("outcome"))).toEqual(new Set(["raised"]));
    one(".pv-rows .pv-grid-row").click();
    expect(text(".pv-panel-title")).toContain("raised");
    expect(one(".pv-rows .pv-grid-row").getAttribute("aria-selected")).toBe("true");
  });

  it("takes up what streams in, now and then", () => {
    start(
      encode(
        { kind: "snapshot", seq: -1, counts: { ...COUNTS, total: 3, pending: 3 } },
        {
          calls: { first: [0], count: [3], submitted: [MS], label: [0], item: [0] },
        },
      ),
    );
    one<HTMLButtonElement>("button[aria-label='Show as a table']").click();
    expect(one(".pv-grid").getAttribute("aria-rowcount")).toBe("4");
    for (let seq = 0; seq < 5; seq++) {
      const calls = { first: [3 + seq], count: [1], submitted: [MS], label: [0], item: [3 + seq] };
      model.tell(encode({ seq, counts: { ...COUNTS, total: 4 + seq, pending: 4 + seq } }, { calls }));
    }
    vi.advanceTimersByTime(2000);
    expect(one(".pv-grid").getAttribute("aria-rowcount")).toBe("9");
  });
});

describe("the live region", () => {
  it("speaks at the end at once, and meanwhile not more often than every few seconds", () => {
    start(encode({ kind: "snapshot", seq: -1 }));
    const said = new Set<string>();
    for (let seq = 0; seq < 60; seq++) {
      vi.advanceTimersByTime(100);
      model.tell(encode({ seq, counts: { ...COUNTS, total: 100, pending: 99 - seq, running: 1, finished: seq } }));
      said.add(text(".pv-unseen") ?? "");
    }
    expect(said.size).toBeGreaterThan(1);
    expect(said.size).toBeLessThan(5);
    model.tell(encode({ seq: 60, state: "done", counts: { ...COUNTS, total: 100, finished: 100 } }));
    expect(text(".pv-unseen")).toBe("done: 100 of 100 calls done, 0 running, 0 failed");
  });
});
