/** One view of a store: puts the parts together, and decides when each of them is brought up to date. */
import { whole } from "../base/format";
import type { Span } from "../base/scale";
import type { Ns, PageMs, Px } from "../base/units";
import { extent, isUnderWay, longestRunning } from "../model/figures";
import { SILENCE } from "../model/link";
import type { Store } from "../model/store";
import { type Layout, layOut, OVERVIEW_HEIGHT } from "../render/layout";
import { drawScene } from "../render/scene";
import type { Palette } from "../render/surface";
import { Caption } from "./caption";
import { element, setAttribute, setHidden, setText } from "./dom";
import { Frames } from "./frames";
import { followPointer } from "./gestures";
import { Gutter } from "./gutter";
import { Header } from "./header";
import { writeHooks } from "./hooks";
import { Hover } from "./hover";
import { followKeys } from "./keys";
import { Legend } from "./legend";
import { LoadCache } from "./load-cache";
import { sliceText, waitText } from "./naming";
import { Pace } from "./pace";
import { Stage } from "./stage";
import { followTheme, readPalette, type ThemeChoice } from "./theme";
import { Viewport } from "./viewport";
import { words } from "./words";

export interface Options {
  /** Height of the plot in px; 0 for as high as it needs. */
  height(): Px;
  theme(): ThemeChoice;
}

/** How often what changes with every frame, but is read by people or tests, is written: ms. */
const SLOW: PageMs = 100;
/** A running slice that has grown by less than this does not look different: px. */
const VISIBLE: Px = 0.3;

const NOTHING: Span = { start: 0, end: 0 };

export class Timeline {
  readonly root = element("div", "poolviz-timeline");
  readonly #store: Store;
  readonly #options: Options;
  readonly #buttonsNode: HTMLElement;
  readonly #header: Header;
  readonly #legend = new Legend();
  readonly #gutter = new Gutter();
  readonly #hover = new Hover();
  readonly #viewport = new Viewport();
  readonly #load = new LoadCache();
  readonly #pace = new Pace();
  readonly #stage: Stage;
  readonly #frames: Frames;
  readonly #toAll = element("button", "pv-button");
  readonly #caption = new Caption();
  readonly #calm = matchMedia("(prefers-reduced-motion: reduce)");
  readonly #applyTheme: () => void;
  #palette: Palette | null = null;
  /** Patterns are as fine as the screen that they were made for. */
  #paletteRatio = 0;
  #layout: Layout = { rows: [], height: 0 };
  /** What the user did, or where the timeline stands, has changed. */
  #urgent = true;
  /** The recording has changed. */
  #stale = true;
  #hasRoom = false;
  #drawnNow: Ns = 0;
  #wroteAt: PageMs = Number.NEGATIVE_INFINITY;
  #silence: ReturnType<typeof setTimeout> | undefined;

  /** Mount a view into `el`; it is gone when `signal` aborts. */
  constructor(el: HTMLElement, store: Store, options: Options, signal: AbortSignal) {
    this.#store = store;
    this.#options = options;
    this.#buttonsNode = this.#buttons(signal);
    this.#header = new Header(this.#buttonsNode);
    this.#stage = new Stage(
      [this.#caption.node, this.#hover.tip.node],
      this.#gutter.node,
      () => this.#redraw(),
      signal,
    );
    this.#setRoles();
    this.root.append(this.#header.node, this.#stage.plot, this.#legend.node);
    el.append(this.root);
    this.#frames = new Frames(this.root, (page) => this.#frame(page), signal);
    this.#applyTheme = followTheme(this.root, options.theme, () => this.#forgetColours(), signal);
    this.#followInput(signal);
    store.changes.subscribe(() => this.#changed(), signal);
    signal.addEventListener("abort", () => {
      clearTimeout(this.#silence);
      this.root.remove();
    });
    this.#changed();
  }

  /** Take up options that have changed. */
  refresh(): void {
    this.#applyTheme();
    this.#redraw();
  }

  #setRoles(): void {
    this.root.setAttribute("role", "group");
    this.#stage.canvas.setAttribute("role", "img");
    this.#stage.plot.tabIndex = 0;
    this.#stage.plot.setAttribute("role", "group");
    this.#stage.plot.setAttribute("aria-label", words.keys);
  }

  #buttons(signal: AbortSignal): HTMLElement {
    const button = (node: HTMLButtonElement, text: string, title: string, action: () => void) => {
      node.type = "button";
      node.textContent = text;
      node.title = title;
      node.addEventListener("click", action, { signal });
      return node;
    };
    const zoom = (factor: number) => () => this.#zoom(this.#stage.width / 2, factor);
    const zoomOut = button(element("button", "pv-button pv-icon"), "−", words.zoomOut, zoom(1.6));
    const zoomIn = button(element("button", "pv-button pv-icon"), "+", words.zoomIn, zoom(1 / 1.6));
    zoomOut.setAttribute("aria-label", words.zoomOut);
    zoomIn.setAttribute("aria-label", words.zoomIn);
    button(this.#toAll, words.fit, words.fitHint, () => this.#fit());
    return element("span", "pv-buttons", this.#toAll, zoomOut, zoomIn);
  }

  #followInput(signal: AbortSignal): void {
    const { plot, place } = this.#stage;
    const panPx = (by: Px) => {
      this.#viewport.pan(by * this.#viewport.scale(this.#stage.width).nsPerPx);
      this.#redraw();
    };
    const actions = {
      zoom: (x: Px, factor: number) => this.#zoom(x, factor),
      pan: panPx,
      centre: (x: Px) => {
        const { start, end } = this.#viewport.bounds;
        this.#viewport.centre(start + ((end - start) * x) / this.#stage.width);
        this.#redraw();
      },
      fit: () => this.#fit(),
      hover: (x: Px, y: Px) => {
        if (this.#hover.point(x >= 0 && x <= this.#stage.width ? { x, y } : null)) this.#redraw();
      },
      leave: () => {
        if (this.#hover.point(null)) this.#redraw();
      },
    };
    followPointer(plot, place, (y) => y >= 0 && y < OVERVIEW_HEIGHT, actions, signal);
    const zoomMiddle = (factor: number) => this.#zoom(this.#stage.width / 2, factor);
    followKeys(plot, { zoom: zoomMiddle, pan: (share) => panPx(share * this.#stage.width), fit: actions.fit }, signal);
  }

  #zoom(x: Px, factor: number): void {
    if (this.#stage.width <= 0) return;
    this.#viewport.zoom(this.#viewport.scale(this.#stage.width).pxToTime(x), factor);
    this.#redraw();
  }

  #fit(): void {
    this.#viewport.fit();
    this.#redraw();
  }

  #forgetColours(): void {
    this.#palette = null;
    this.#redraw();
  }

  #redraw(): void {
    this.#urgent = true;
    // The theme is followed before the frame loop exists.
    this.#frames?.request();
  }

  #changed(): void {
    const store = this.#store;
    const page = performance.now();
    writeHooks(this.root, store);
    this.#writeRunning(page, this.#now(page));
    const title = store.head?.title || words.untitled;
    setAttribute(this.root, "aria-label", words.label(title));
    const layout = layOut(store.recording);
    this.#urgent ||= layout.height !== this.#layout.height;
    this.#layout = layout;
    // An empty plot says nothing that the header does not.
    setHidden(this.#stage.plot, this.#layout.rows.length === 0);
    setHidden(this.#buttonsNode, this.#layout.rows.length === 0);
    this.#gutter.layOut(store.recording, this.#layout);
    this.#header.update(store, page);
    this.#legend.update(store);
    this.#describe();
    this.#load.outdate();
    this.#stale = true;
    clearTimeout(this.#silence);
    if (this.#isLive) this.#silence = setTimeout(() => this.#noticeSilence(), SILENCE + 50);
    this.#frames.request();
  }

  #noticeSilence(): void {
    this.#header.update(this.#store, performance.now());
    this.#redraw();
  }

  #describe(): void {
    const { head } = this.#store;
    if (head === null) return;
    const { total, pending, running, failed } = head.counts;
    const done = whole(total - pending - running);
    const text = words.summary(words.states[head.state], done, whole(total), whole(running), whole(failed));
    setAttribute(this.#stage.canvas, "aria-label", text);
    if (this.#isLive) this.#caption.showLive(head.counts);
  }

  /** Whether time goes on: the trace is live and calls wait or run. */
  get #isLive(): boolean {
    const { head } = this.#store;
    return head !== null && head.state === "live" && isUnderWay(head);
  }

  #now(page: PageMs): Ns {
    return this.#isLive ? this.#store.link.now(page) : (this.#store.head?.now ?? 0);
  }

  #writeRunning(page: PageMs, now: Ns): void {
    const longest = longestRunning(this.#store.recording, now);
    const shown = this.root.hasAttribute("data-running-ms");
    if (longest !== null && shown && page - this.#wroteAt < SLOW) return;
    this.#wroteAt = page;
    setAttribute(this.root, "data-running-ms", longest === null ? null : (longest / 1e6).toFixed(1));
  }

  /** Draw if it would look different and it is time. Returns in how many ms to look again; null for not before something happens. */
  #frame(page: PageMs): PageMs | null {
    const { head, recording, link } = this.#store;
    const now = this.#now(page);
    const span = head === null ? null : extent(recording, head, now);
    this.#viewport.update(span, this.#isLive, page, !this.#calm.matches);
    // Asking for sizes costs layout; while only slices grow, none of them changes.
    if (this.#urgent) this.#hasRoom = this.#stage.fit(this.#layout.height, this.#options.height());
    if (!this.#hasRoom) return null;
    const grown = Math.abs(now - this.#drawnNow) / this.#viewport.scale(this.#stage.width).nsPerPx > VISIBLE;
    const differs = this.#stale || this.#load.isStale || this.#viewport.moves || grown;
    if (this.#urgent || (differs && this.#pace.wait(page) === 0)) {
      this.#urgent = false;
      this.#stale = false;
      this.#drawnNow = now;
      this.#draw(page, now);
      const { start, end } = span ?? NOTHING;
      this.#gutter.update(recording, start, end, now);
      this.#pace.drew(page, performance.now() - page);
    }
    this.#writeRunning(page, now);
    const grows = this.#isLive && !link.isSilent(page) && !this.#calm.matches;
    if (grows) this.#load.outdate();
    const again = grows || this.#stale || this.#load.isStale || this.#viewport.moves;
    return again ? this.#pace.wait(page) : null;
  }

  #draw(page: PageMs, now: Ns): void {
    const { recording } = this.#store;
    const { context, width, height, scroll, sums, strip, ratio } = this.#stage;
    if (this.#paletteRatio !== ratio) this.#palette = null;
    this.#paletteRatio = ratio;
    this.#palette ??= readPalette(this.root, ratio);
    setHidden(this.#toAll, this.#viewport.follows);
    this.#stage.plot.classList.toggle("pv-zoomed", !this.#viewport.follows);
    const load = this.#load.get(recording, this.#viewport.bounds, width, now, page);
    if (!this.#isLive) this.#caption.showSettled(load.mostQueued);
    setText(this.#toAll, this.#isLive ? words.follow : words.fit);
    const scale = this.#viewport.scale(width);
    drawScene(context, {
      recording,
      layout: this.#layout,
      load,
      bounds: this.#viewport.bounds,
      scale,
      width,
      height,
      scroll,
      now,
      palette: this.#palette,
      sums,
      strip,
      textOf: (row) => sliceText(recording, row),
      waitTextOf: (kind, row) => waitText(recording, kind, row),
      cursor: this.#hover.time(scale),
      highlight: this.#hover.update(recording, this.#layout, this.#stage, scale, now, page),
    });
  }
}
