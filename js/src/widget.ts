/** The anywidget: joins a model of the kernel's to a store, and each view of it to a timeline. */
import type { AnyModel, AnyWidget } from "@anywidget/types";
import { onAbort } from "./base/listen";
import type { Message } from "./base/message";
import { readSelected, type Selected } from "./model/selection";
import { Store } from "./model/store";
import { decodeMessage } from "./protocol/decode";
import { WireError } from "./protocol/header";
import { unpackMessage } from "./protocol/unpack";
import type { ThemeChoice } from "./view/theme";
import { Timeline } from "./view/timeline";

interface Traits {
  /** The packed trace as it was last settled; empty before that. */
  snapshot: DataView | null;
  /** Height of the plot in px; 0 for as high as it needs. */
  height: number;
  theme: ThemeChoice;
  selection: Selected;
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
function shareSelection({ selection }: Store, model: AnyModel<Traits>, signal: AbortSignal): void {
  let isTold = false;
  const fromKernel = () => {
    // To answer in the middle of the host's own update would leave it waiting: it sends no further change of this trait.
    isTold = true;
    selection.choose(readSelected(model.get("selection")));
    isTold = false;
  };
  fromKernel();
  model.on("change:selection", fromKernel);
  onAbort(signal, () => model.off("change:selection", fromKernel));
  const toKernel = () => {
    if (isTold) return;
    model.set("selection", selection.value);
    model.save_changes();
  };
  selection.changes.subscribe(toKernel, signal);
}

/**
 * anywidget calls this once for each model. The store is made in `initialize`, because the stream begins before the first view is
 * rendered and goes on when the last one is gone.
 */
export default function makeWidget(): Exclude<AnyWidget<Traits>, () => unknown> {
  let store = new Store();
  return {
    initialize({ model }) {
      store = new Store((have) => model.send({ kind: "resync", have }));
      const onMessage = (header: unknown, buffers: DataView[]) => receive(store, () => decodeMessage(header, buffers));
      const onSnapshot = () => readSnapshot(store, model);
      model.on("msg:custom", onMessage);
      model.on("change:snapshot", onSnapshot);
      onSnapshot();
      const life = new AbortController();
      shareSelection(store, model, life.signal);
      return () => {
        life.abort();
        model.off("msg:custom", onMessage);
        model.off("change:snapshot", onSnapshot);
      };
    },
    render({ model, el }) {
      const life = new AbortController();
      const options = { height: () => model.get("height"), theme: () => model.get("theme") };
      const timeline = new Timeline(el, store, options, life.signal);
      const refresh = () => timeline.refresh();
      model.on("change:height", refresh);
      model.on("change:theme", refresh);
      return () => {
        model.off("change:height", refresh);
        model.off("change:theme", refresh);
        life.abort();
      };
    },
  };
}
