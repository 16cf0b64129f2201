/** What the panel says of a call and of a span. */
import { type CallKind, Outcome } from "../base/codes";
import { duration, percent, whole } from "../base/format";
import type { Ns, Row } from "../base/units";
import type { Recording } from "../model/recording";
import type { Selected } from "../model/selection";
import { type SpanStatistics, statisticsOf } from "../model/statistics";
import type { Store } from "../model/store";
import { element, nameElement, setHidden, swatch, tiles } from "./dom";
import { callName, exitText, laneName } from "./naming";
import { bytesLines, chunkLine, kindOf, type Line, phases, workerLine } from "./phases";
import { words } from "./words";

export interface Part {
  /** Differs whenever what is said differs. */
  readonly key: string;
  readonly make: () => HTMLElement;
}

export interface PanelContent {
  /** Differs whenever something else is described. */
  readonly key: string;
  /** Of what is described, in plain words. */
  readonly name: string;
  readonly kind: string;
  readonly note: string;
  readonly parts: readonly Part[];
}

/** More lanes than so many are not listed one by one. */
const MOST_LANES = 32;

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
  const lines: Line[] =
    call === null
      ? []
      : [
          ...phases(recording, call, now),
          ...chunkLine(recording, call),
          ...bytesLines(recording, call),
          ...workerLine(recording, call),
        ];
  if (lane?.info.ident) {
    const pool = recording.pools.get(lane.info.pool);
    lines.push([pool?.kind === "thread" ? words.thread : words.process, String(lane.info.ident)]);
  }
  const end = lane ? exitText(lane.info) : "";
  if (end) lines.push([words.worker, end]);
  const texts = textsOf(recording, row);
  const parts = [
    { key: JSON.stringify(lines), make: () => tiles(lines) },
    { key: JSON.stringify(texts), make: () => textBlocks(texts) },
  ];
  const note = call === null ? "" : words.kinds[kind];
  return { key: `call ${row}`, name, kind, note, parts };
}

function textsOf({ calls, errors, prints, printsOmitted }: Recording, row: Row) {
  // A page is told the words of some hundred errors, not of all.
  const unknown = calls.outcomeOf(row) === Outcome.raised ? words.errorOmitted : "";
  const { error = unknown, traceback = "" } = errors.get(row) ?? {};
  const { text, cut } = prints.get(row) ?? { text: "", cut: 0 };
  const omitted = prints.has(row) ? 0 : printsOmitted;
  return { error, traceback, text, cut, omitted };
}

function textBlocks({ error, traceback, text, cut, omitted }: ReturnType<typeof textsOf>): HTMLElement {
  const says = element("div", "pv-panel-error", error);
  setHidden(says, error === "");
  const missing =
    cut > 0 ? words.outputCut(whole(cut), cut) : omitted > 0 ? words.outputsOmitted(whole(omitted), omitted) : "";
  const note = element("div", "pv-panel-note pv-unit", missing);
  setHidden(note, missing === "");
  const actions = element("div", "pv-actions");
  setHidden(actions, true);
  const node = element(
    "div",
    "pv-panel-texts",
    says,
    block(words.traceback, traceback),
    block(words.output, text),
    note,
    actions,
  );
  setHidden(node, error === "" && traceback === "" && text === "" && missing === "");
  return node;
}

const shareText = (share: number) => (Number.isNaN(share) ? "–" : percent(share));

export function spanContent(store: Store, span: Extract<Selected, { kind: "span" }>, now: Ns): PanelContent {
  const { start, end } = span;
  const { counts, calls, summarised, lanes, utilisation, median, p95 } = statisticsOf(store.recording, start, end, now);
  const name = words.spanName(duration(end - start));
  const lines: Line[] = [
    [words.from, duration(start)],
    [words.to, duration(end)],
    [words.calls, whole(calls)],
    ...(summarised > 0 ? [[words.notMeasured, whole(summarised)] as const] : []),
    [words.median, duration(median)],
    [words.p95, duration(p95)],
    [words.utilisation, shareText(utilisation)],
  ];
  const listed = lanes.slice(0, MOST_LANES);
  const seen = [[...counts], listed.map(({ lane, busy }) => [lane.info.lane, Math.round(busy / 1e6)])];
  const parts = [
    { key: JSON.stringify(lines), make: () => tiles(lines) },
    { key: JSON.stringify(seen), make: () => spanTexts(counts, listed, lanes.length - listed.length) },
  ];
  return { key: `span ${start} ${end}`, name, kind: "span", note: words.spanNote, parts };
}

function spanTexts(counts: SpanStatistics["counts"], lanes: SpanStatistics["lanes"], rest: number): HTMLElement {
  const outcomes = element("div", "pv-panel-outcomes");
  for (const [kind, count] of counts) outcomes.append(outcomeEntry(kind, count));
  const bars = element("div", "pv-panel-lanes");
  for (const { lane, busy, share } of lanes) {
    const bar = element("span", "pv-share-bar");
    bar.style.width = `${Number.isNaN(share) ? 0 : 100 * share}%`;
    const value = `${shareText(share)} · ${duration(busy)}`;
    bars.append(nameElement("pv-name", laneName(lane)), element("span", "pv-share", bar), element("span", "", value));
  }
  const more = element("div", "pv-unit", rest > 0 ? words.moreLanes(whole(rest), rest) : "");
  return element("div", "pv-panel-texts", outcomes, bars, more);
}

function outcomeEntry(kind: CallKind, count: number): HTMLElement {
  const number = element("span", "pv-count", whole(count));
  return element("span", "pv-entry", swatch(kind), element("span", "", words.kinds[kind]), number);
}
