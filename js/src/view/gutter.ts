/** The names of the rows, at the left: workers with what they are, how much they did and how busy they were. */
import { percent, whole } from "../base/format";
import type { Span } from "../base/scale";
import type { Ns } from "../base/units";
import { busyShares } from "../model/busy";
import type { Lane, Recording } from "../model/recording";
import type { Layout, RowPlace } from "../render/layout";
import { element, nameElement, setAttribute, setName, setText } from "./dom";
import { callerName, exitText, laneName } from "./naming";
import { words } from "./words";

interface LaneLabel {
  readonly lane: Lane;
  readonly node: HTMLElement;
  readonly name: HTMLElement;
  readonly ident: HTMLElement;
  readonly count: HTMLElement;
  readonly bar: HTMLElement;
}

export class Gutter {
  readonly node = element("div", "pv-gutter");
  #lanes: LaneLabel[] = [];
  #key = "";

  /** Make the labels anew when the rows have changed. */
  layOut(recording: Recording, layout: Layout): void {
    const key = layout.rows.map((row) => this.#keyOf(row)).join();
    setAttribute(this.node, "style", `height: ${layout.height}px`);
    if (key === this.#key) return;
    this.#key = key;
    this.#lanes = [];
    this.node.replaceChildren(...layout.rows.map((row) => this.#label(recording, row)));
  }

  #keyOf(row: RowPlace): string {
    return `${row.kind}${row.kind === "lane" ? row.lane.info.lane : row.kind === "pool" ? row.pool.pool : row.index}@${row.top}`;
  }

  #label(recording: Recording, row: RowPlace): HTMLElement {
    const node = element("div", `pv-row pv-row-${row.kind}`);
    node.style.height = `${row.height}px`;
    if (row.kind === "lane") this.#lanes.push(this.#laneLabel(row.lane, node));
    else if (row.kind === "caller") node.append(nameElement("pv-name", callerName(recording, row.index)));
    else {
      node.append(nameElement("pv-name", row.pool.name), element("span", "pv-ident", words.pool(row.pool.workers)));
    }
    if (row.kind === "pool") node.title = [row.pool.name, row.pool.method].filter(Boolean).join(" · ");
    else if (row.kind === "caller") node.title = callerName(recording, row.index);
    return node;
  }

  #laneLabel(lane: Lane, node: HTMLElement): LaneLabel {
    const [name, ident, count] = [nameElement("pv-name"), element("span", "pv-ident"), element("span", "pv-calls")];
    const bar = element("span", "pv-share-bar");
    node.append(name, ident, count, element("span", "pv-share", bar));
    return { lane, node, name, ident, count, bar };
  }

  /** Bring numbers up to date; `span` is the window of the run. */
  update(recording: Recording, span: Span, now: Ns): void {
    const { lanes } = busyShares(recording, span, now);
    for (const { lane: known, node, name, ident, count, bar } of this.#lanes) {
      // A snapshot brings new lanes under the same numbers.
      const lane = recording.lanes.get(known.info.lane) ?? known;
      const share = lanes.get(lane.info.lane) ?? Number.NaN;
      const kind = recording.pools.get(lane.info.pool)?.kind === "thread" ? words.thread : words.process;
      const calls = words.callsDone(whole(lane.slices.callCount), lane.slices.callCount);
      setName(name, laneName(lane));
      setText(ident, lane.info.ident ? String(lane.info.ident) : "");
      setText(count, whole(lane.slices.callCount));
      setAttribute(bar, "style", `width: ${(100 * (share || 0)).toFixed(1)}%`);
      const exited = lane.info.exited === null ? "" : exitText(lane.info) || words.exited;
      setAttribute(node, "data-died", lane.info.how === "died" ? "true" : null);
      const parts = [
        lane.info.name,
        lane.info.ident ? `${kind} ${lane.info.ident}` : "",
        calls,
        Number.isNaN(share) ? "" : words.busyShare(percent(share)),
        exited,
      ];
      setAttribute(node, "title", parts.filter(Boolean).join(" · "));
    }
  }
}
