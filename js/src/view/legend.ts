/** What the colours and forms mean, how many calls are each, and which of them are shown strongly. */
import { type CallKind, Outcome } from "../base/codes";
import { whole } from "../base/format";
import { listen } from "../base/listen";
import type { Filter } from "../model/filter";
import type { Store } from "../model/store";
import { setPressed } from "./button";
import { element, setHidden, setText, swatch } from "./dom";
import { words } from "./words";

const KINDS: readonly CallKind[] = ["pending", "running", "returned", "raised", "interrupted", "lost", "cancelled"];

export class Legend {
  readonly #filter: Filter;
  readonly #entries;
  readonly #wait = element("span", "pv-entry", swatch("wait"), element("span", "", words.blockedLegend));
  readonly #chunk = element("span", "pv-entry", swatch("chunk"), element("span", "", words.chunkLegend));
  readonly node: HTMLElement;

  constructor(filter: Filter, signal: AbortSignal) {
    this.#filter = filter;
    this.#entries = KINDS.map((kind) => {
      const count = element("span", "pv-count");
      const node = element("button", "pv-entry", swatch(kind), element("span", "", words.kinds[kind]), count);
      node.type = "button";
      node.title = words.filterHint(words.kinds[kind]);
      const pressed = (event: MouseEvent) => filter.toggle(kind, event.shiftKey || event.ctrlKey || event.metaKey);
      listen(node, "click", pressed, signal);
      return { kind, node, count };
    });
    this.node = element("div", "pv-legend", ...this.#entries.map((entry) => entry.node), this.#wait, this.#chunk);
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", words.legend);
  }

  update(store: Store): void {
    const counts = store.head?.counts;
    for (const { kind, node, count } of this.#entries) {
      const value = this.#countOf(kind, store);
      // Without it the picture of a run in which all goes well would have no key; the others come and go.
      setHidden(node, value === 0 && kind !== "returned" && !this.#filter.picks(kind));
      setText(count, whole(value));
      setPressed(node, this.#filter.picks(kind));
      node.classList.toggle("pv-off", !this.#filter.shows(kind));
    }
    setHidden(this.#wait, ![...store.recording.callers.all.values()].some(({ hasWaited }) => hasWaited));
    setHidden(this.#chunk, store.recording.chunks.isEmpty);
    setHidden(this.node, counts === undefined || counts.total === 0);
  }

  #countOf(kind: CallKind, store: Store): number {
    const counts = store.head?.counts;
    if (counts === undefined) return 0;
    if (kind === "returned") return counts.finished;
    if (kind === "pending" || kind === "running" || kind === "cancelled") return counts[kind];
    return store.recording.outcomes.get(Outcome[kind]) ?? 0;
  }
}
