// @vitest-environment happy-dom
/** What a notebook hears of the keys in a timeline: one that listens on the document first, as Lumino does in Notebook 7, or last. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { snapshot } from "../dev/synthetic";
import { one, plot, start } from "./reader";

const MARK = "data-lm-suppress-shortcuts";

let heard: string[] = [];
let life: AbortController;

/** What Lumino does: from the element outwards, unless it is marked; most selectors fit the element that has the focus. */
function first(event: KeyboardEvent): void {
  if (!(event.target as Element).hasAttribute(MARK)) heard.push(`first ${event.key}`);
}

function press(target: HTMLElement, key: string, init: KeyboardEventInit = {}): string[] {
  heard = [];
  target.focus();
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init }));
  return heard;
}

const both = (key: string) => [`first ${key}`, `last ${key}`];
const focusable = () => [
  ...document.querySelectorAll<HTMLElement>(".poolviz-timeline, .poolviz-timeline :is(button, [tabindex], input)"),
];

beforeEach(() => {
  life = new AbortController();
  document.addEventListener("keydown", first, { capture: true, signal: life.signal });
  document.addEventListener("keydown", ({ key }) => heard.push(`last ${key}`), { signal: life.signal });
  start(snapshot({ calls: 40, lanes: 2, length: 50e6, failing: 0.2 }));
});

afterEach(() => life.abort());

describe("the notebook", () => {
  it("hears no key that is text or moves, from whatever has the focus", () => {
    const all = focusable();
    expect(all.length).toBeGreaterThan(15);
    for (const target of all) {
      for (const key of ["b", "x", "D", "1", "Backspace", "ArrowUp", "Enter", " ", "Tab", "\u00e4"]) {
        expect(press(target, key), `${key} on ${target.className}`).toEqual([]);
      }
    }
  });

  it("hears chords, and what else its users expect to work", () => {
    for (const target of focusable()) {
      for (const init of [
        { ctrlKey: true },
        { metaKey: true },
        { ctrlKey: true, shiftKey: true },
      ] as KeyboardEventInit[]) {
        expect(press(target, "s", init), target.className).toEqual(both("s"));
        if (init.shiftKey) expect(press(target, "C", init), "the palette of commands").toEqual(both("C"));
      }
      for (const key of ["F1", "F11", "Shift"]) expect(press(target, key)).toEqual(both(key));
      const isText = target.tagName === "INPUT";
      expect(press(target, "Enter", { shiftKey: true }), target.className).toEqual(isText ? [] : both("Enter"));
      expect(press(target, "Enter", { ctrlKey: true })).toEqual(both("Enter"));
      expect(press(target, "z", { ctrlKey: true }), "it would undo what is not seen from here").toEqual([]);
      expect(press(target, "ArrowUp", { ctrlKey: true, shiftKey: true })).toEqual([]);
    }
  });

  it.each([
    ["Cyrillic", "\u044f", "KeyZ", 90],
    ["Cyrillic", "\u0447", "KeyX", 88],
    ["Greek", "\u03bd", "KeyV", 86],
    ["Hebrew, where the system gives no code of a Latin letter", "\u05d6", "KeyZ", 0],
    ["French", "z", "KeyW", 90],
  ])("hears no chord that edits from a keyboard that is %s", (_name, key, code, keyCode) => {
    for (const chord of [{ ctrlKey: true }, { metaKey: true }])
      expect(press(plot(), key, { code, keyCode, ...chord })).toEqual([]);
    if (keyCode === 90) expect(press(plot(), key, { code, keyCode, ctrlKey: true, shiftKey: true })).toEqual([]);
  });

  it.each([
    ["Cyrillic", "\u044b", "KeyS", 83],
    ["French, where Z stands elsewhere", "w", "KeyZ", 87],
  ])("hears other chords from a keyboard that is %s", (_name, key, code, keyCode) => {
    expect(press(plot(), key, { code, keyCode, ctrlKey: true })).toEqual(both(key));
  });

  it("hears Escape when there is nothing to close", () => {
    expect(press(plot(), "Escape")).toEqual(both("Escape"));
    press(plot(), ".");
    expect(press(plot(), "Escape")).not.toContain("last Escape");
    expect(press(plot(), "Escape")).toEqual(both("Escape"));
  });

  it("has all keys where the timeline is no more", () => {
    const button = one<HTMLButtonElement>(".pv-buttons button");
    press(button, "b");
    const outside = document.createElement("button");
    document.body.append(outside);
    expect(press(outside, "b")).toEqual(both("b"));
    expect(outside.hasAttribute(MARK)).toBe(false);
    // Taken away with the focus, and back again.
    const root = one(".poolviz-timeline");
    const parent = root.parentElement!;
    root.remove();
    expect(press(outside, "b")).toEqual(both("b"));
    parent.append(root);
    expect(press(button, "b")).toEqual([]);
  });
});

describe("a key of the timeline", () => {
  it("works from wherever the focus is, but not while a name is typed", () => {
    const panel = () => one(".pv-panel");
    press(one(".pv-buttons button"), ".");
    expect(panel().hidden).toBe(false);
    press(panel(), "Escape");
    expect(panel().hidden).toBe(true);
    press(one(".pv-entry"), "m");
    expect(panel().hidden).toBe(false);
    press(panel(), "Escape");
    press(one(".pv-buttons button"), "/");
    press(one(".pv-input"), "m");
    expect(panel().hidden).toBe(true);
  });

  it("is not one with Shift and Enter, which runs the cell", () => {
    press(plot(), "Enter", { shiftKey: true });
    expect(one(".pv-panel").hidden).toBe(true);
    press(plot(), "Enter");
    expect(one(".pv-panel").hidden).toBe(false);
  });
});
