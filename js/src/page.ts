/** A saved page: the trace stands in the page itself, and no kernel is behind it. */
import { Store } from "./model/store";
import { bytesOf } from "./protocol/base64";
import { WireError } from "./protocol/error";
import { unpackMessage } from "./protocol/unpack";
import { Timeline } from "./view/timeline";

function mount(): void {
  const script = document.getElementById("poolviz-snapshot");
  const place = document.getElementById("poolviz");
  if (script === null || place === null) throw new Error("poolviz: this page has no recording or no place for it");
  const store = new Store();
  try {
    // Whatever the trace was when it was saved, nothing moves any more.
    store.receive(
      { ...unpackMessage(new DataView(bytesOf(script.textContent ?? "").buffer)), state: "static" },
      performance.now(),
    );
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    store.fail(error.message);
  }
  new Timeline(place, store, { height: () => 0, theme: () => "auto" }, new AbortController().signal);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mount);
else mount();
