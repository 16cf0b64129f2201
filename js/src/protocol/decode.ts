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
import { type Header, readHeader, WireError } from "./header";
import { BYTES, type ColumnType, columnsOf, NO_TIME } from "./schema";

type Columns = Record<string, Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>;

// Typed arrays read the machine's own byte order, and every browser runs on little-endian machines. Should one not, wrong
// numbers must not pass for data.
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** The bytes of a view, at an offset that a typed array can start from. */
function aligned(view: DataView, bytes: number): { buffer: ArrayBufferLike; offset: number } {
  if (view.byteOffset % bytes === 0) return { buffer: view.buffer, offset: view.byteOffset };
  return { buffer: view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength), offset: 0 };
}

function readColumn(view: DataView, type: ColumnType, count: number, header: Header) {
  const { buffer, offset } = aligned(view, BYTES[type]);
  switch (type) {
    case "u8":
      return new Uint8Array(buffer, offset, count);
    case "u16":
      return new Uint16Array(buffer, offset, count);
    case "u32":
      return new Uint32Array(buffer, offset, count);
    case "i32":
      return new Int32Array(buffer, offset, count);
    case "t32": {
      const ticks = new Uint32Array(buffer, offset, count);
      const times = new Float64Array(count);
      for (let i = 0; i < count; i++)
        times[i] = ticks[i] === NO_TIME ? Number.NaN : header.base + ticks[i]! * header.unit;
      return times;
    }
  }
}

function readSections(header: Header, buffers: readonly DataView[]): Record<string, Columns> {
  const sections: Record<string, Columns> = {};
  let next = 0;
  for (const [section, count] of header.sections) {
    const specs = columnsOf(section);
    if (specs === null) throw new WireError(`it has a section '${section}' that this page does not know`);
    const columns: Columns = {};
    for (const [name, type] of specs) {
      const view = buffers[next++];
      if (view === undefined) throw new WireError(`it is cut short: no column ${section}.${name}`);
      if (view.byteLength !== count * BYTES[type]) {
        const sizes = `${view.byteLength} bytes instead of ${count * BYTES[type]}`;
        throw new WireError(`it is damaged: column ${section}.${name} has ${sizes}`);
      }
      columns[name] = readColumn(view, type, count, header);
    }
    sections[section] = columns;
  }
  if (next !== buffers.length) throw new WireError(`it is damaged: ${buffers.length} columns instead of ${next}`);
  return sections;
}

/**
 * Decode one message.
 *
 * @param json the header, as parsed from JSON
 * @param buffers one for each column, section by section, in the schema's order
 * @throws WireError when the message is foreign, newer, damaged or cut short
 */
export function decodeMessage(json: unknown, buffers: readonly DataView[]): Message {
  if (!LITTLE_ENDIAN) throw new WireError("this machine's byte order is not supported");
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
