/** A widget's model as the page's outputs see it. */
import { listen, onAbort } from "../base/listen";
import type { Store } from "../model/store";
import type { Options, Timeline } from "../view/timeline";
import type { Live, View } from "./hub";
import { showStore } from "./shown";

export class LiveModel implements Live {
  readonly views = new Set<View & { timeline: Timeline }>();
  readonly #store: Store;
  readonly #options: Options;
  readonly #tellWatched: (isWatched: boolean) => void;

  /** @param tellWatched says that a view fills the screen, or no longer does: to replace its output would end that */
  constructor(store: Store, options: Options, tellWatched: (isWatched: boolean) => void) {
    this.#store = store;
    this.#options = options;
    this.#tellWatched = tellWatched;
  }

  get isReady(): boolean {
    return this.#store.head !== null || this.#store.problem !== null;
  }

  show(place: HTMLElement, output: string): View {
    const view = showStore(place, output, this.#store, this.#options);
    this.views.add(view);
    const life = new AbortController();
    const changed = () => this.#tellWatched(document.fullscreenElement === view.root);
    listen(view.root, "fullscreenchange", changed, life.signal);
    const end = view.end;
    view.end = () => {
      life.abort();
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
