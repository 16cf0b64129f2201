/** What the panel says of a call and of a span. */
import type { CallKind } from "../base/codes";
import { duration, percent, whole } from "../base/format";
import type { Ns, Row } from "../base/units";
import type { Selected } from "../model/selection";
import { statisticsOf } from "../model/statistics";
import type { Store } from "../model/store";
import { element, setHidden, swatch, tiles } from "./dom";
import { callName, laneName } from "./naming";
import { kindOf, type Line, phases, workerLine } from "./phases";
import { words } from "./words";

export interface PanelContent {
  /** Differs whenever what is said differs. */
  readonly key: string;
  /** Of what is described, in plain words. */
  readonly name: string;
  readonly title: () => Node[];
  readonly parts: () => Node[];
}

/** More lanes than so many are not listed one by one. */
const MOST_LANES = 32;

function titleOf(kind: string, name: string, note: string): () => Node[] {
  return () => [swatch(kind), element("span", "pv-panel-name", name), element("span", "pv-unit", note)];
}

function block(label: string, text: string): HTMLElement {
  const pre = element("pre", "pv-text", text);
  // It may scroll, and what scrolls must be reached by the keyboard.
  pre.tabIndex = 0;
  pre.setAttribute("role", "region");
  pre.setAttribute("aria-label", label);
  const node = element("div", "pv-panel-block", element("div", "pv-unit", label), pre);
  setHidden(node, text === "");
  return node;
}

export function callContent({ recording }: Store, row: Row, now: Ns): PanelContent {
  const call = recording.calls.get(row);
  const name = call === null ? words.unknownCall : callName(recording, row);
  const kind = kindOf(recording, call);
  const lane = call && recording.lanes.get(call.lane);
  const lines: Line[] = call === null ? [] : [...phases(recording, call, now), ...workerLine(recording, call)];
  if (lane?.info.ident) {
    const pool = recording.pools.get(lane.info.pool);
    lines.push([pool?.kind === "thread" ? words.thread : words.process, String(lane.info.ident)]);
  }
  if (lane?.info.detail) lines.push([words.worker, lane.info.detail]);
  const { error = "", traceback = "" } = recording.errors.get(row) ?? {};
  const parts = () => {
    const output = block(words.output, "");
    const actions = element("div", "pv-actions");
    setHidden(actions, true);
    const says = element("div", "pv-panel-error", error);
    setHidden(says, error === "");
    const texts = element("div", "pv-panel-texts", says, block(words.traceback, traceback), output, actions);
    setHidden(texts, error === "" && traceback === "");
    return [tiles(lines), texts];
  };
  const note = call === null ? "" : words.kinds[kind];
  return { key: JSON.stringify([row, kind, lines, error, traceback]), name, title: titleOf(kind, name, note), parts };
}

const shareText = (share: number) => (Number.isNaN(share) ? "–" : percent(share));

export function spanContent(store: Store, span: Extract<Selected, { kind: "span" }>, now: Ns): PanelContent {
  const { start, end } = span;
  const { counts, calls, lanes, utilisation, median, p95 } = statisticsOf(store.recording, start, end, now);
  const name = words.spanName(duration(end - start));
  const lines: Line[] = [
    [words.from, duration(start)],
    [words.to, duration(end)],
    [words.calls, whole(calls)],
    [words.median, duration(median)],
    [words.p95, duration(p95)],
    [words.utilisation, shareText(utilisation)],
  ];
  const listed = lanes.slice(0, MOST_LANES);
  const parts = () => {
    const outcomes = element("div", "pv-panel-outcomes");
    for (const [kind, count] of counts) outcomes.append(outcomeEntry(kind, count));
    const bars = element("div", "pv-panel-lanes");
    for (const { lane, busy, share } of listed) {
      const bar = element("span", "pv-share-bar");
      bar.style.width = `${Number.isNaN(share) ? 0 : 100 * share}%`;
      const value = `${shareText(share)} · ${duration(busy)}`;
      bars.append(
        element("span", "pv-name", laneName(lane)),
        element("span", "pv-share", bar),
        element("span", "", value),
      );
    }
    const rest = lanes.length - listed.length;
    const more = element("div", "pv-unit", rest > 0 ? words.moreLanes(whole(rest)) : "");
    return [tiles(lines), element("div", "pv-panel-texts", outcomes, bars, more)];
  };
  const key = JSON.stringify([
    lines,
    [...counts],
    listed.map(({ lane, busy }) => [lane.info.lane, Math.round(busy / 1e6)]),
  ]);
  return { key, name, title: titleOf("span", name, words.spanNote), parts };
}

function outcomeEntry(kind: CallKind, count: number): HTMLElement {
  const number = element("span", "pv-count", whole(count));
  return element("span", "pv-entry", swatch(kind), element("span", "", words.kinds[kind]), number);
}
