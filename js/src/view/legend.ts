/** What the colours and forms mean, and how many calls are each. */
import { Outcome } from "../base/codes";
import { whole } from "../base/format";
import type { Store } from "../model/store";
import { element, setHidden, setText } from "./dom";
import { type LegendKind, words } from "./words";

const KINDS: readonly LegendKind[] = ["pending", "running", "returned", "raised", "interrupted", "lost", "cancelled"];

function swatch(kind: string): HTMLElement {
  const node = element("span", "pv-swatch");
  node.dataset.kind = kind;
  return node;
}

export class Legend {
  readonly #entries = KINDS.map((kind) => {
    const count = element("span", "pv-count");
    const node = element("span", "pv-entry", swatch(kind), element("span", "", words.legend[kind]), count);
    return { kind, node, count };
  });
  readonly #wait = element("span", "pv-entry", swatch("wait"), element("span", "", words.blockedLegend));
  readonly node = element("div", "pv-legend", ...this.#entries.map((entry) => entry.node), this.#wait);

  update(store: Store): void {
    const counts = store.head?.counts;
    for (const { kind, node, count } of this.#entries) {
      const value = this.#countOf(kind, store);
      // Without it the picture of a run in which all goes well would have no key; the others come and go.
      setHidden(node, value === 0 && kind !== "returned");
      setText(count, whole(value));
    }
    setHidden(this.#wait, !store.recording.callers.all.some(({ waits, open }) => waits.count + open.length > 0));
    setHidden(this.node, counts === undefined || counts.total === 0);
  }

  #countOf(kind: LegendKind, store: Store): number {
    const counts = store.head?.counts;
    if (counts === undefined) return 0;
    if (kind === "returned") return counts.finished;
    if (kind === "pending" || kind === "running" || kind === "cancelled") return counts[kind];
    return store.recording.outcomes.get(Outcome[kind]) ?? 0;
  }
}
