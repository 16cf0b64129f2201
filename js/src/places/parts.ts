/** What an output carries besides its picture: deflated, as base64, in script elements that no browser runs. */
import { bytesOf } from "../protocol/base64";
import { WireError } from "../protocol/error";

export type Part = "front" | "trace";

/** What is kept of a trace takes some MB at most; what inflates to more than this is no trace: bytes. */
const MOST = 256 * 2 ** 20;

/** The element that holds a part, or null where there is none. */
export function partOf(output: HTMLElement, part: Part): HTMLElement | null {
  return output.querySelector(`script[type="application/x-poolviz.${part}"]`);
}

/**
 * What a part holds.
 *
 * @throws WireError when it is damaged or cut short
 */
export async function inflate(holder: HTMLElement): Promise<ArrayBuffer> {
  const deflated = bytesOf(holder.textContent ?? "");
  const inflated: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      inflated.push(read.value);
      size += read.value.byteLength;
      if (size > MOST) {
        await reader.cancel();
        throw new WireError("it is damaged: it is larger than any trace");
      }
    }
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError("it is damaged or cut short", { cause: error });
  }
  return new Blob(inflated).arrayBuffer();
}
