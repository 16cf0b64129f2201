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

/** Make sense of what somebody wrote into the trait; what makes none is no selection. */
export function readSelected(json: unknown): Selected {
  const { kind, row, start, end } = (json ?? {}) as Record<string, unknown>;
  if (kind === "call" && Number.isInteger(row) && (row as number) >= 0) return { kind, row: row as Row };
  if (kind === "span" && Number.isFinite(start) && Number.isFinite(end)) return spanOf(start as Ns, end as Ns);
  return null;
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

  choose(next: Selected): void {
    if (isSame(next, this.#value)) return;
    this.#value = next;
    this.changes.notify();
  }
}
