/** Which calls a view shows strongly: all, or only those of some kinds. */
import { type CallKind, Outcome, outcomeName } from "../base/codes";
import { Changes } from "../base/listen";
import type { Row } from "../base/units";
import type { Recording } from "./recording";

export class Filter {
  readonly changes = new Changes();
  #only: ReadonlySet<CallKind> = new Set();

  /** Whether anything is left out. */
  get isOn(): boolean {
    return this.#only.size > 0;
  }

  shows(kind: CallKind): boolean {
    return this.#only.size === 0 || this.#only.has(kind);
  }

  /** Whether this kind is one of those that were asked for by name. */
  picks(kind: CallKind): boolean {
    return this.#only.has(kind);
  }

  /** Show this kind alone, or all again when it was alone; with `add`, put it to the others or take it from them. */
  toggle(kind: CallKind, add: boolean): void {
    const had = this.#only.has(kind);
    const next = new Set(add ? this.#only : []);
    if (add && had) next.delete(kind);
    else if (add || !(had && this.#only.size === 1)) next.add(kind);
    this.#only = next;
    this.changes.notify();
  }
}

/** In what state a call is. */
export function kindOfCall(recording: Recording, row: Row, outcome: number): CallKind {
  if (outcome !== Outcome.none) return outcomeName(outcome) as CallKind;
  return recording.running.has(row) ? "running" : "pending";
}

/** The kind of a slice, which at least runs. */
export function kindOfCode(code: number): CallKind {
  return code === Outcome.none ? "running" : (outcomeName(code) as CallKind);
}
