/** Writes messages as the kernel does: for the harness and the tests, never part of the bundle. */
import schema from "../../poolviz/wire/schema.json";
import { NO_ROW } from "../src/base/message";
import { AFTER, isWhole, PLAIN, SOME, STEPS } from "../src/protocol/column";
import { columnsOf } from "../src/protocol/schema";

type Values = readonly number[];
/** Columns by section and name; times in ns, NaN for none. */
export type Sections = { readonly [section: string]: { readonly [column: string]: Values } };

/** A column as Python packs it, but with every code tried on all values. */
function packColumn(
  values: Values,
  optional: boolean,
  neighbour: Values | null,
): { code: number[]; planes: DataView<ArrayBuffer> } {
  const none = optional && values.some((value) => Number.isNaN(value));
  const known = values.filter((value) => !Number.isNaN(value));
  const candidates: { how: number; numbers: Values }[] = [{ how: none ? SOME : PLAIN, numbers: known }];
  if (!none) {
    if (neighbour !== null) candidates.push({ how: AFTER, numbers: values.map((value, i) => value - neighbour[i]!) });
    candidates.push({ how: STEPS, numbers: values.slice(1).map((value, i) => value - values[i]!) });
  }
  const sized = candidates.map(({ how, numbers }) => {
    const least = numbers.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
    const base = numbers.length === 0 ? 0 : how === SOME ? least - 1 : least;
    const most = numbers.reduce((high, value) => Math.max(high, value - base), 0);
    return { how, base, width: Math.ceil(Math.log2(most + 1) / 8) };
  });
  const { how, base, width } = sized.reduce((best, next) => (next.width < best.width ? next : best));
  const before = how === STEPS ? values[0]! - base : 0;
  const numbers = values.map((value, i) => {
    if (Number.isNaN(value)) return 0;
    const from = how === STEPS ? (i === 0 ? before : values[i - 1]!) : how === AFTER ? neighbour![i]! : 0;
    return value - from - base;
  });
  const planes = new Uint8Array(width * numbers.length);
  for (let plane = 0; plane < width; plane++) {
    numbers.forEach((number, i) => {
      planes[plane * numbers.length + i] = Math.floor(number / 256 ** plane) % 256;
    });
  }
  return { code: how === STEPS ? [how, width, base, before] : [how, width, base], planes: new DataView(planes.buffer) };
}

/** What stands in columns that are left out, if not 0. */
const DEFAULTS: Readonly<Record<string, number>> = { times: 1 };

export interface Encoded {
  readonly header: Record<string, unknown>;
  readonly buffers: DataView<ArrayBuffer>[];
}

export const COUNTS = { total: 0, pending: 0, running: 0, finished: 0, failed: 0, cancelled: 0 };

/**
 * @param fields of the header that differ from those of an empty live delta
 * @param sections in the order in which they shall stand
 */
export function encode(fields: Record<string, unknown>, sections: Sections = {}): Encoded {
  const buffers: DataView<ArrayBuffer>[] = [];
  const counts: [string, number, number][] = [];
  const codes: number[][] = [];
  for (const [name, columns] of Object.entries(sections)) {
    const length = Object.values(columns)[0]?.length ?? 0;
    // A section without records is left out.
    if (length === 0) continue;
    counts.push([name, length, columnsOf(name)?.length ?? 0]);
    let neighbour: Values | null = null;
    for (const [column, type] of columnsOf(name) ?? []) {
      const given = columns[column] ?? new Array(length).fill(DEFAULTS[column] ?? 0);
      const values =
        type === "time" ? given.map(Math.round) : given.map((row) => (type === "row" && row === NO_ROW ? NaN : row));
      const { code, planes } = packColumn(
        values,
        type === "time" || type === "row",
        type === "time" ? neighbour : null,
      );
      codes.push(code);
      if (planes.byteLength > 0) buffers.push(planes);
      if (type === "time" && isWhole(code)) neighbour = values;
    }
  }
  const header = {
    v: schema.version,
    needs: schema.needs,
    kind: "delta",
    seq: 0,
    now: 0,
    state: "live",
    title: "cell 1",
    wall: 1790000000000,
    counts: COUNTS,
    ...fields,
    sections: counts,
    codes,
  };
  return { header, buffers };
}

/** The packed form of a message. */
export function pack({ header, buffers }: Encoded): DataView<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const size = 12 + json.length + buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("POOLVIZ2"));
  view.setUint32(8, json.length, true);
  bytes.set(json, 12);
  let offset = 12 + json.length;
  for (const buffer of buffers) {
    bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), offset);
    offset += buffer.byteLength;
  }
  return view;
}
