/** The packed form of a message: one blob, as a trait or in a saved page. */
import type { Message } from "../base/message";
import { columnPlaces, decodeMessage } from "./decode";
import { WireError } from "./error";
import { readHeader } from "./header";

const MAGIC = "POOLVIZ2";
const FIXED = 12;

function readJson(view: DataView): { json: unknown; end: number } {
  const ascii = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, Math.min(8, view.byteLength)));
  if (ascii !== MAGIC) {
    const newer = ascii.startsWith(MAGIC.slice(0, 7));
    throw new WireError(newer ? "it was written by another version of poolviz" : "this is not a poolviz recording");
  }
  if (view.byteLength < FIXED) throw new WireError("it is cut short: no header");
  const length = view.getUint32(8, true);
  if (FIXED + length > view.byteLength) throw new WireError("it is cut short: the header is not whole");
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + FIXED, length));
  try {
    return { json: JSON.parse(text), end: FIXED + length };
  } catch (error) {
    throw new WireError("it is damaged: the header is not JSON", { cause: error });
  }
}

/**
 * Read a packed message.
 *
 * @throws WireError when it is foreign, of a version that cannot be read, damaged or cut short
 */
export function unpackMessage(view: DataView): Message {
  const { json, end } = readJson(view);
  const buffers: DataView[] = [];
  let offset = end;
  for (const { section, name, size } of columnPlaces(readHeader(json))) {
    if (size === 0) continue;
    if (offset + size > view.byteLength) throw new WireError(`it is cut short: column ${section}.${name} is not whole`);
    buffers.push(new DataView(view.buffer, view.byteOffset + offset, size));
    offset += size;
  }
  if (offset < view.byteLength) throw new WireError("it is damaged: bytes are left over at its end");
  return decodeMessage(json, buffers);
}
