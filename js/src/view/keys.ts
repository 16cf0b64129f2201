/** The keyboard, wherever in the timeline the focus is. What each key does in words stands in the help. */
import { listen } from "../base/listen";
import { guardHostKeys, isForHost, isTyping } from "./host-keys";

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

/** Keys that mean the same with the plot and with the table. */
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

/** These are for what has the focus: a button is pressed, words are scrolled. */
const FOCUSED = /^(enter|arrow.*)$/;

/** @returns whether the key meant something */
function use(
  event: KeyboardEvent,
  keys: Readonly<Record<string, Action>>,
  actions: KeyActions,
  main: Element,
): boolean {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target)) return false;
  const key = event.key.toLowerCase();
  if (FOCUSED.test(key) && (target !== main || event.shiftKey)) return false;
  const action = keys[key];
  return action !== undefined && action(actions) !== false;
}

/**
 * Take the keys that are pressed in a timeline.
 *
 * @param mainOf gives what is shown, the plot or the table, and whether it is the plot
 */
export function followKeys(
  root: HTMLElement,
  mainOf: () => { node: HTMLElement; isPlot: boolean },
  actions: KeyActions,
  signal: AbortSignal,
): void {
  guardHostKeys(root, signal);
  const pressed = (event: KeyboardEvent) => {
    const { node, isPlot } = mainOf();
    const main = event.target === root ? root : node;
    // A dialog has its keys for itself, also Escape.
    const inDialog = event.target instanceof Element && event.target.closest("dialog") !== null;
    const isUsed = !inDialog && !event.defaultPrevented && use(event, isPlot ? PLOT : COMMON, actions, main);
    if (isUsed) event.preventDefault();
    if (isUsed || !isForHost(event) || (inDialog && event.key === "Escape")) event.stopPropagation();
  };
  listen(root, "keydown", pressed, signal);
}
