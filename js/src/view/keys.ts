/** The keyboard on the plot and the table. What each key does in words stands in the help. */
import { listen } from "../base/listen";

export interface KeyActions {
  /** Around the middle; below 1 shows less and larger. */
  zoom(factor: number): void;
  /** By a share of what is shown; above 0 shows what comes later. */
  pan(share: number): void;
  fitSelection(): void;
  fitAll(): void;
  /** To the next call of the lane, or the one before. */
  step(direction: 1 | -1): void;
  /** To the lane below, or above. */
  stepLane(direction: 1 | -1): void;
  /** Into the panel of what is selected. */
  open(): void;
  /** Away with what is open or selected. Returns whether there was anything. */
  close(): boolean;
  selectVisible(): void;
  find(): void;
  toggleTable(): void;
  toggleLeads(): void;
  help(): void;
}

const ZOOM = 1.35;
const PAN = 0.15;

type Action = (actions: KeyActions) => unknown;

/** Keys that mean the same over the plot and over the table. */
const COMMON: Readonly<Record<string, Action>> = {
  enter: (actions) => actions.open(),
  escape: (actions) => actions.close(),
  "/": (actions) => actions.find(),
  "?": (actions) => actions.help(),
  t: (actions) => actions.toggleTable(),
};

const PLOT: Readonly<Record<string, Action>> = {
  ...COMMON,
  "+": (actions) => actions.zoom(1 / ZOOM),
  "=": (actions) => actions.zoom(1 / ZOOM),
  w: (actions) => actions.zoom(1 / ZOOM),
  arrowup: (actions) => actions.zoom(1 / ZOOM),
  "-": (actions) => actions.zoom(ZOOM),
  s: (actions) => actions.zoom(ZOOM),
  arrowdown: (actions) => actions.zoom(ZOOM),
  a: (actions) => actions.pan(-PAN),
  arrowleft: (actions) => actions.pan(-PAN),
  d: (actions) => actions.pan(PAN),
  arrowright: (actions) => actions.pan(PAN),
  f: (actions) => actions.fitSelection(),
  "0": (actions) => actions.fitAll(),
  ".": (actions) => actions.step(1),
  ",": (actions) => actions.step(-1),
  ">": (actions) => actions.stepLane(1),
  "<": (actions) => actions.stepLane(-1),
  m: (actions) => actions.selectVisible(),
  l: (actions) => actions.toggleLeads(),
};

/** The notebook's own single keys, such as D D to delete a cell, must not fire for keys that the timeline takes. */
export const KEEP_HOST_KEYS_OUT = "data-lm-suppress-shortcuts";

export function followKeys(target: HTMLElement, onPlot: boolean, actions: KeyActions, signal: AbortSignal): void {
  target.setAttribute(KEEP_HOST_KEYS_OUT, "true");
  const keys = onPlot ? PLOT : COMMON;
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    // Buttons have Enter for themselves.
    if (event.key === "Enter" && event.target instanceof HTMLButtonElement) return;
    const taken = keys[event.key.toLowerCase()]?.(actions);
    // A key that found nothing to do is left to the host.
    if (taken === false || !(event.key.toLowerCase() in keys)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  listen(target, "keydown", pressed, signal);
}
