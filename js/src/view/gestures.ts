/** Pointer and wheel on the plot. A plain wheel is left alone: it belongs to the notebook. */
import { listen } from "../base/listen";
import type { Px } from "../base/units";

/** What the moves of one pointer mean, from down to up. */
export interface Drag {
  move(x: Px): void;
  /** @param clicked whether the pointer hardly moved */
  end(clicked: boolean): void;
}

export interface Actions {
  /** Make what is shown `factor` times as long, around a place of the plot. */
  zoom(x: Px, factor: number): void;
  pan(by: Px): void;
  /** A pointer went down; null where that means nothing. */
  grab(x: Px, y: Px, shift: boolean): Drag | null;
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

  up(id: number): boolean {
    return this.#at.delete(id);
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

function followWheel(
  plot: HTMLElement,
  place: (event: MouseEvent) => { x: Px },
  actions: Actions,
  signal: AbortSignal,
) {
  const turned = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1);
    // A pinch arrives as a wheel with small steps and Ctrl; the limit keeps a mouse's coarse steps from leaping.
    actions.zoom(place(event).x, Math.exp(Math.max(-60, Math.min(60, delta)) * 0.006));
  };
  listen(plot, "wheel", turned, signal, { passive: false });
}

/**
 * @param plot what takes the pointer
 * @param place turns an event into px from the canvas' left and top edge
 */
export function followPointer(
  plot: HTMLElement,
  place: (event: MouseEvent) => { x: Px; y: Px },
  actions: Actions,
  signal: AbortSignal,
): void {
  const pointers = new Pointers();
  let drag: Drag | null = null;
  let travelled: Px = 0;

  const down = (event: PointerEvent) => {
    const { x, y } = place(event);
    if (event.button !== 0 || x < 0) return;
    pointers.down(event.pointerId, x);
    travelled = 0;
    // A second finger turns the drag into a pinch.
    drag?.end(false);
    drag = pointers.count === 1 ? actions.grab(x, y, event.shiftKey) : null;
  };

  const finish = (clicked: boolean) => {
    const ended = drag;
    drag = null;
    ended?.end(clicked);
  };

  const move = (event: PointerEvent) => {
    const { x, y } = place(event);
    // The button was let go where the page does not hear of it: in another window, or over a frame.
    if (event.buttons === 0 && pointers.up(event.pointerId)) finish(false);
    const moved = pointers.move(event.pointerId, x);
    if (moved === null) {
      actions.hover(x, y);
      return;
    }
    travelled += Math.abs(moved.by);
    if (travelled <= CLICK) return;
    // Captured only once it is a drag, so that a click still reaches what is under it.
    plot.setPointerCapture(event.pointerId);
    actions.leave();
    if (drag) drag.move(x);
    else if (pointers.count > 1) {
      if (moved.factor !== 1) actions.zoom(moved.middle, moved.factor);
      actions.pan(-moved.by);
    }
  };

  const up = (event: PointerEvent) => {
    if (pointers.up(event.pointerId)) finish(event.type === "pointerup" && travelled <= CLICK);
  };

  followWheel(plot, place, actions, signal);
  listen(plot, "pointerdown", down, signal);
  listen(plot, "pointermove", move, signal);
  listen(plot, "pointerup", up, signal);
  listen(plot, "pointercancel", up, signal);
  listen(plot, "pointerleave", () => actions.leave(), signal);
  const fit = (event: MouseEvent) => {
    event.preventDefault();
    actions.fit();
  };
  listen(plot, "dblclick", fit, signal);
}
