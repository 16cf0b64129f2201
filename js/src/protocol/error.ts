/** What arrived is not a message that this page can read; the text says why, in words for a user. */
export class WireError extends Error {
  override readonly name = "WireError";
}
