/** The order of messages: duplicates, gaps, resync; and the kernel's clock. */
import { describe, expect, it } from "vitest";
import { COUNTS, encode, type Sections } from "../dev/encode";
import { Link, SILENCE } from "../src/model/link";
import { Store } from "../src/model/store";
import { decodeMessage } from "../src/protocol/decode";

const call = (row: number): Sections => ({
  calls: { first: [row], count: [1], submitted: [1e6], label: [0], item: [-1] },
});

function told(seq: number, fields: Record<string, unknown> = {}, sections: Sections = call(seq)) {
  const { header, buffers } = encode({ seq, ...fields }, sections);
  return decodeMessage(header, buffers);
}

describe("a store", () => {
  it("takes deltas in order and ignores what it has", () => {
    const asked: number[] = [];
    const store = new Store((have) => asked.push(have));
    for (const seq of [0, 1, 1, 0, 2]) store.receive(told(seq, { title: `${seq}` }), 0);
    expect(asked).toEqual([]);
    expect(store.head).toMatchObject({ seq: 2, title: "2" });
    expect(store.hasGap).toBe(false);
  });

  it("keeps what came after a gap, asks, and takes the snapshot", () => {
    const asked: number[] = [];
    const store = new Store((have) => asked.push(have));
    store.receive(told(0), 0);
    store.receive(told(3), 10);
    expect([store.hasGap, asked]).toEqual([true, [0]]);
    expect(store.recording.calls.get(3)).not.toBeNull();
    expect(store.recording.calls.get(1)).toBeNull();
    store.receive(
      told(4, { kind: "snapshot" }, { calls: { first: [0], count: [5], submitted: [1e6], label: [0], item: [-1] } }),
      20,
    );
    expect(store.hasGap).toBe(false);
    expect(store.recording.calls.get(1)).not.toBeNull();
    store.receive(told(5), 30);
    expect(asked).toEqual([0]);
  });

  it("folds no delta whose rows are counted from another call, and asks for the snapshot that says so", () => {
    const asked: number[] = [];
    const store = new Store((have) => asked.push(have));
    store.receive(told(0, { kind: "snapshot", origin: 1 }), 0);
    for (const seq of [2, 3]) store.receive(told(seq, { origin: 501 }), 10);
    expect([asked, store.hasGap]).toEqual([[0], true]);
    expect([...store.recording.calls.rows()]).toEqual([0]);
    store.receive(told(4, { kind: "snapshot", origin: 501 }), 20);
    store.receive(told(5, { origin: 501 }), 30);
    expect([...store.recording.calls.rows()]).toEqual([4, 5]);
    expect([asked, store.hasGap]).toEqual([[0], false]);
  });

  it("asks again, ever more rarely, while no answer comes", () => {
    const asked: number[] = [];
    const store = new Store((have) => asked.push(have));
    for (let seq = 5, page = 0; seq < 405; seq++, page += 50) store.receive(told(seq), page);
    expect(asked.length).toBeGreaterThan(4);
    expect(asked.length).toBeLessThan(12);
    expect(new Set(asked)).toEqual(new Set([-1]));
  });

  it("is not set back by a snapshot older than the stream", () => {
    const store = new Store();
    for (const seq of [0, 1, 2]) store.receive(told(seq), 0);
    store.receive(told(1, { kind: "snapshot", title: "old" }, {}), 1);
    expect(store.recording.calls.get(2)).not.toBeNull();
    expect(store.head?.title).not.toBe("old");
  });

  it("that has followed the stream takes nothing of what is to be kept, which may be summarised", () => {
    const store = new Store();
    for (const seq of [0, 1]) store.receive(told(seq), 0);
    store.receive(told(1, { kind: "snapshot", kept: true }, {}), 1);
    expect(store.recording.calls.get(1)).not.toBeNull();
    store.receive(told(3), 2);
    store.receive(told(3, { kind: "snapshot", kept: true }, call(9)), 3);
    expect(store.recording.calls.get(9), "it mends a gap").not.toBeNull();
  });

  it("that begins with what was kept asks for all when the kernel speaks, and is not said to have lost anything", () => {
    const asked: number[] = [];
    const store = new Store((have) => asked.push(have));
    store.receive(told(4, { kind: "snapshot", kept: true }, call(4)), 0);
    expect([asked, store.hasGap]).toEqual([[], false]);
    store.receive(told(5), 1000);
    expect([asked, store.hasGap]).toEqual([[4], false]);
    expect(store.recording.calls.get(5)).not.toBeNull();
    store.receive(told(5, { kind: "snapshot" }, call(5)), 1001);
    store.receive(told(6), 1100);
    expect(asked).toEqual([4]);
  });

  it("replaces everything by a newer snapshot", () => {
    const store = new Store();
    store.receive(told(0), 0);
    store.receive(told(0, { kind: "snapshot", state: "done" }, call(77)), 1);
    expect(store.recording.calls.get(0)).toBeNull();
    expect(store.recording.calls.get(77)).not.toBeNull();
    expect(store.head?.state).toBe("done");
  });

  it("tells its listeners until their signal aborts", () => {
    const store = new Store();
    const life = new AbortController();
    let heard = 0;
    store.changes.subscribe(() => heard++, life.signal);
    store.receive(told(0), 0);
    store.fail("broken");
    life.abort();
    store.receive(told(1), 0);
    expect(heard).toBe(2);
  });

  it("forgets a problem with the next good message", () => {
    const store = new Store();
    store.fail("broken");
    expect(store.problem).toBe("broken");
    store.receive(told(0, { counts: COUNTS }), 0);
    expect(store.problem).toBeNull();
  });
});

describe("the link", () => {
  it("trusts the message that was least late", () => {
    const link = new Link();
    link.hear(1000e6, 80);
    link.hear(1100e6, 110);
    link.hear(1200e6, 290);
    expect(link.now(300)).toBe(1290e6);
  });

  it("never shows a time before one that a message told", () => {
    const link = new Link();
    link.hear(1000e6, 50);
    expect(link.now(40)).toBe(1000e6);
  });

  it("lets time stand still when the kernel is silent", () => {
    const link = new Link();
    expect(link.isSilent(1e9)).toBe(false);
    link.hear(1000e6, 50);
    expect(link.isSilent(50 + SILENCE)).toBe(false);
    expect(link.isSilent(51 + SILENCE)).toBe(true);
    expect(link.now(1e6)).toBe(link.now(50 + SILENCE));
    link.hear(9000e6, 8050);
    expect(link.isSilent(8060)).toBe(false);
    expect(link.now(8060)).toBe(9010e6);
  });
});
