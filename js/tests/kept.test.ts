/** What Python kept is what the page shows: from the file to the recording. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { Store } from "../src/model/store";
import { unpackMessage } from "../src/protocol/unpack";

function storeOf(name: string): Store {
  const bytes = new Uint8Array(readFileSync(fileURLToPath(new URL(`../../tests/golden/${name}.bin`, import.meta.url))));
  const store = new Store();
  store.receive(unpackMessage(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)), 0);
  return store;
}

it("shows all calls of a view that began after others, whose rows were given up", () => {
  const { recording, head } = storeOf("kept");
  expect(head?.counts).toMatchObject({ total: 10, running: 1, finished: 9 });
  const slices = [...recording.lanes.values()].map((lane) => lane.slices.callCount);
  expect(slices).toEqual([5, 4]);
  expect([...recording.running.keys()]).toEqual([9]);
  expect(recording.calls.get(0)?.item).toBe(0);
});
