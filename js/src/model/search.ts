/** Finds calls by name, item, outcome or the words of their error. */
import type { CallKind } from "../base/codes";
import type { Row } from "../base/units";
import { kindOfCall } from "./filter";
import type { Recording } from "./recording";

/** `17`, `[17]` or `prime [17]`: a name, or none, and an item. */
const ITEM = /^(.*?)\s*\[?(\d+)\]?$/;

/**
 * The rows that match, ascending.
 *
 * @param text what the user typed; letters of either case are the same
 * @param nameOfKind how a kind is called on the screen
 */
export function search(recording: Recording, text: string, nameOfKind: (kind: CallKind) => string): Uint32Array {
  const query = text.trim().toLowerCase();
  if (query === "") return new Uint32Array(0);
  const named = (part: string) =>
    new Set([...recording.labels].filter(([, name]) => name.toLowerCase().includes(part)).map(([label]) => label));
  const byName = named(query);
  const [, namePart = "", digits] = ITEM.exec(query) ?? [];
  const wanted = digits === undefined ? -1 : Number(digits);
  const nameOfItem = named(namePart);
  const byError = new Set<Row>();
  for (const [row, { error }] of recording.errors) if (error.toLowerCase().includes(query)) byError.add(row);
  const kinds = new Map<CallKind, boolean>();
  const byKind = (kind: CallKind) => {
    let found = kinds.get(kind);
    if (found === undefined) {
      found = nameOfKind(kind).toLowerCase().startsWith(query);
      kinds.set(kind, found);
    }
    return found;
  };
  return recording.calls.rows(
    (row, label, item, outcome) =>
      byName.has(label) ||
      (wanted >= 0 && item === wanted && (namePart === "" || nameOfItem.has(label))) ||
      byKind(kindOfCall(recording, row, outcome)) ||
      byError.has(row),
  );
}

/** The row after `from` in one direction, and from the end on from the beginning again; null when there is none. */
export function nextOf(rows: Uint32Array, from: Row | null, direction: 1 | -1): { row: Row; index: number } | null {
  if (rows.length === 0) return null;
  let index = direction > 0 ? rows.findIndex((row) => from === null || row > from) : -1;
  if (direction < 0)
    for (let i = rows.length - 1; i >= 0 && index < 0; i--) if (from === null || rows[i]! < from) index = i;
  if (index < 0) index = direction > 0 ? 0 : rows.length - 1;
  return { row: rows[index]!, index };
}
