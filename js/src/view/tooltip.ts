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
  return element("dl", "", ...lines.flatMap(([label, value]) => [element("dt", "", label), element("dd", "", value)]));
}

export class Tooltip {
  readonly node = element("div", "pv-tip");

  constructor() {
    this.node.hidden = true;
    this.node.setAttribute("role", "tooltip");
  }

  hide(): void {
    this.node.hidden = true;
  }

  /** @param x and `y`: where the pointer is, in px inside a box of `width` */
  show(recording: Recording, picked: Picked, place: RowPlace, x: Px, y: Px, width: Px): void {
    const content =
      picked.kind === "call"
        ? callContent(recording, picked, place)
        : picked.kind === "wait"
          ? waitContent(recording, picked, place)
          : mergedContent(picked);
    this.node.replaceChildren(...content);
    this.node.hidden = false;
    const own = this.node.offsetWidth;
    const left = x + 14 + own > width ? Math.max(0, x - 14 - own) : x + 14;
    this.node.style.transform = `translate(${Math.round(left)}px, ${Math.round(y + 16)}px)`;
  }
}
