/** An output of a notebook: its picture gives way to a timeline, of the live model when the page has it, else of what was saved with it. */
import type { PageMs } from "../base/units";
import { Store } from "../model/store";
import { WireError } from "../protocol/error";
import { unpackMessage } from "../protocol/unpack";
import { setHidden } from "../view/dom";
import type { ThemeChoice } from "../view/theme";
import { words } from "../view/words";
import { forEach, type Hub, hubOf, hubs, type Live, outputs, outputsOf, type View } from "./hub";
import { inflate, partOf } from "./parts";
import { showStore } from "./shown";
import { VERSION } from "./version";

/** A view that has been out of the document for so long is given up, and made anew if its output comes back: ms. */
const GONE: PageMs = 60_000;

const places = new WeakMap<HTMLElement, Place>();
/** Those that have a view, which would otherwise be known to nobody who could end it. */
const showing = new Set<Place>();
const goneSince = new WeakMap<View, PageMs>();
let looksAgain: ReturnType<typeof setTimeout> | undefined;
let watcher: IntersectionObserver | undefined;

class Place {
  readonly #output: HTMLElement;
  #view: View | null = null;
  #model: Live | null = null;
  #isReading = false;

  constructor(output: HTMLElement) {
    this.#output = output;
  }

  /** Show the best that there is; again and again, as often as something may have changed. */
  update(page: Hub): void {
    this.settle();
    const model = page.models.get(this.#output.dataset.model ?? "");
    if (model?.isReady) this.#join(model);
    else if (this.#view === null) void this.#read();
  }

  get view(): View | null {
    return this.#view;
  }

  /** Show the picture again if the view has ended, or has been moved to another place. */
  settle(): void {
    if (this.#view === null || this.#output.contains(this.#view.root)) return;
    this.#view = null;
    this.#model = null;
    this.#isReading = false;
    showing.delete(this);
    this.#hidePicture(false);
  }

  #join(model: Live): void {
    if (this.#model === model && this.#view !== null && model.views.has(this.#view)) return;
    const before = this.#view;
    const found = this.#orphan(model);
    found?.moveTo(this.#output);
    this.#show(found ?? model.show(this.#output, this.#output.dataset.output ?? ""));
    this.#model = model;
    before?.end();
  }

  /** The view of the same output that the host has taken away, to put this output in its place. */
  #orphan(model: Live): View | undefined {
    const { output = "", replaces } = this.#output.dataset;
    const isOurs = (view: View) => view.output === output || (view.output === "" && replaces === "view");
    const found = [...model.views].find((view) => !view.root.isConnected && isOurs(view));
    if (found) found.output = output;
    return found;
  }

  async #read(): Promise<void> {
    const part = partOf(this.#output, "trace");
    if (part === null || this.#isReading) return;
    this.#isReading = true;
    const store = new Store();
    try {
      const message = unpackMessage(new DataView(await inflate(part)));
      // Whatever the trace was when it was saved, nothing moves any more.
      store.receive({ ...message, state: "static" }, performance.now());
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // The picture stays, and says more than an empty timeline would.
      this.#output.title = words.problem(error.message);
      return;
    }
    if (this.#view !== null) return;
    this.#output.removeAttribute("title");
    const { height, theme, output = "" } = this.#output.dataset;
    const options = { height: () => Number(height) || 0, theme: () => (theme ?? "auto") as ThemeChoice };
    this.#show(showStore(this.#output, output, store, options));
  }

  #show(view: View): void {
    this.#view = view;
    showing.add(this);
    this.#hidePicture(true);
  }

  #hidePicture(hidden: boolean): void {
    for (const child of this.#output.children) {
      if (child.classList.contains("poolviz-still")) setHidden(child as HTMLElement, hidden);
    }
  }
}

function mount(output: HTMLElement): void {
  let place = places.get(output);
  if (place === undefined) {
    place = new Place(output);
    places.set(output, place);
  }
  place.update(hubOf(VERSION));
  watcher ??= new IntersectionObserver(seen);
  watcher.observe(output);
  dropGone();
}

/**
 * Outputs came into sight, or went out of it. Hosts put an output away and back as it was, without running its scripts again: when it is
 * collapsed and expanded, or its cell is scrolled far away.
 */
function seen(entries: readonly IntersectionObserverEntry[]): void {
  const back = entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => target as HTMLElement);
  forEach(back, (output) => places.get(output)?.update(hubOf(VERSION)));
  if (back.length < entries.length) dropGone();
}

/** Hosts do not say that they have thrown an output away. */
function dropGone(): void {
  const now = performance.now();
  const views = new Set([...hubOf(VERSION).models.values()].flatMap((model) => [...model.views]));
  for (const { view } of showing) if (view !== null) views.add(view);
  clearTimeout(looksAgain);
  looksAgain = undefined;
  for (const view of views) {
    const since = goneSince.get(view) ?? now;
    if (view.root.isConnected) goneSince.delete(view);
    else if (now - since > GONE) view.end();
    else {
      goneSince.set(view, since);
      looksAgain ??= setTimeout(dropGone, GONE + 1);
    }
  }
  for (const place of showing) place.settle();
}

/** Serve the outputs of this version, unless another copy of the front end does, and those of older ones that nobody else serves. */
export function serveOutputs(): void {
  const own = hubOf(VERSION);
  if (own.mount !== null) return;
  own.mount = mount;
  forEach(outputsOf(VERSION), mount);
  for (const [version, hub] of hubs()) {
    if (hub.isStranded && hub.mount === null && hub.wire <= own.wire) forEach(outputsOf(version), mount);
  }
}

/** Put a model on the page; its outputs show it as soon as it has something to show. */
export function announce(key: string, model: Live): void {
  const own = hubOf(VERSION);
  own.models.set(key, model);
  forEach(outputs(), (output) => {
    if (output.dataset.model === key) own.mount?.(output);
  });
}

/** Take it off the page. Outputs that show it go on doing so. */
export function withdraw(key: string, model: Live): void {
  const page = hubOf(VERSION);
  if (page.models.get(key) === model) page.models.delete(key);
  for (const view of model.views) if (!view.root.isConnected) view.end();
  for (const place of showing) place.settle();
}
