/** The keyboard on the plot. */
import { listen } from "../base/listen";

export interface KeyActions {
  /** Around the middle; below 1 shows less and larger. */
  zoom(factor: number): void;
  /** By a share of what is shown; above 0 shows what comes later. */
  pan(share: number): void;
  fit(): void;
}

const ZOOM = 1.35;
const PAN = 0.15;

const KEYS: Readonly<Record<string, (actions: KeyActions) => void>> = {
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
  f: (actions) => actions.fit(),
  "0": (actions) => actions.fit(),
};

/** The notebook's own single keys, such as D D to delete a cell, must not fire for keys that the plot takes. */
export const KEEP_HOST_KEYS_OUT = "data-lm-suppress-shortcuts";

export function followKeys(plot: HTMLElement, actions: KeyActions, signal: AbortSignal): void {
  plot.setAttribute(KEEP_HOST_KEYS_OUT, "true");
  listen(
    plot,
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const action = KEYS[event.key.toLowerCase()];
      if (action === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      action(actions);
    },
    signal,
  );
}
