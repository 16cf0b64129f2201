/** One view of a store: puts the parts together, and says what each gesture and key does to them. */
import { whole } from "../base/format";
import { listen, onAbort } from "../base/listen";
import type { Ns, PageMs, Px } from "../base/units";
import { longestRunning } from "../model/figures";
import { Filter, kindOfCode } from "../model/filter";
import { SILENCE } from "../model/link";
import type { Store } from "../model/store";
import type { Merged } from "../render/scene";
import { Announcer } from "./announcer";
import { element, setAttribute, setHidden } from "./dom";
import { FindBar } from "./find";
import { FullScreen } from "./full-screen";
import { followPointer } from "./gestures";
import { Header } from "./header";
import { Help } from "./help";
import { writeHooks } from "./hooks";
import { followKeys, type KeyActions } from "./keys";
import { Legend } from "./legend";
import { Navigator } from "./navigator";
import { Panel } from "./panel";
import { savePicture } from "./picture";
import { Plot } from "./plot";
import { PlotPointer } from "./pointer";
import { CallGrid } from "./table";
import { followTheme, type ThemeChoice } from "./theme";
import { Toolbar } from "./toolbar";
import { words } from "./words";

export interface Options {
  /** Height of the plot in px; 0 for as high as it needs. */
  height(): Px;
  theme(): ThemeChoice;
}

/** How often what changes with every frame, but is read by tests, is written: ms. */
const QUICK: PageMs = 100;
/** How often what people read is. */
const SLOW: PageMs = 200;

const ZOOM = 1.6;

/** To a notebook, Shift and a press mean that all cells up to this one are selected, and run together at the next run. */
function keepShiftFromHost(event: MouseEvent): void {
  if (event.shiftKey) event.stopPropagation();
}

export class Timeline {
  readonly root = element("div", "poolviz-timeline");
  readonly #store: Store;
  readonly #filter = new Filter();
  readonly #plot: Plot;
  readonly #grid: CallGrid;
  readonly #tableFoot: HTMLElement;
  readonly #header: Header;
  readonly #toolbar: Toolbar;
  readonly #find: FindBar;
  readonly #legend: Legend;
  readonly #panel: Panel;
  readonly #navigator: Navigator;
  readonly #announcer = new Announcer();
  readonly #fullScreen: FullScreen;
  readonly #applyTheme: () => void;
  #showsTable = false;
  #wroteAt: PageMs = Number.NEGATIVE_INFINITY;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #news = "";
  #saidAt: PageMs = Number.NEGATIVE_INFINITY;
  #later: ReturnType<typeof setTimeout> | undefined;

  /** Mount a view into `el`; it is gone when `signal` aborts. */
  constructor(el: HTMLElement, store: Store, options: Options, signal: AbortSignal) {
    this.#store = store;
    this.#fullScreen = new FullScreen(this.root, () => this.#plot.redraw(), signal);
    this.#plot = new Plot(
      this.root,
      store,
      {
        height: options.height,
        room: () => this.#fullScreen.roomFor(this.#plot.node),
        drawn: (page, now, merged) => this.#drawn(page, now, merged),
        shows: () => (this.#filter.isOn ? (code) => this.#filter.shows(kindOfCode(code)) : null),
      },
      signal,
    );
    this.#grid = new CallGrid(store, this.#filter, signal);
    this.#tableFoot = element("div", "pv-grid-foot", this.#grid.more.node);
    this.#navigator = new Navigator(store, this.#filter, this.#plot, (text) =>
      this.#announcer.say(text, performance.now()),
    );
    const help = new Help(signal);
    const keys = this.#keyActions(help);
    this.#toolbar = new Toolbar(
      {
        ...keys,
        showAll: () => this.#navigator.fitAll(),
        zoomIn: () => this.#navigator.zoom(1 / ZOOM),
        zoomOut: () => this.#navigator.zoom(ZOOM),
        savePicture: () => savePicture(this.root, this.#plot, store),
        toggleFullScreen: () => this.#fullScreen.toggle(),
      },
      signal,
    );
    this.#header = new Header(this.#toolbar.node);
    this.#find = new FindBar(store, { go: (row) => this.#go(row), closed: () => this.#focusMain() }, signal);
    this.#legend = new Legend(this.#filter, signal);
    this.#panel = new Panel({ ...keys, close: () => void keys.close() }, signal);
    this.root.setAttribute("role", "group");
    this.#plot.node.setAttribute("aria-label", words.keys);
    const main = [this.#plot.node, this.#grid.node, this.#tableFoot, this.#legend.node, this.#panel.node];
    this.root.append(this.#header.node, this.#find.node, ...main, help.node, this.#announcer.node);
    el.append(this.root);
    this.#applyTheme = followTheme(this.root, options.theme, () => this.#plot.forgetColours(), signal);
    const pointer = new PlotPointer(store, this.#plot, () => this.#focusMain());
    followPointer(this.#plot.node, this.#plot.stage.place, pointer, signal);
    followKeys(this.root, () => ({ node: this.#main, isPlot: !this.#showsTable }), keys, signal);
    // Where nothing has the focus for itself, a click gives it to the whole, and with it the keys; else it would go to the notebook's cell.
    this.root.tabIndex = -1;
    listen(this.root, "focusout", ({ target }) => this.#keepFocus(target as HTMLElement), signal);
    listen(this.root, "mousedown", keepShiftFromHost, signal);
    store.changes.subscribe(() => this.#changed(), signal);
    store.selection.changes.subscribe(() => this.#selected(), signal);
    this.#filter.changes.subscribe(() => this.#filtered(), signal);
    onAbort(signal, () => {
      clearTimeout(this.#silence);
      clearTimeout(this.#later);
      this.root.remove();
    });
    this.#changed();
  }

  /** Take up options that have changed. */
  refresh(): void {
    this.#applyTheme();
    this.#plot.redraw();
  }

  #keyActions(help: Help): KeyActions {
    const { selection } = this.#store;
    return {
      zoom: (factor) => this.#navigator.zoom(factor),
      pan: (share) => this.#navigator.pan(share),
      fitSelection: () => this.#navigator.fitSelection(),
      fitAll: () => this.#navigator.fitAll(),
      step: (direction) => this.#navigator.step(direction),
      stepLane: (direction) => this.#navigator.stepLane(direction),
      selectVisible: () => this.#navigator.selectVisible(),
      open: () => this.#open(),
      close: () => {
        if (selection.value === null) return false;
        if (this.#panel.node.contains(document.activeElement)) this.#focusMain();
        selection.choose(null);
        return true;
      },
      find: () => this.#find.open(),
      toggleTable: () => this.#toggleTable(),
      toggleLeads: () => {
        this.#plot.leads = !this.#plot.leads;
        this.#plot.redraw();
        this.#updateToolbar();
      },
      help: () => help.open(),
    };
  }

  #open(): void {
    if (this.#showsTable) this.#grid.chooseActive();
    else if (this.#store.selection.value === null) this.#navigator.step(1);
    if (this.#store.selection.value !== null) this.#panel.focus();
  }

  #go(row: number): void {
    this.#navigator.go(row);
    this.#grid.reveal(row);
  }

  /** The plot or the table, whichever is shown. */
  get #main(): HTMLElement {
    return this.#showsTable ? this.#grid.focusTarget : this.#plot.node;
  }

  #focusMain(): void {
    this.#main.focus({ preventScroll: true });
  }

  /** What disappears with the focus must not leave the keys to the notebook. */
  #keepFocus(left: HTMLElement): void {
    const isGone = () => this.root.isConnected && document.activeElement === document.body && !left.checkVisibility();
    if (isGone()) this.#focusMain();
  }

  #toggleTable(): void {
    const hadFocus = this.root.contains(document.activeElement);
    this.#showsTable = !this.#showsTable;
    this.#showMain();
    if (this.#showsTable) this.#grid.open();
    else this.#plot.redraw();
    this.#updateToolbar();
    if (hadFocus) this.#focusMain();
  }

  #showMain(): void {
    // An empty plot says nothing that the header does not.
    const isEmpty = this.#plot.layout.rows.length === 0;
    setHidden(this.#plot.node, isEmpty || this.#showsTable);
    setHidden(this.#grid.node, !this.#showsTable);
    setHidden(this.#tableFoot, !this.#showsTable);
    setHidden(this.#toolbar.node, isEmpty && (this.#store.head?.counts.total ?? 0) === 0);
  }

  #updateToolbar(): void {
    const { follows } = this.#plot.viewport;
    this.#toolbar.update({ follows, isLive: this.#store.isLive, table: this.#showsTable, leads: this.#plot.leads });
  }

  #changed(): void {
    const store = this.#store;
    const page = performance.now();
    writeHooks(this.root, store);
    this.#writeRunning(page, store.now(page));
    this.#plot.changed();
    this.#showMain();
    this.#grid.changed(page);
    clearTimeout(this.#silence);
    if (store.isLive) this.#silence = setTimeout(() => this.#noticeSilence(), SILENCE + 50);
    // Words that change with every message cannot be read, and cost more than the picture. What is new in kind is said at once.
    const news = `${store.head?.state} ${store.isLive} ${store.problem} ${store.hasGap}`;
    const wait = news === this.#news ? this.#saidAt + SLOW - page : 0;
    this.#news = news;
    if (wait <= 0) this.#say();
    else this.#later ??= setTimeout(() => this.#say(), wait);
  }

  #say(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    const store = this.#store;
    const page = performance.now();
    this.#saidAt = page;
    setAttribute(this.root, "aria-label", words.label(store.head?.title || words.untitled));
    this.#header.update(store, page);
    this.#legend.update(store);
    this.#panel.update(store, store.now(page), page, true);
    this.#describe(page);
    this.#updateToolbar();
  }

  #noticeSilence(): void {
    this.#header.update(this.#store, performance.now());
    this.#plot.redraw();
  }

  #selected(): void {
    const page = performance.now();
    this.#panel.update(this.#store, this.#store.now(page), page);
    this.#grid.reveal(this.#store.selection.row);
    this.#plot.redraw();
  }

  #filtered(): void {
    this.#legend.update(this.#store);
    this.#grid.outdate();
    this.#plot.redraw();
  }

  #describe(page: PageMs): void {
    const { head } = this.#store;
    if (head === null) return;
    const { total, pending, running, failed } = head.counts;
    const done = whole(total - pending - running);
    const text = words.summary(words.states[head.state], done, whole(total), whole(running), whole(failed));
    setAttribute(this.#plot.stage.canvas, "aria-label", text);
    this.#plot.tell(head.counts);
    this.#announcer.summarise(text, !this.#store.isLive, page);
  }

  #drawn(page: PageMs, now: Ns, merged: Merged): void {
    this.#writeRunning(page, now);
    this.#header.showMerged(merged);
    this.#updateToolbar();
    if (this.#store.isLive) this.#panel.update(this.#store, now, page);
  }

  #writeRunning(page: PageMs, now: Ns): void {
    const longest = longestRunning(this.#store.recording, now);
    const shown = this.root.hasAttribute("data-running-ms");
    if (longest !== null && shown && page - this.#wroteAt < QUICK) return;
    this.#wroteAt = page;
    setAttribute(this.root, "data-running-ms", longest === null ? null : (longest / 1e6).toFixed(1));
  }
}
