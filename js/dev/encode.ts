/** Writes messages as the kernel does: for the harness and the tests, never part of the bundle. */
import schema from "../../poolviz/wire/schema.json";

type Values = readonly number[];
/** Columns by section and name; times in ns, NaN for none. */
export type Sections = { readonly [section: string]: { readonly [column: string]: Values } };

const WRITERS = {
  u8: (values: Values) => Uint8Array.from(values),
  u16: (values: Values) => Uint16Array.from(values),
  u32: (values: Values) => Uint32Array.from(values),
  i32: (values: Values) => Int32Array.from(values),
} as const;

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
  const base = (fields.base as number | undefined) ?? 0;
  const unit = (fields.unit as number | undefined) ?? 1000;
  const buffers: DataView<ArrayBuffer>[] = [];
  const counts: [string, number][] = [];
  for (const [name, columns] of Object.entries(sections)) {
    const specs = schema.sections[name as keyof typeof schema.sections].columns as [
      string,
      keyof typeof WRITERS | "t32",
    ][];
    const length = Object.values(columns)[0]?.length ?? 0;
    counts.push([name, length]);
    for (const [column, type] of specs) {
      const values = columns[column] ?? new Array(length).fill(DEFAULTS[column] ?? 0);
      const ticks = (time: number) => (Number.isNaN(time) ? schema.none : Math.round((time - base) / unit));
      const array = type === "t32" ? Uint32Array.from(values, ticks) : WRITERS[type](values);
      buffers.push(new DataView(array.buffer));
    }
  }
  const header = {
    v: schema.version,
    kind: "delta",
    seq: 0,
    now: 0,
    base,
    unit,
    state: "live",
    title: "cell 1",
    wall: 1790000000000,
    counts: COUNTS,
    ...fields,
    sections: counts,
  };
  return { header, buffers };
}

/** The packed form of a message. */
export function pack({ header, buffers }: Encoded): DataView<ArrayBuffer> {
  const padded = (length: number) => Math.ceil(length / 8) * 8;
  let json = new TextEncoder().encode(JSON.stringify(header));
  const spaces = padded(12 + json.length) - 12 - json.length;
  json = new TextEncoder().encode(JSON.stringify(header) + " ".repeat(spaces));
  const size = 12 + json.length + buffers.reduce((sum, buffer) => sum + padded(buffer.byteLength), 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("POOLVIZ1"));
  view.setUint32(8, json.length, true);
  bytes.set(json, 12);
  let offset = 12 + json.length;
  for (const buffer of buffers) {
    bytes.set(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength), offset);
    offset += padded(buffer.byteLength);
  }
  return view;
}
