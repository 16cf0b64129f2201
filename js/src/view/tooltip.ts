/** What the pointer is on, in words. */
import { blockedName } from "../base/codes";
import { duration, percent, whole } from "../base/format";
import { NO_ROW } from "../base/message";
import type { Px, Row } from "../base/units";
import { kindOfCode } from "../model/filter";
import type { Recording } from "../model/recording";
import type { RowPlace } from "../render/layout";
import type { Picked } from "../render/pick";
import { element, swatch, table } from "./dom";
import { callerName, callName } from "./naming";
import { bytesLines, chunkLine, kindOf, type Line, phases, workerLine } from "./phases";
import { words } from "./words";

/** Between the pointer and the tooltip. */
const GAP: Px = 14;

function callContent(recording: Recording, picked: Extract<Picked, { kind: "call" }>): Node[] {
  const call = recording.calls.get(picked.row);
  const kind = kindOf(recording, call);
  const title = element("div", "pv-tip-title", swatch(kind), element("span", "", callName(recording, picked.row)));
  const error = recording.errors.get(picked.row)?.error;
  const outcome = [words.kinds[kind], error].filter(Boolean).join(": ");
  const lines =
    call === null
      ? []
      : [
          ...phases(recording, call, picked.end),
          ...chunkLine(recording, call),
          ...workerLine(recording, call),
          ...bytesLines(recording, call),
        ];
  return [title, element("div", "pv-tip-outcome", outcome), table(lines)];
}

function waitContent(recording: Recording, picked: Extract<Picked, { kind: "wait" }>, place: RowPlace): Node[] {
  const who = place.kind === "caller" ? callerName(recording, place.index) : words.caller;
  const where = element("span", "", `${who}: ${words.blocked[blockedName(picked.code)]}`);
  const title = element("div", "pv-tip-title", swatch("wait"), where);
  const lines: Line[] = [[words.blockedFor, duration(picked.end - picked.start)]];
  if (picked.times > 1) lines.push([words.waits, whole(picked.times)]);
  if (picked.row !== NO_ROW) lines.push([words.for, callName(recording, picked.row)]);
  return [title, table(lines)];
}

/** The chunk that all of them belong to, if there is one. */
function mergedChunk(recording: Recording, rows: readonly [Row, Row]): Line[] {
  const [first, last] = rows.map((row) => recording.chunkOf(row));
  if (!first || first.firstRow !== last?.firstRow) return [];
  return [[words.chunk, words.itemsOfChunk(whole(first.firstItem), whole(first.lastItem))]];
}

function mergedContent(recording: Recording, picked: Extract<Picked, { kind: "merged" }>): Node[] {
  const title = element("div", "pv-tip-title", words.merged(whole(picked.count)));
  const lines: Line[] = [
    [words.from, duration(picked.start)],
    [words.busy, percent(picked.share)],
    ...mergedChunk(recording, picked.rows),
  ];
  const failed =
    picked.failed >= 0.5 ? [element("div", "pv-tip-outcome", words.mergedFailed(whole(picked.failed)))] : [];
  return [title, ...failed, table(lines), element("div", "pv-tip-hint", words.zoomHint)];
}

function summaryContent({ code, calls, start, end }: Extract<Picked, { kind: "summary" }>): Node[] {
  const name = element("span", "", words.summarisedTitle(whole(calls), calls));
  const kind = kindOfCode(code);
  const title = element("div", "pv-tip-title", swatch(kind), name);
  const lines: Line[] = [
    [words.from, duration(start)],
    [words.busyFor, duration(end - start)],
  ];
  const outcome = element("div", "pv-tip-outcome", words.kinds[kind]);
  return [title, outcome, table(lines), element("div", "pv-tip-hint", words.summarisedHint)];
}

/** The near edge of something `size` long that stands beside `at`: after it where there is room, else before it. */
function beside(at: Px, size: Px, room: Px): Px {
  return at + GAP + size <= room ? at + GAP : Math.max(0, at - GAP - size);
}

export class Tooltip {
  readonly node = element("div", "pv-tip");

  #shown = false;

  constructor() {
    // In the browser's top layer no output area of a notebook cuts it off or grows a scroll bar for it.
    this.node.popover = "manual";
    this.node.setAttribute("role", "tooltip");
  }

  hide(): void {
    if (this.#shown) this.node.hidePopover();
    this.#shown = false;
  }

  /** @param at where the pointer is, in px of the window */
  show(recording: Recording, picked: Picked, place: RowPlace, at: { x: Px; y: Px }): void {
    const content =
      picked.kind === "call"
        ? callContent(recording, picked)
        : picked.kind === "wait"
          ? waitContent(recording, picked, place)
          : picked.kind === "summary"
            ? summaryContent(picked)
            : mergedContent(recording, picked);
    this.node.replaceChildren(...content);
    if (!this.#shown) this.node.showPopover();
    this.#shown = true;
    const left = beside(at.x, this.node.offsetWidth, innerWidth);
    const top = beside(at.y, this.node.offsetHeight, innerHeight);
    this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
