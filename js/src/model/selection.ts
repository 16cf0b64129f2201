/** What the user has chosen to look at: one call or a span of time. All views of a recording share it, and Python reads it. */
import { Changes } from "../base/listen";
import type { Ns, Row } from "../base/units";

/** Times are ns since the trace's start. Whole numbers only: the kernel reads them as they are. */
export type Selected =
  | { readonly kind: "call"; readonly row: Row }
  | { readonly kind: "span"; readonly start: Ns; readonly end: Ns }
  | null;

export function isSame(one: Selected, other: Selected): boolean {
  if (one === null || other === null) return one === other;
  if (one.kind === "call") return other.kind === "call" && one.row === other.row;
  return other.kind === "span" && one.start === other.start && one.end === other.end;
}

/** A span between two times in either order, in whole ns. */
export function spanOf(one: Ns, other: Ns): Selected {
  return { kind: "span", start: Math.round(Math.min(one, other)), end: Math.round(Math.max(one, other)) };
}

/**
 * Make sense of what somebody wrote into the trait; what makes none is no selection.
 *
 * @param origin number of the call that is row 0: a call is known by its number, or by its row
 */
export function readSelected(json: unknown, origin: number): Selected {
  const { kind, call, row, start, end } = (json ?? {}) as Record<string, unknown>;
  if (kind === "call" && Number.isInteger(call)) {
    const numbered = (call as number) - origin;
    return numbered >= 0 ? { kind, row: numbered } : null;
  }
  if (kind === "call" && Number.isInteger(row) && (row as number) >= 0) return { kind, row: row as Row };
  if (kind === "span" && Number.isFinite(start) && Number.isFinite(end)) return spanOf(start as Ns, end as Ns);
  return null;
}

/** What the trait says: a call has its number too, which stays what it is when the kernel counts rows from another call. */
export function toldSelected(selected: Selected, origin: number): object | null {
  return selected?.kind === "call" ? { ...selected, call: selected.row + origin } : selected;
}

export class Selection {
  readonly changes = new Changes();
  #value: Selected = null;

  get value(): Selected {
    return this.#value;
  }

  /** The chosen call's row, or null. */
  get row(): Row | null {
    return this.#value?.kind === "call" ? this.#value.row : null;
  }

  /** Rows are counted from another call now, so many further back. */
  shift(by: number): void {
    const { row } = this;
    if (row !== null && by !== 0) this.choose(row + by >= 0 ? { kind: "call", row: row + by } : null);
  }

  /** Rows before `base` are no longer kept. */
  forgetBefore(base: Row): void {
    const { row } = this;
    if (row !== null && row < base) this.choose(null);
  }

  choose(next: Selected): void {
    if (isSame(next, this.#value)) return;
    this.#value = next;
    this.changes.notify();
  }
}
