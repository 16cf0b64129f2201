/**
 * The anywidget: joins a model of the kernel's to a store, and each view of it to a timeline.
 *
 * In a notebook the views are in outputs of plain HTML, which look for their model on the page (`places`): an output that holds a widget's
 * view would be an error message as soon as the notebook is opened without its kernel.
 */
import type { AnyModel, AnyWidget } from "@anywidget/types";
import { onAbort } from "./base/listen";
import type { Message } from "./base/message";
import type { PageMs } from "./base/units";
import { readSelected, toldSelected } from "./model/selection";
import { Store } from "./model/store";
import { LiveModel, whenReady } from "./places/live";
import { announce, serveOutputs, withdraw } from "./places/place";
import { decodeMessage } from "./protocol/decode";
import { WireError } from "./protocol/error";
import { unpackMessage } from "./protocol/unpack";
import type { ThemeChoice } from "./view/theme";

/** When a page that has less than the kernel asks for the rest: ms after the model came to the page. */
const ASK_AFTER: readonly PageMs[] = [150, 500, 2000, 8000, 30_000];

interface Traits {
  /** What outputs know the model by. */
  key: string;
  /** The number of the last message. */
  newest: number;
  /** The packed trace as it was last settled, where no output keeps it; else empty. */
  snapshot: DataView | null;
  /** Height of the plot in px; 0 for as high as it needs. */
  height: number;
  theme: ThemeChoice;
  selection: object | null;
}

function receive(store: Store, read: () => Message): void {
  try {
    store.receive(read(), performance.now());
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    store.fail(error.message);
  }
}

function readSnapshot(store: Store, model: AnyModel<Traits>): void {
  const snapshot = model.get("snapshot");
  if (snapshot && snapshot.byteLength > 0) receive(store, () => unpackMessage(snapshot));
}

/** Keep the trait and the page's selection the same, whoever changes it. */
function shareSelection(store: Store, model: AnyModel<Traits>, signal: AbortSignal): void {
  const { selection } = store;
  let isTold = false;
  const fromKernel = () => {
    // To answer in the middle of the host's own update would leave it waiting: it sends no further change of this trait.
    isTold = true;
    selection.choose(readSelected(model.get("selection"), store.head?.origin ?? 0));
    isTold = false;
  };
  fromKernel();
  model.on("change:selection", fromKernel);
  onAbort(signal, () => model.off("change:selection", fromKernel));
  const toKernel = () => {
    if (isTold) return;
    model.set("selection", toldSelected(selection.value, store.head?.origin ?? 0));
    model.save_changes();
  };
  selection.changes.subscribe(toKernel, signal);
}

/** A page that comes later than the stream, after a reload or in a second tab, has missed it: ask until all is there. */
function askForRest(store: Store, model: AnyModel<Traits>, signal: AbortSignal): void {
  // What was kept may be a summary.
  let isKept = store.head !== null;
  const ask = () => {
    const have = store.head?.seq ?? null;
    if (have === null || isKept || have < model.get("newest")) model.send({ kind: "resync", have });
    isKept = false;
  };
  const timers = ASK_AFTER.map((wait) => setTimeout(ask, wait));
  onAbort(signal, () => timers.forEach(clearTimeout));
}

serveOutputs();

/**
 * anywidget calls this once for each model. The store is made in `initialize`, because the stream begins before the first view is
 * rendered and goes on when the last one is gone.
 */
export default function makeWidget(): Exclude<AnyWidget<Traits>, () => unknown> {
  let live: LiveModel | null = null;
  return {
    initialize({ model }) {
      const store = new Store((have) => model.send({ kind: "resync", have }));
      const options = { height: () => model.get("height"), theme: () => model.get("theme") };
      const made = new LiveModel(store, options, (isWatched) => model.send({ kind: "watched", on: isWatched }));
      live = made;
      const onMessage = (header: unknown, buffers: DataView[]) => receive(store, () => decodeMessage(header, buffers));
      const onSnapshot = () => readSnapshot(store, model);
      const refresh = () => made.refresh();
      model.on("msg:custom", onMessage);
      model.on("change:snapshot", onSnapshot);
      model.on("change:height", refresh);
      model.on("change:theme", refresh);
      onSnapshot();
      const life = new AbortController();
      shareSelection(store, model, life.signal);
      askForRest(store, model, life.signal);
      const key = model.get("key");
      whenReady(made, store, () => announce(key, made), life.signal);
      return () => {
        life.abort();
        withdraw(key, made);
        model.off("msg:custom", onMessage);
        model.off("change:snapshot", onSnapshot);
        model.off("change:height", refresh);
        model.off("change:theme", refresh);
      };
    },
    render({ el }) {
      if (live === null) throw new Error("poolviz: a view without its model");
      const view = live.show(el, "");
      // An output may have taken it over by then.
      return () => {
        if (view.output === "") view.end();
      };
    },
  };
}
