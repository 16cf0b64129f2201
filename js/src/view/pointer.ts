/** What the pointer does to the plot. */
import type { Px } from "../base/units";
import { spanOf } from "../model/selection";
import type { Store } from "../model/store";
import { OVERVIEW_HEIGHT } from "../render/layout";
import { setAttribute } from "./dom";
import { holdAt, overviewDrag, panDrag, spanDrag } from "./drags";
import type { Actions, Drag } from "./gestures";
import type { Plot } from "./plot";

const inOverview = (y: Px) => y >= 0 && y < OVERVIEW_HEIGHT;

export class PlotPointer implements Actions {
  readonly #store: Store;
  readonly #plot: Plot;
  readonly #focus: () => void;

  /** @param focus gives the plot the keyboard */
  constructor(store: Store, plot: Plot, focus: () => void) {
    this.#store = store;
    this.#plot = plot;
    this.#focus = focus;
  }

  zoom(x: Px, factor: number): void {
    if (!this.#plot.hasRoom) return;
    this.#plot.viewport.zoom(this.#plot.scale.pxToTime(x), factor);
    this.#plot.redraw();
  }

  readonly pan = (by: Px): void => {
    this.#plot.viewport.pan(by * this.#plot.scale.nsPerPx);
    this.#plot.redraw();
  };

  grab(x: Px, y: Px, shift: boolean): Drag | null {
    const plot = this.#plot;
    if (!plot.hasRoom) return null;
    if (inOverview(y)) return overviewDrag(plot.overview, plot.viewport, x, () => plot.redraw());
    const click = () => this.#select(x, y);
    if (!shift) return panDrag(x, this.pan, click);
    this.#focus();
    const draft = (span: typeof plot.draft) => {
      plot.draft = span;
      plot.redraw();
    };
    const chosen = ({ start, end }: { start: number; end: number }) => this.#store.selection.choose(spanOf(start, end));
    return spanDrag(plot.scale, x, draft, chosen, click);
  }

  #select(x: Px, y: Px): void {
    this.#focus();
    const picked = this.#plot.pickAt({ x, y });
    const row = picked?.kind === "call" ? picked.row : null;
    this.#store.selection.choose(row === null ? null : { kind: "call", row });
  }

  fit(): void {
    this.#plot.viewport.fit();
    this.#plot.redraw();
  }

  hover(x: Px, y: Px): void {
    const { hover, stage, viewport } = this.#plot;
    const hold = inOverview(y) && x >= 0 && this.#plot.hasRoom ? holdAt(this.#plot.overview, viewport, x) : null;
    setAttribute(this.#plot.node, "data-hold", hold);
    if (hover.point(x >= 0 && x <= stage.width ? { x, y } : null)) this.#plot.redraw();
  }

  leave(): void {
    if (this.#plot.hover.point(null)) this.#plot.redraw();
  }
}
