/** The picture: names, overview, rows and axis. Decides when it is drawn, and translates between places and times. */
import { onAbort } from "../base/listen";
import type { Counts } from "../base/message";
import { type Span, TimeScale } from "../base/scale";
import type { Ns, PageMs, Px } from "../base/units";
import { knownOf } from "../model/busy";
import { extent } from "../model/figures";
import type { Load } from "../model/load";
import { placeOf } from "../model/neighbours";
import { Sums } from "../model/slices";
import type { Store } from "../model/store";
import { hiddenRows, type Layout, layOut } from "../render/layout";
import type { Picked } from "../render/pick";
import { drawScene, type Highlight, type Merged, type Scene } from "../render/scene";
import type { Palette } from "../render/surface";
import { Caption } from "./caption";
import { setAttribute } from "./dom";
import { followEntering } from "./entering";
import { Frames } from "./frames";
import { Gutter } from "./gutter";
import { Hover } from "./hover";
import { LoadCache } from "./load-cache";
import { MoreRows } from "./more-rows";
import { callsText, exitText, sliceText, waitText } from "./naming";
import { Pace } from "./pace";
import { Stage } from "./stage";
import { CanvasPixelRow } from "./strip";
import { readPalette } from "./theme";
import { Viewport } from "./viewport";

export interface PlotHost {
  /** Height of the plot in px; 0 for as high as it needs. */
  height(): Px;
  /** How much room there is at most; null where the plot scrolls with the page. */
  room(): Px | null;
  /** A frame was drawn at `page`; `merged` says what it summarises. */
  drawn(page: PageMs, now: Ns, merged: Merged): void;
  /** Which slices are strong, by the code of their outcome; null for all. */
  shows(): ((code: number) => boolean) | null;
}

/** A running slice that has grown by less than this does not look different: px. */
const VISIBLE: Px = 0.3;

/** How often the numbers beside the rows follow a live run: ms. */
const NAMED: PageMs = 200;

const NOTHING: Span = { start: 0, end: 0 };

export class Plot {
  readonly viewport = new Viewport();
  readonly stage: Stage;
  readonly hover = new Hover();
  /** A span that is being dragged out. */
  draft: Span | null = null;
  /** Whether waiting and transfer are drawn before each slice. */
  leads = false;
  palette: Palette | null = null;
  layout: Layout = { rows: [], height: 0 };
  readonly #root: HTMLElement;
  readonly #store: Store;
  readonly #host: PlotHost;
  readonly #gutter = new Gutter();
  readonly #caption = new Caption();
  readonly #more: MoreRows;
  readonly #load = new LoadCache();
  readonly #pace = new Pace();
  readonly #frames: Frames;
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** Patterns are as fine as the screen that they were made for. */
  #paletteRatio = 0;
  /** What the user did, or where the timeline stands, has changed. */
  #urgent = true;
  /** The recording has changed. */
  #stale = true;
  #hasRoom = false;
  #drawnNow: Ns = 0;
  #namedAt: PageMs = Number.NEGATIVE_INFINITY;

  constructor(root: HTMLElement, store: Store, host: PlotHost, signal: AbortSignal) {
    this.#root = root;
    this.#store = store;
    this.#host = host;
    this.#more = new MoreRows((direction) => this.stage.turn(direction), signal);
    const parts = [this.#caption.node, this.#more.node, this.hover.tip.node];
    this.stage = new Stage(parts, this.#gutter.node, () => this.redraw(), signal);
    this.stage.canvas.setAttribute("role", "img");
    this.stage.plot.tabIndex = 0;
    this.stage.plot.setAttribute("role", "group");
    followEntering(this.stage.plot, signal);
    this.#frames = new Frames(root, (page) => this.#frame(page), signal);
    onAbort(signal, () => this.hover.point(null));
  }

  get node(): HTMLElement {
    return this.stage.plot;
  }

  get scale(): TimeScale {
    return this.viewport.scale(this.stage.width);
  }

  /** The scale of the overview, which holds all of the run. */
  get overview(): TimeScale {
    const { start, end } = this.viewport.bounds;
    return new TimeScale(start, end, this.stage.width);
  }

  /** Whether there is a place to point at. */
  get hasRoom(): boolean {
    return this.stage.width > 0;
  }

  /** Draw at the next frame. */
  redraw(): void {
    this.#urgent = true;
    this.#frames.request();
  }

  forgetColours(): void {
    this.palette = null;
    this.redraw();
  }

  /** A message came. */
  changed(): void {
    const { recording } = this.#store;
    const layout = layOut(recording);
    this.#urgent ||= layout.height !== this.layout.height;
    this.layout = layout;
    this.#gutter.layOut(recording, layout);
    this.#load.outdate();
    this.#stale = true;
    this.#frames.request(this.#urgent ? 0 : this.#pace.wait(performance.now()));
  }

  /** Say how many wait and run, in step with the words elsewhere. */
  tell(counts: Counts): void {
    if (this.#store.isLive) this.#caption.showLive(counts);
  }

  /** What is at a place of the canvas. */
  pickAt(at: { x: Px; y: Px }): Picked | null {
    const now = this.#store.now(performance.now());
    return this.hover.find(this.#store.recording, this.layout, this.stage, this.scale, now, at)?.picked ?? null;
  }

  /** Scroll so that the lane can be seen. */
  revealLane(lane: number): void {
    const row = this.layout.rows.find((row) => row.kind === "lane" && row.lane.info.lane === lane);
    if (row === undefined) return;
    const { scroller, rowsHeight } = this.stage;
    if (row.top < scroller.scrollTop) scroller.scrollTop = row.top;
    const bottom = row.top + row.height;
    if (bottom > scroller.scrollTop + rowsHeight) scroller.scrollTop = bottom - rowsHeight;
  }

  /** Draw if it would look different and it is time. Returns in how many ms to look again; null for not before something happens. */
  #frame(page: PageMs): PageMs | null {
    const { head, recording, link, isLive } = this.#store;
    const now = this.#store.now(page);
    const span = head === null ? null : extent(recording, head, now);
    this.viewport.update(span, isLive, page, !this.#calm.matches);
    // Asking for sizes costs layout; while only slices grow, none of them changes.
    if (this.#urgent) this.#fit();
    if (!this.#hasRoom) return null;
    const grown = Math.abs(now - this.#drawnNow) / this.scale.nsPerPx > VISIBLE;
    const differs = this.#stale || this.#load.isStale || this.viewport.moves || grown;
    if (this.#urgent || (differs && this.#pace.wait(page) === 0)) {
      this.#urgent = false;
      this.#stale = false;
      this.#drawnNow = now;
      const merged = this.#draw(page, now);
      this.#name(page, (head && knownOf(recording, head, now)) ?? NOTHING, now);
      this.#host.drawn(page, now, merged);
      this.#pace.drew(page, performance.now() - page);
    }
    const grows = isLive && !link.isSilent(page) && !this.#calm.matches;
    if (grows) this.#load.outdate();
    const again = grows || this.#stale || this.#load.isStale || this.viewport.moves;
    return again ? this.#pace.wait(page) : null;
  }

  #fit(): void {
    this.#hasRoom = this.stage.fit(this.layout.height, this.#host.height(), this.#host.room());
    const { above, below } = hiddenRows(this.layout, this.stage.scroll, this.stage.rowsHeight);
    this.#more.update(above, below);
  }

  /** Numbers that change more often cannot be read, and each costs layout. */
  #name(page: PageMs, span: Span, now: Ns): void {
    if (this.#store.isLive && page - this.#namedAt < NAMED) return;
    this.#namedAt = page;
    this.#gutter.update(this.#store.recording, span, now);
  }

  #draw(page: PageMs, now: Ns): Merged {
    const { recording, isLive } = this.#store;
    const { context, width, sums, strip, ratio } = this.stage;
    if (this.#paletteRatio !== ratio) this.palette = null;
    this.#paletteRatio = ratio;
    this.palette ??= readPalette(this.#root, ratio);
    setAttribute(this.node, "data-zoomed", this.viewport.follows ? null : "true");
    const load = this.#load.get(recording, this.viewport.bounds, width, now, page);
    if (!isLive) this.#caption.showSettled(load.mostQueued);
    const { scale } = this;
    return drawScene(context, {
      ...this.#scene(load, now),
      palette: this.palette,
      sums,
      strip,
      cursor: this.hover.time(scale),
      highlight: this.hover.update(recording, this.layout, this.stage, scale, now, page),
    });
  }

  /** The picture as it stands, drawn anew as fine as `ratio` asks, without the pointer. */
  render(ratio: number): HTMLCanvasElement {
    const { width, height } = this.stage;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    context.scale(ratio, ratio);
    const page = performance.now();
    const now = this.#store.now(page);
    drawScene(context, {
      ...this.#scene(this.#load.get(this.#store.recording, this.viewport.bounds, width, now, page), now),
      palette: readPalette(this.#root, ratio),
      sums: new Sums(canvas.width + 1),
      strip: new CanvasPixelRow(canvas.width),
      cursor: null,
      highlight: null,
    });
    return canvas;
  }

  /** All of the scene but what it is drawn with and where the pointer is. */
  #scene(load: Load, now: Ns): Omit<Scene, "palette" | "sums" | "strip" | "cursor" | "highlight"> {
    const { recording, selection } = this.#store;
    const { width, height, scroll } = this.stage;
    const chosen = selection.value?.kind === "span" ? selection.value : null;
    return {
      recording,
      layout: this.layout,
      load,
      bounds: this.viewport.bounds,
      scale: this.scale,
      width,
      height,
      scroll,
      now,
      textOf: (row) => sliceText(recording, row),
      waitTextOf: (kind, row) => waitText(recording, kind, row),
      callsTextOf: callsText,
      exitTextOf: exitText,
      shows: this.#host.shows(),
      leads: this.leads,
      selected: selection.row === null ? null : this.#highlightOf(selection.row, now),
      span: this.draft ?? chosen,
    };
  }

  #highlightOf(call: number, now: Ns): Highlight | null {
    const place = placeOf(this.#store.recording, call, now);
    const row = this.layout.rows.find((row) => row.kind === "lane" && row.lane === place?.lane);
    return place && row ? { start: place.start, end: place.end, row, call } : null;
  }
}
