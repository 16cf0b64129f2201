/** What an output carries besides its picture: deflated, as base64, in script elements that no browser runs. */

export type Part = "front" | "trace";

const MIME = "application/x-poolviz-";

/** The element that holds a part, or null where there is none. */
export function partOf(output: HTMLElement, part: Part): HTMLElement | null {
  return output.querySelector(`script[type="${MIME}${part}"]`);
}

export async function inflate(holder: HTMLElement): Promise<ArrayBuffer> {
  const deflated = Uint8Array.from(atob((holder.textContent ?? "").trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}
