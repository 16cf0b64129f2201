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
import { type Code, isWhole, readColumn } from "./column";
import { type Header, readHeader, WireError } from "./header";
import { type ColumnType, columnsOf } from "./schema";

type Columns = Record<string, Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>;

export interface ColumnPlace {
  readonly section: string;
  readonly name: string;
  readonly type: ColumnType;
  readonly count: number;
  readonly code: Code;
  /** Bytes of its buffer; it has none when that is 0. */
  readonly size: number;
}

/** Where each column of a message stands, as its header says. */
export function columnPlaces({ sections, codes }: Header): ColumnPlace[] {
  const places: ColumnPlace[] = [];
  for (const [section, count] of sections) {
    const specs = columnsOf(section);
    if (specs === null) throw new WireError(`it has a section '${section}' that this page does not know`);
    for (const [name, type] of specs) {
      const code = codes[places.length];
      if (code === undefined) throw new WireError(`it is cut short: column ${section}.${name} has no code`);
      places.push({ section, name, type, count, code, size: count * code[1]! });
    }
  }
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

function readSections(header: Header, buffers: readonly DataView[]): Record<string, Columns> {
  const sections: Record<string, Columns> = {};
  let next = 0;
  let neighbour: Float64Array | null = null;
  for (const { section, name, type, count, code, size } of columnPlaces(header)) {
    if (!(section in sections)) neighbour = null;
    const planes = size > 0 ? buffers[next++] : null;
    if (planes === undefined) throw new WireError(`it is cut short: no column ${section}.${name}`);
    if (planes !== null && planes.byteLength !== size) {
      throw new WireError(`it is damaged: column ${section}.${name} has ${planes.byteLength} bytes instead of ${size}`);
    }
    const values = readColumn(code, planes, count, neighbour, type === "row" ? NO_ROW : Number.NaN);
    if (type === "time" && isWhole(code)) neighbour = values;
    const columns = sections[section] ?? {};
    columns[name] = type === "time" ? values : new TYPES[type](values);
    sections[section] = columns;
  }
  if (next !== buffers.length) throw new WireError(`it is damaged: ${buffers.length} columns instead of ${next}`);
  return sections;
}

/**
 * Decode one message.
 *
 * @param json the header, as parsed from JSON
 * @param buffers one for each column that its code does not tell whole, section by section, in the schema's order
 * @throws WireError when the message is foreign, newer, damaged or cut short
 */
export function decodeMessage(json: unknown, buffers: readonly DataView[]): Message {
  const header = readHeader(json);
  const columns = readSections(header, buffers);
  // The names and types of the columns come from the schema; a test holds these interfaces against it.
  const section = <T>(name: string) => (columns[name] ?? null) as T | null;
  return {
    ...header,
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
