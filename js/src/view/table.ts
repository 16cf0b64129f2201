/** All calls as a table, for who prefers words and for screen readers. Only the rows that can be seen exist. */
import { whole } from "../base/format";
import { listen, onAbort } from "../base/listen";
import type { PageMs, Row } from "../base/units";
import { type Filter, kindOfCall } from "../model/filter";
import { ordered } from "../model/order";
import type { Store } from "../model/store";
import { element, nameElement, setAttribute, setName, setText, swatch } from "./dom";
import { MoreRows } from "./more-rows";
import { kindOf } from "./phases";
import { COLUMNS, type TableColumn } from "./table-columns";
import { VirtualRows } from "./virtual-rows";
import { words } from "./words";

/** How often what streams in is sorted in anew, at most; and the share of time that this may take. */
const RENEW: PageMs = 500;
const REST = 9;

interface Cells {
  readonly node: HTMLElement;
  readonly mark: HTMLElement;
  readonly texts: readonly HTMLElement[];
}

let grids = 0;

export class CallGrid {
  readonly node = element("div", "pv-grid");
  /** Below it: how many rows are out of sight. */
  readonly more: MoreRows;
  readonly #store: Store;
  readonly #filter: Filter;
  readonly #id = `pv-grid-${++grids}`;
  readonly #heads: readonly { column: TableColumn; node: HTMLElement }[];
  readonly #virtual: VirtualRows<Cells>;
  #rows: Uint32Array = new Uint32Array(0);
  #sort: { column: TableColumn; descending: boolean } | null = null;
  #active = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #madeAt: PageMs = Number.NEGATIVE_INFINITY;
  #cost: PageMs = 0;

  constructor(store: Store, filter: Filter, signal: AbortSignal) {
    this.#store = store;
    this.#filter = filter;
    this.#heads = COLUMNS.map((column) => this.#head(column, signal));
    const head = element("div", "pv-grid-row pv-grid-head", ...this.#heads.map(({ node }) => node));
    head.setAttribute("role", "row");
    head.setAttribute("aria-rowindex", "1");
    this.more = new MoreRows((direction) => this.#virtual.turn(direction), signal);
    this.#virtual = new VirtualRows(
      this.node,
      () => this.#makeRow(),
      (cells, index) => this.#fill(cells, index),
      (above, below) => this.more.update(above, below),
      signal,
    );
    this.node.append(head, this.#virtual.node);
    this.node.setAttribute("role", "grid");
    this.node.setAttribute("aria-label", words.tableLabel);
    this.node.tabIndex = 0;
    this.node.hidden = true;
    listen(this.node, "keydown", (event) => this.#pressed(event), signal);
    listen(this.#virtual.node, "click", (event) => this.#clicked(event), signal);
    onAbort(signal, () => clearTimeout(this.#timer));
  }

  get focusTarget(): HTMLElement {
    return this.node;
  }

  /** It is shown from now on. */
  open(): void {
    this.#renew();
    this.reveal(this.#store.selection.row);
  }

  /** A message came. */
  changed(page: PageMs): void {
    if (this.node.hidden || this.#timer !== undefined) return;
    const wait = Math.max(RENEW, REST * this.#cost) - (page - this.#madeAt);
    this.#timer = setTimeout(() => this.#renew(), Math.max(0, wait));
  }

  /** The filter changed. */
  outdate(): void {
    if (!this.node.hidden) this.#renew();
  }

  /** Scroll to a call, if it is in the table. */
  reveal(row: Row | null): void {
    if (this.node.hidden) return;
    const index = row === null ? -1 : this.#rows.indexOf(row);
    if (index >= 0) this.#activate(index);
    else this.#virtual.draw();
  }

  /** Select the row that the keyboard is on. */
  chooseActive(): void {
    const row = this.#rows[this.#active];
    if (row !== undefined && this.#store.recording.calls.get(row) !== null)
      this.#store.selection.choose({ kind: "call", row });
  }

  #renew(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.node.hidden) return;
    const began = performance.now();
    const { recording } = this.#store;
    const now = this.#store.now(began);
    const active = this.#rows[this.#active];
    const rows = recording.calls.rows(
      (row, _label, _item, outcome) => !this.#filter.isOn || this.#filter.shows(kindOfCall(recording, row, outcome)),
    );
    if (this.#sort === null) this.#rows = rows;
    else {
      const keyOf = this.#sort.column.key(recording, now);
      this.#rows = ordered(rows, (row) => keyOf(recording.calls.get(row)!), this.#sort.descending);
    }
    const place = active === undefined ? -1 : this.#rows.indexOf(active);
    this.#active = place >= 0 ? place : Math.max(0, Math.min(this.#active, this.#rows.length - 1));
    const { summarised } = recording;
    const label = summarised > 0 ? [words.tableLabel, words.notListed(whole(summarised))] : [words.tableLabel];
    setAttribute(this.node, "aria-label", label.join(", "));
    const { hasProcesses } = recording;
    setAttribute(this.node, "data-processes", hasProcesses ? "true" : null);
    const columns = COLUMNS.filter((column) => hasProcesses || !column.ofProcesses);
    setAttribute(this.node, "aria-colcount", String(columns.length));
    // The head is a row too.
    setAttribute(this.node, "aria-rowcount", String(this.#rows.length + 1));
    this.#virtual.resize(this.#rows.length);
    this.#markActive();
    this.#madeAt = performance.now();
    this.#cost = this.#madeAt - began;
  }

  #head(column: TableColumn, signal: AbortSignal): { column: TableColumn; node: HTMLElement } {
    const button = element("button", "pv-grid-sort", column.name);
    button.type = "button";
    if (column.hint) button.title = column.hint;
    listen(button, "click", () => this.#sortBy(column), signal);
    const node = element("div", `pv-cell pv-cell-${column.id}`, button);
    node.setAttribute("role", "columnheader");
    node.setAttribute("aria-sort", "none");
    return { column, node };
  }

  /** Upwards, then downwards, then as they were submitted. */
  #sortBy(column: TableColumn): void {
    if (this.#sort?.column !== column) this.#sort = { column, descending: false };
    else this.#sort = this.#sort.descending ? null : { column, descending: true };
    for (const head of this.#heads) {
      const isIt = head.column === this.#sort?.column;
      setAttribute(head.node, "aria-sort", isIt ? (this.#sort?.descending ? "descending" : "ascending") : "none");
    }
    this.#renew();
  }

  #makeRow(): Cells {
    const mark = swatch("returned");
    const texts = COLUMNS.map(({ id, isNumber }) => {
      const text = id === "worker" ? nameElement("") : element("span", "");
      const cell = element("div", `pv-cell pv-cell-${id}`, ...(id === "outcome" ? [mark, text] : [text]));
      cell.classList.toggle("pv-number", isNumber);
      cell.setAttribute("role", "gridcell");
      return { cell, text };
    });
    const node = element("div", "pv-grid-row", ...texts.map(({ cell }) => cell));
    node.setAttribute("role", "row");
    return { node, mark, texts: texts.map(({ text }) => text) };
  }

  #fill({ node, mark, texts }: Cells, index: number): void {
    const { recording, selection } = this.#store;
    const row = this.#rows[index]!;
    const call = recording.calls.get(row);
    node.id = `${this.#id}-${index}`;
    node.dataset.index = String(index);
    node.dataset.row = String(row);
    setAttribute(node, "aria-rowindex", String(index + 2));
    setAttribute(node, "aria-selected", String(selection.row === row));
    node.classList.toggle("pv-active", index === this.#active);
    mark.hidden = call === null;
    if (call === null) {
      // The kernel has given it up since the table was last made.
      delete node.dataset.row;
      for (const [i, text] of texts.entries()) {
        setText(text, i === 0 ? words.unknownCall : "");
        setAttribute(text, "title", null);
      }
      return;
    }
    mark.dataset.kind = kindOf(recording, call);
    const now = this.#store.now(performance.now());
    COLUMNS.forEach((column, i) => {
      const text = column.text(recording, call, now);
      if (column.id === "worker") setName(texts[i]!, text);
      else setText(texts[i]!, text);
      setAttribute(texts[i]!, "title", column.id === "error" && text ? text : null);
    });
  }

  #clicked(event: MouseEvent): void {
    const node = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (node === null) return;
    this.#activate(Number(node.dataset.index));
    this.chooseActive();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, this.#virtual.visible - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#activate(this.#active + step);
  }

  #activate(index: number): void {
    this.#active = Math.max(0, Math.min(this.#rows.length - 1, index));
    this.#virtual.reveal(this.#active);
    this.#markActive();
  }

  #markActive(): void {
    const isThere = this.#virtual.draws(this.#active);
    setAttribute(this.node, "aria-activedescendant", isThere ? `${this.#id}-${this.#active}` : null);
  }
}
