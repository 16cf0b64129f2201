/** Moves what is shown and what is selected, by keys and buttons. */
import { duration } from "../base/format";
import type { Row } from "../base/units";
import { type Filter, kindOfCall } from "../model/filter";
import { nearestCall, neighbour, type Place, placeOf, type Shows } from "../model/neighbours";
import type { Lane } from "../model/recording";
import { spanOf } from "../model/selection";
import type { Store } from "../model/store";
import { callName, laneName } from "./naming";
import type { Plot } from "./plot";
import { words } from "./words";

/** A fitted selection has so much of its own length free at each side. */
const MARGIN = 0.15;

export class Navigator {
  readonly #store: Store;
  readonly #filter: Filter;
  readonly #plot: Plot;
  readonly #say: (text: string) => void;

  /** @param say tells those who do not see the picture where they are */
  constructor(store: Store, filter: Filter, plot: Plot, say: (text: string) => void) {
    this.#store = store;
    this.#filter = filter;
    this.#plot = plot;
    this.#say = say;
  }

  zoom(factor: number): void {
    if (!this.#plot.hasRoom) return;
    const { start, end } = this.#plot.viewport.span;
    this.#plot.viewport.zoom((start + end) / 2, factor);
    this.#plot.redraw();
  }

  pan(share: number): void {
    const { start, end } = this.#plot.viewport.span;
    this.#plot.viewport.pan(share * (end - start));
    this.#plot.redraw();
  }

  fitAll(): void {
    this.#plot.viewport.fit();
    this.#plot.redraw();
  }

  /** Show what is selected as large as it can be; all when nothing is. */
  fitSelection(): void {
    const { value } = this.#store.selection;
    const span = value?.kind === "call" ? this.#place(value.row) : value;
    if (span === null) this.fitAll();
    else {
      const margin = (span.end - span.start) * MARGIN;
      this.#plot.viewport.show({ start: span.start - margin, end: span.end + margin });
      if ("lane" in span) this.#plot.revealLane(span.lane.info.lane);
      this.#plot.redraw();
    }
  }

  selectVisible(): void {
    const { start, end } = this.#plot.viewport.span;
    this.#store.selection.choose(spanOf(start, end));
    this.#say(words.spanName(duration(end - start)));
  }

  /** Select a call, bring it into view, and say what it is. */
  go(row: Row): void {
    this.#store.selection.choose({ kind: "call", row });
    const place = this.#place(row);
    if (place !== null) {
      this.#plot.viewport.reveal(place);
      this.#plot.revealLane(place.lane.info.lane);
      this.#plot.redraw();
    }
    const { recording } = this.#store;
    const kind = kindOfCall(recording, row, recording.calls.outcomeOf(row));
    const length = place ? duration(place.end - place.start) : "";
    const lane = place ? laneName(place.lane) : "";
    this.#say([callName(recording, row), words.kinds[kind], length, lane].filter(Boolean).join(", "));
  }

  step(direction: 1 | -1): void {
    const from = this.#selectedPlace();
    const next = from ? neighbour(this.#store.recording, from, direction, this.#shows) : this.#first(direction);
    if (next !== null) this.go(next);
  }

  /** The lanes beside each other as they are drawn; those that show no call are passed over. */
  stepLane(direction: 1 | -1): void {
    const from = this.#selectedPlace();
    if (from === null) {
      this.step(1);
      return;
    }
    const lanes = this.#lanes();
    for (let i = lanes.indexOf(from.lane) + direction; i >= 0 && i < lanes.length; i += direction) {
      const next = nearestCall(this.#store.recording, lanes[i]!, from.start, this.#shows);
      if (next === null) continue;
      this.go(next);
      return;
    }
  }

  #first(direction: 1 | -1): Row | null {
    const { start, end } = this.#plot.viewport.span;
    for (const lane of this.#lanes()) {
      const row = nearestCall(this.#store.recording, lane, direction > 0 ? start : end, this.#shows);
      if (row !== null) return row;
    }
    return null;
  }

  readonly #shows: Shows = (row) => {
    const { recording } = this.#store;
    return this.#filter.shows(kindOfCall(recording, row, recording.calls.outcomeOf(row)));
  };

  #lanes(): Lane[] {
    return this.#plot.layout.rows.flatMap((row) => (row.kind === "lane" ? [row.lane] : []));
  }

  #place(row: Row): Place | null {
    return placeOf(this.#store.recording, row, this.#store.now(performance.now()));
  }

  #selectedPlace(): Place | null {
    const { row } = this.#store.selection;
    return row === null ? null : this.#place(row);
  }
}
