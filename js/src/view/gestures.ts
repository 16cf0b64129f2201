/** Pointer and wheel on the plot. A plain wheel is left alone: it belongs to the notebook. */
import { listen } from "../base/listen";
import type { Px } from "../base/units";

export interface Actions {
  /** Make what is shown `factor` times as long, around a place of the plot. */
  zoom(x: Px, factor: number): void;
  pan(by: Px): void;
  /** Bring a place of the overview into the middle. */
  centre(x: Px): void;
  fit(): void;
  hover(x: Px, y: Px): void;
  leave(): void;
}

/** How far the pointer may stray and still mean a click. */
const CLICK: Px = 3;

/** A line of a mouse wheel in px, for the browsers that count in lines. */
const LINE: Px = 16;

class Pointers {
  readonly #at = new Map<number, number>();

  get count(): number {
    return this.#at.size;
  }

  down(id: number, x: Px): void {
    this.#at.set(id, x);
  }

  up(id: number): void {
    this.#at.delete(id);
  }

  /** @returns how the middle moved and by what factor the fingers came together; null for a pointer that is not down */
  move(id: number, x: Px): { by: Px; factor: number; middle: Px } | null {
    const before = this.#at.get(id);
    if (before === undefined) return null;
    const other = [...this.#at].find(([key]) => key !== id)?.[1];
    this.#at.set(id, x);
    if (other === undefined) return { by: x - before, factor: 1, middle: x };
    const factor = Math.max(8, Math.abs(before - other)) / Math.max(8, Math.abs(x - other));
    return { by: (x - before) / 2, factor, middle: (x + other) / 2 };
  }
}

/**
 * @param plot what takes the pointer
 * @param place turns an event into px from the canvas' left and top edge
 * @param inOverview whether a height lies in the overview
 */
export function followPointer(
  plot: HTMLElement,
  place: (event: MouseEvent) => { x: Px; y: Px },
  inOverview: (y: Px) => boolean,
  actions: Actions,
  signal: AbortSignal,
): void {
  const pointers = new Pointers();
  let dragsOverview = false;
  let travelled: Px = 0;

  listen(
    plot,
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
      // A pinch arrives as a wheel with small steps and Ctrl; the limit keeps a mouse's coarse steps from leaping.
      actions.zoom(place(event).x, Math.exp(Math.max(-60, Math.min(60, delta)) * 0.006));
    },
    signal,
    { passive: false },
  );

  listen(
    plot,
    "pointerdown",
    (event) => {
      const { x, y } = place(event);
      if (event.button !== 0 || x < 0) return;
      pointers.down(event.pointerId, x);
      dragsOverview = inOverview(y);
      travelled = 0;
      if (dragsOverview) actions.centre(x);
    },
    signal,
  );

  listen(
    plot,
    "pointermove",
    (event) => {
      const { x, y } = place(event);
      const move = pointers.move(event.pointerId, x);
      if (move === null) {
        actions.hover(x, y);
        return;
      }
      travelled += Math.abs(move.by);
      // Captured only once it is a drag, so that a click still reaches what is under it.
      if (travelled > CLICK) plot.setPointerCapture(event.pointerId);
      actions.leave();
      if (dragsOverview) actions.centre(x);
      else {
        if (move.factor !== 1) actions.zoom(move.middle, move.factor);
        actions.pan(-move.by);
      }
    },
    signal,
  );

  for (const end of ["pointerup", "pointercancel"] as const) {
    listen(plot, end, (event) => pointers.up(event.pointerId), signal);
  }
  listen(plot, "pointerleave", () => actions.leave(), signal);
  listen(
    plot,
    "dblclick",
    (event) => {
      event.preventDefault();
      actions.fit();
    },
    signal,
  );
}
