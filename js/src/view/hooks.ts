/** The attributes of the root that tests and tools rely on. They change with each message, also while nothing is drawn. */
import type { Store } from "../model/store";
import { setAttribute } from "./dom";

const NOTHING = { total: 0, pending: 0, running: 0, finished: 0, failed: 0, cancelled: 0 };

export function writeHooks(root: HTMLElement, store: Store): void {
  setAttribute(root, "data-state", store.head?.state ?? "live");
  for (const [name, count] of Object.entries(store.head?.counts ?? NOTHING)) {
    setAttribute(root, `data-${name}`, String(count));
  }
  setAttribute(root, "data-lanes", String(store.recording.lanes.size));
}
