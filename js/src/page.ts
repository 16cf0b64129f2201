/** A saved page: the trace stands in the page itself, and no kernel is behind it. */
import { Store } from "./model/store";
import { WireError } from "./protocol/header";
import { unpackMessage } from "./protocol/unpack";
import { Timeline } from "./view/timeline";

function bytesOf(base64: string): DataView {
  const text = atob(base64.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new DataView(bytes.buffer);
}

function mount(): void {
  const script = document.getElementById("poolviz-snapshot");
  const place = document.getElementById("poolviz");
  if (script === null || place === null) throw new Error("poolviz: this page has no recording or no place for it");
  const store = new Store();
  try {
    // Whatever the trace was when it was saved, nothing moves any more.
    store.receive({ ...unpackMessage(bytesOf(script.textContent ?? "")), state: "static" }, performance.now());
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    store.fail(error.message);
  }
  new Timeline(place, store, { height: () => 0, theme: () => "auto" }, new AbortController().signal);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
else mount();
