/** A reader before a mounted timeline: what tests do with keys and pointer, and what they see. */
import type { AnyModel } from "@anywidget/types";
import { afterEach, beforeEach, vi } from "vitest";
import { pack } from "../dev/encode";
import { snapshot } from "../dev/synthetic";
import makeWidget from "../src/widget";
import { FakeModel, installBrowser } from "./fakes";

const MS = 1e6;

type Part = (given: { model: AnyModel; el: HTMLElement }) => () => void;

/** Made anew for each test. */
export let model: FakeModel;
/** Let one frame pass. */
export let frame: () => number;
let end: () => void;

export const one = <T extends HTMLElement>(selector: string) => document.querySelector(selector) as T;
export const text = (selector: string) => one(selector)?.textContent?.replaceAll("\u202f", " ") ?? null;
export const plot = () => one(".pv-plot");
export const panel = () => one(".pv-panel");

export function start(encoded = snapshot({ calls: 40, lanes: 2, length: 50 * MS, failing: 0.2 })): void {
  model = new FakeModel();
  model.traits.snapshot = pack(encoded);
  const parts = makeWidget() as unknown as { initialize: Part; render: Part };
  const el = document.createElement("div");
  document.body.append(el);
  const given = { model: model as unknown as AnyModel, el };
  const ends = [parts.initialize(given), parts.render(given)];
  end = () => {
    for (const stop of ends) stop();
  };
  frame();
}

export function press(key: string, target: HTMLElement = plot()): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
  frame();
  return event;
}

/** Buttons that are held down. */
let held = 0;

export function pointer(type: string, x: number, y: number, init: PointerEventInit = {}): void {
  if (type !== "pointermove") held = type === "pointerdown" ? 1 : 0;
  const place = { bubbles: true, clientX: x, clientY: y, pointerId: 1, button: 0, buttons: held };
  const event = new PointerEvent(type, { ...place, ...init });
  plot().dispatchEvent(event);
  frame();
}

export function drag(from: [number, number], to: [number, number], init: PointerEventInit = {}): void {
  pointer("pointerdown", ...from, init);
  pointer("pointermove", (from[0] + to[0]) / 2, to[1], init);
  pointer("pointermove", ...to, init);
  pointer("pointerup", ...to, init);
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  document.body.replaceChildren();
  ({ frame } = installBrowser(900));
});

afterEach(() => {
  end();
  vi.useRealTimers();
});
