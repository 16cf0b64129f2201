/** The plot's elements and sizes: the gutter that scrolls, the canvas beside it, sharp on every screen. */
import { onAbort } from "../base/listen";
import type { Px } from "../base/units";
import { Sums } from "../model/slices";
import { AXIS_HEIGHT, LANE_HEIGHT, OVERVIEW_HEIGHT } from "../render/layout";
import { element } from "./dom";
import { CanvasPixelRow } from "./strip";

/** More lanes than so many scroll inside. */
const MOST_LANES = 24;
const LEAST_ROWS: Px = LANE_HEIGHT * 2;
const NARROW: Px = 620;
const GUTTER: Px = 236;
const NARROW_GUTTER: Px = 116;

export class Stage {
  readonly canvas = element("canvas", "pv-canvas");
  readonly scroller = element("div", "pv-scroller");
  readonly plot: HTMLElement;
  readonly #observer: ResizeObserver;
  readonly context: CanvasRenderingContext2D;
  width: Px = 0;
  height: Px = 0;
  gutter: Px = GUTTER;
  /** How far the rows are scrolled; kept, as asking for it costs layout. */
  scroll: Px = 0;
  ratio = 0;
  sums = new Sums(1);
  strip = new CanvasPixelRow(1);

  /**
   * @param parts what else lies in the plot
   * @param gutter what scrolls with the rows
   * @param changed is called when what is drawn does not fit its size any more
   */
  constructor(parts: HTMLElement[], gutter: HTMLElement, changed: () => void, signal: AbortSignal) {
    this.scroller.append(gutter);
    this.plot = element("div", "pv-plot", this.scroller, this.canvas, ...parts);
    const context = this.canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    this.context = context;
    this.#observer = new ResizeObserver(changed);
    this.#observer.observe(this.plot);
    onAbort(signal, () => this.#observer.disconnect());
    const scrolled = () => {
      this.scroll = this.scroller.scrollTop;
      changed();
    };
    this.scroller.addEventListener("scroll", scrolled, { signal, passive: true });
  }

  /** Height of what can be seen of the rows. */
  get rowsHeight(): Px {
    return this.height - OVERVIEW_HEIGHT - AXIS_HEIGHT;
  }

  /**
   * Give rows and canvas their sizes.
   *
   * @param rows height of all rows
   * @param wished height of the plot that the user asked for; 0 for as high as it needs
   * @param room height of the plot at most; null where the page scrolls, and lanes beyond a number scroll inside
   * @returns false when there is no room at all, as in a folded output
   */
  fit(rows: Px, wished: Px, room: Px | null): boolean {
    const total = this.plot.clientWidth;
    if (total === 0) {
      // Hosts hide outputs for a moment, too short for the observer to notice. Watched anew, it tells as soon as there is a size.
      this.#observer.unobserve(this.plot);
      this.#observer.observe(this.plot);
      return false;
    }
    const frame = OVERVIEW_HEIGHT + AXIS_HEIGHT;
    const most = room !== null ? room - frame : wished > 0 ? wished - frame : MOST_LANES * LANE_HEIGHT;
    const shown = Math.max(LEAST_ROWS, Math.min(rows, most));
    this.gutter = total < NARROW ? NARROW_GUTTER : GUTTER;
    this.plot.style.setProperty("--pv-gutter", `${this.gutter}px`);
    this.plot.classList.toggle("pv-narrow", total < NARROW);
    this.scroller.style.height = `${shown}px`;
    this.scroller.toggleAttribute("data-cut", rows > shown);
    this.scroll = this.scroller.scrollTop;
    const width = this.scroller.clientWidth - this.gutter;
    if (width < 1) return false;
    this.#resize(width, OVERVIEW_HEIGHT + shown + AXIS_HEIGHT);
    return true;
  }

  /** Scroll the rows by as many as are seen. */
  turn(direction: 1 | -1): void {
    this.scroller.scrollBy({
      top: direction * Math.max(LANE_HEIGHT, this.rowsHeight - LANE_HEIGHT),
      behavior: "instant",
    });
  }

  #resize(width: Px, height: Px): void {
    const ratio = devicePixelRatio || 1;
    if (width === this.width && height === this.height && ratio === this.ratio) return;
    this.width = width;
    this.height = height;
    this.ratio = ratio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.sums = new Sums(this.canvas.width + 1);
    this.strip = new CanvasPixelRow(this.canvas.width);
  }

  /** A place of the canvas in px of the window. */
  toWindow({ x, y }: { x: Px; y: Px }): { x: Px; y: Px } {
    const box = this.canvas.getBoundingClientRect();
    return { x: x + box.left, y: y + box.top };
  }

  /** Where an event is, in px from the canvas' left and top edge. */
  readonly place = (event: MouseEvent): { x: Px; y: Px } => {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
}
