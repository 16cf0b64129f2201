/** What stands in a page as text. */
import { WireError } from "./error";

/**
 * The bytes that a text of base64 stands for.
 *
 * @throws WireError when it is none
 */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  let text: string;
  try {
    text = atob(base64.trim());
  } catch (error) {
    throw new WireError("it is damaged: it is not base64", { cause: error });
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
