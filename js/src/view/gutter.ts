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

/** The label of a row: its parts, those of a kind that has them. */
interface RowLabel {
  readonly node: HTMLElement;
  readonly name: HTMLElement;
  readonly ident: HTMLElement;
  readonly count: HTMLElement;
  readonly bar: HTMLElement;
}

function keyOf(row: RowPlace): string {
  return `${row.kind} ${row.kind === "lane" ? row.lane.info.lane : row.kind === "pool" ? row.pool.pool : row.index}`;
}

function makeLabel(row: RowPlace): RowLabel {
  const node = element("div", `pv-row pv-row-${row.kind}`);
  node.style.height = `${row.height}px`;
  const [name, ident, count] = [nameElement("pv-name"), element("span", "pv-ident"), element("span", "pv-calls")];
  const bar = element("span", "pv-share-bar");
  node.append(name);
  if (row.kind !== "caller") node.append(ident);
  if (row.kind === "lane") node.append(count, element("span", "pv-share", bar));
  return { node, name, ident, count, bar };
}

export class Gutter {
  readonly node = element("div", "pv-gutter");
  #labels = new Map<string, RowLabel>();
  #lanes: (RowLabel & { readonly lane: Lane })[] = [];

  /** Have a label for each row. Those that are there stay: a pool whose workers are replaced often may have thousands of lanes. */
  layOut(recording: Recording, layout: Layout): void {
    setAttribute(this.node, "style", `height: ${layout.height}px`);
    const before = this.#labels;
    this.#labels = new Map(layout.rows.map((row) => [keyOf(row), before.get(keyOf(row)) ?? makeLabel(row)]));
    for (const [key, { node }] of before) if (!this.#labels.has(key)) node.remove();
    this.#lanes = [];
    let next = this.node.firstElementChild;
    for (const row of layout.rows) {
      const label = this.#labels.get(keyOf(row))!;
      if (row.kind === "lane") this.#lanes.push({ ...label, lane: row.lane });
      else this.#describe(recording, row, label);
      if (label.node === next) next = next.nextElementSibling;
      else this.node.insertBefore(label.node, next);
    }
  }

  #describe(recording: Recording, row: Exclude<RowPlace, { kind: "lane" }>, { node, name, ident }: RowLabel): void {
    if (row.kind === "caller") {
      setName(name, callerName(recording, row.index));
      setAttribute(node, "title", callerName(recording, row.index));
      return;
    }
    setName(name, row.pool.name);
    setText(ident, words.pool(row.pool.workers));
    setAttribute(node, "title", [row.pool.name, row.pool.method].filter(Boolean).join(" · "));
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
