/** A widget's model as the page's outputs see it. */
import { onAbort } from "../base/listen";
import type { Store } from "../model/store";
import type { Options, Timeline } from "../view/timeline";
import type { Live, View } from "./hub";
import { showStore } from "./shown";

export class LiveModel implements Live {
  readonly views = new Set<View & { timeline: Timeline }>();
  readonly #store: Store;
  readonly #options: Options;

  constructor(store: Store, options: Options) {
    this.#store = store;
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#store.head !== null || this.#store.problem !== null;
  }

  show(place: HTMLElement, output: string): View {
    const view = showStore(place, output, this.#store, this.#options);
    this.views.add(view);
    const end = view.end;
    view.end = () => {
      this.views.delete(view);
      end();
    };
    return view;
  }

  /** Take up options that have changed. */
  refresh(): void {
    for (const view of this.views) view.timeline.refresh();
  }
}

/** Call `act` as soon as the model has something to show. */
export function whenReady(model: Live, store: Store, act: () => void, signal: AbortSignal): void {
  const heard = new AbortController();
  onAbort(signal, () => heard.abort());
  const look = () => {
    if (!model.isReady || heard.signal.aborted) return;
    heard.abort();
    act();
  };
  store.changes.subscribe(look, heard.signal);
  look();
}
