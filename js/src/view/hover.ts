/** What the pointer is on: found anew with each frame, because what runs grows under a still pointer. */
import type { TimeScale } from "../base/scale";
import type { Ns, PageMs, Px } from "../base/units";
import type { Recording } from "../model/recording";
import { type Layout, OVERVIEW_HEIGHT, type RowPlace, rowAt, visibleRows } from "../render/layout";
import { type Picked, pick } from "../render/pick";
import type { Highlight } from "../render/scene";
import type { Stage } from "./stage";
import { Tooltip } from "./tooltip";

/** How often the words follow what grows: ms. */
const RENEW: PageMs = 100;

export class Hover {
  readonly tip = new Tooltip();
  #at: { x: Px; y: Px } | null = null;
  #shownAt: PageMs = 0;

  /** @returns whether anything changed */
  point(at: { x: Px; y: Px } | null): boolean {
    if (at === null && this.#at === null) return false;
    this.#at = at;
    this.#shownAt = 0;
    return true;
  }

  /** The time under the pointer. */
  time(scale: TimeScale): Ns | null {
    return this.#at === null ? null : scale.pxToTime(this.#at.x);
  }

  /** What is at a place of the canvas. */
  find(
    recording: Recording,
    layout: Layout,
    stage: Stage,
    scale: TimeScale,
    now: Ns,
    at: { x: Px; y: Px },
  ): { row: RowPlace; picked: Picked } | null {
    const inside = at.y >= OVERVIEW_HEIGHT && at.y < OVERVIEW_HEIGHT + stage.rowsHeight;
    const row = inside ? rowAt(layout, at.y - OVERVIEW_HEIGHT + stage.scroll) : null;
    if (row === null) return null;
    const rows = visibleRows(layout, stage.scroll, stage.rowsHeight).length;
    const picked = pick(recording, row, scale, at.x, now, rows);
    return picked && { row, picked };
  }

  /** Show the tooltip of what is under the pointer, and say what to outline. */
  update(
    recording: Recording,
    layout: Layout,
    stage: Stage,
    scale: TimeScale,
    now: Ns,
    page: PageMs,
  ): Highlight | null {
    const at = this.#at;
    const found = at && this.find(recording, layout, stage, scale, now, at);
    if (!found || at === null) {
      this.tip.hide();
      return null;
    }
    const { row, picked } = found;
    if (page - this.#shownAt > RENEW) {
      this.#shownAt = page;
      this.tip.show(recording, picked, row, stage.toWindow(at));
    }
    return { start: picked.start, end: picked.end, row, call: picked.kind === "call" ? picked.row : null };
  }
}
