/** From a header and its buffers to a message of plain typed columns. */
import type {
  ArrivalColumns,
  CallColumns,
  ChunkColumns,
  ConsumedColumns,
  EndedColumns,
  Message,
  RunningColumns,
  SummaryColumns,
  WaitColumns,
} from "../base/message";
import { NO_ROW } from "../base/message";
import { type Columns, checkValues, RowWindow } from "./bounds";
import { AFTER, type Code, isWhole, readColumn } from "./column";
import { WireError } from "./error";
import { type Header, readHeader } from "./header";
import { type ColumnType, columnsOf } from "./schema";

export interface ColumnPlace {
  readonly section: string;
  readonly name: string;
  /** Null for a column that this page does not know, and skips. */
  readonly type: ColumnType | null;
  readonly count: number;
  readonly code: Code;
  /** Bytes of its buffer; it has none when that is 0. */
  readonly size: number;
}

/** Where each column of a message stands, as its header says. */
export function columnPlaces({ sections, codes }: Header): ColumnPlace[] {
  const places: ColumnPlace[] = [];
  for (const { name: section, count, width } of sections) {
    const specs = columnsOf(section) ?? [];
    for (let i = 0; i < width; i++) {
      const [name, type] = specs[i] ?? [String(i), null];
      const code = codes[places.length];
      if (code === undefined) throw new WireError(`it is cut short: column ${section}.${name} has no code`);
      places.push({ section, name, type, count, code, size: count * code[1]! });
    }
  }
  if (codes.length > places.length) throw new WireError("it is damaged: there are more codes than columns");
  return places;
}

const TYPES = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  row: Uint32Array,
  i32: Int32Array,
  time: Float64Array,
} as const;

const noneOf = (type: ColumnType) => (type === "row" ? NO_ROW : Number.NaN);

/** What an older message does not have: nothing, where a column knows that, else 0. */
function fillMissing(section: string, count: number, columns: Columns = {}): void {
  for (const [name, type] of columnsOf(section) ?? []) {
    if (name in columns) continue;
    const values = new TYPES[type](count);
    columns[name] = type === "row" || type === "time" ? values.fill(noneOf(type)) : values;
  }
}

function readSections(header: Header, buffers: readonly DataView[]): Record<string, Columns> {
  const sections: Record<string, Columns> = Object.create(null);
  let next = 0;
  let neighbour: Float64Array | null = null;
  for (const { section, name, type, count, code, size } of columnPlaces(header)) {
    if (!(section in sections)) {
      neighbour = null;
      sections[section] = {};
    }
    const planes = size > 0 ? buffers[next++] : null;
    if (planes === undefined) throw new WireError(`it is cut short: no column ${section}.${name}`);
    if (planes !== null && planes.byteLength !== size) {
      throw new WireError(`it is damaged: column ${section}.${name} has ${planes.byteLength} bytes instead of ${size}`);
    }
    if (type === null) continue;
    if (code[0] === AFTER && neighbour === null)
      throw new WireError(`it is damaged: ${section}.${name} has no neighbour`);
    const values = readColumn(code, planes, count, neighbour, noneOf(type));
    checkValues(values, type, `${section}.${name}`);
    if (type === "time" && isWhole(code)) neighbour = values;
    sections[section]![name] = type === "time" ? values : new TYPES[type](values);
  }
  if (next !== buffers.length) throw new WireError(`it is damaged: ${buffers.length} columns instead of ${next}`);
  for (const { name, count } of header.sections) fillMissing(name, count, sections[name]);
  return sections;
}

/**
 * Decode one message.
 *
 * @param json the header, as parsed from JSON
 * @param buffers one for each column that its code does not tell whole, section by section, in the schema's order
 * @throws WireError when the message is foreign, of a version that cannot be read, damaged or cut short
 */
export function decodeMessage(json: unknown, buffers: readonly DataView[]): Message {
  const header = readHeader(json);
  const columns = readSections(header, buffers);
  const window = new RowWindow(header.firstRow, header.kept);
  window.bound(columns);
  // The names and types of the columns come from the schema; a test holds these interfaces against it.
  const section = <T>(name: string) => (columns[name] ?? null) as T | null;
  return {
    ...header,
    errors: header.errors.filter(([row]) => window.has(row)),
    prints: header.prints.filter(([row]) => window.has(row)),
    calls: section<CallColumns>("calls"),
    chunks: section<ChunkColumns>("chunks"),
    running: section<RunningColumns>("running"),
    ended: section<EndedColumns>("ended"),
    consumed: section<ConsumedColumns>("consumed"),
    waits: section<WaitColumns>("waits"),
    summaries: section<SummaryColumns>("summaries"),
    arrivals: section<ArrivalColumns>("arrivals"),
  };
}
