/** What the pointer is on, in words. */
import { blockedName, Outcome, outcomeName } from "../base/codes";
import { duration, percent, whole } from "../base/format";
import { NO_ROW } from "../base/message";
import type { Ns, Px } from "../base/units";
import type { Recording } from "../model/recording";
import type { RowPlace } from "../render/layout";
import type { Picked } from "../render/pick";
import { kindOf } from "../render/slices";
import { element } from "./dom";
import { callerName, callName, laneName } from "./naming";
import { words } from "./words";

/** Between the pointer and the tooltip. */
const GAP: Px = 14;

type Line = readonly [label: string, value: string];

const known = (label: string, value: Ns): Line[] => (Number.isFinite(value) ? [[label, duration(value)]] : []);

function callContent(recording: Recording, picked: Extract<Picked, { kind: "call" }>, place: RowPlace): Node[] {
  const call = recording.calls.get(picked.row);
  const swatch = element("span", "pv-swatch");
  const outcome = call?.outcome ?? Outcome.none;
  swatch.dataset.kind = picked.running ? "running" : kindOf(outcome);
  const title = element("div", "pv-tip-title", swatch, element("span", "", callName(recording, picked.row)));
  const error = recording.errors.get(picked.row)?.error;
  const lines: Line[] = [];
  if (call !== null) {
    lines.push(...known(words.submittedAt, call.submitted), ...known(words.sent, call.sent - call.submitted));
    lines.push(...known(words.waited, picked.start - call.submitted));
    lines.push([picked.running ? words.running : words.ran, duration(picked.end - picked.start)]);
    lines.push(...known(words.delivered, call.delivered - call.finished));
    lines.push(...known(words.consumed, call.consumed - call.delivered));
  }
  if (place.kind === "lane") lines.push([words.on, laneName(place.lane)]);
  const words_ = [picked.running ? words.outcomes.none : words.outcomes[outcomeName(outcome)], error].filter(Boolean);
  return [title, element("div", "pv-tip-outcome", words_.join(": ")), table(lines)];
}

function waitContent(recording: Recording, picked: Extract<Picked, { kind: "wait" }>, place: RowPlace): Node[] {
  const who = place.kind === "caller" ? callerName(recording, place.index) : words.caller;
  const swatch = element("span", "pv-swatch");
  swatch.dataset.kind = "wait";
  const title = element(
    "div",
    "pv-tip-title",
    swatch,
    element("span", "", `${who}: ${words.blocked[blockedName(picked.code)]}`),
  );
  const lines: Line[] = [[words.blockedFor, duration(picked.end - picked.start)]];
  if (picked.row !== NO_ROW) lines.push([words.for, callName(recording, picked.row)]);
  return [title, table(lines)];
}

function mergedContent(picked: Extract<Picked, { kind: "merged" }>): Node[] {
  const title = element("div", "pv-tip-title", words.merged(whole(picked.count)));
  const lines: Line[] = [
    [words.from, duration(picked.start)],
    [words.busy, percent(picked.share)],
  ];
  const failed =
    picked.failed >= 0.5 ? [element("div", "pv-tip-outcome", words.mergedFailed(whole(picked.failed)))] : [];
  return [title, ...failed, table(lines), element("div", "pv-tip-hint", words.zoomHint)];
}

function table(lines: readonly Line[]): HTMLElement {
  // Not a definition list: hosts have styles of their own for those.
  const cells = lines.flatMap(([label, value]) => [element("span", "pv-unit", label), element("span", "", value)]);
  return element("div", "pv-tip-table", ...cells);
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
        ? callContent(recording, picked, place)
        : picked.kind === "wait"
          ? waitContent(recording, picked, place)
          : mergedContent(picked);
    this.node.replaceChildren(...content);
    if (!this.#shown) this.node.showPopover();
    this.#shown = true;
    const left = beside(at.x, this.node.offsetWidth, innerWidth);
    const top = beside(at.y, this.node.offsetHeight, innerHeight);
    this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}
