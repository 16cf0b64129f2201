// @vitest-environment happy-dom
/** Names that are cut in their middle, and a header that stays one line for one thing. */
import { describe, expect, it } from "vitest";
import { encode } from "../dev/encode";
import { Store } from "../src/model/store";
import { decodeMessage } from "../src/protocol/decode";
import { nameElement, setName } from "../src/view/dom";
import { Header } from "../src/view/header";
import { words } from "../src/view/words";

describe("a name", () => {
  it.each([
    ["download-images-from-the-archive_12", "_12"],
    ["worker 3", " 3"],
    ["Thread-7 (2)", " (2)"],
    ["MainThread", "read"],
    ["ab", "ab"],
    ["party \u{1f389}\u{1f389}\u{1f389}\u{1f389}\u{1f389}", "\u{1f389}\u{1f389}\u{1f389}\u{1f389}"],
    [`${"\u{1f389}".repeat(40)}!`, "\u{1f389}\u{1f389}\u{1f389}!"],
    [`job ${"\u{1d7d8}".repeat(40)}`, "\u{1d7d8}".repeat(20)],
    [`a${"\u{1d7d8}".repeat(20)})`, `${"\u{1d7d8}".repeat(19)})`],
    ["", ""],
  ])("%s keeps its end where there is no room", (name, end) => {
    const node = nameElement("pv-name", name);
    expect([node.textContent, node.lastElementChild?.textContent]).toEqual([name, end]);
    const before = node.lastElementChild;
    setName(node, name);
    expect(node.lastElementChild, "the same name costs no layout").toBe(before);
    setName(node, `${name}x9`);
    expect([node.textContent, node.lastElementChild?.textContent]).toEqual([`${name}x9`, "9"]);
  });
});

it("a name of any length is cut at once", () => {
  const began = performance.now();
  for (const name of ["-".repeat(200_000), `${"1".repeat(200_000)}x`]) {
    expect(nameElement("pv-name", name).lastElementChild!.textContent!.length).toBeLessThanOrEqual(40);
  }
  expect(performance.now() - began).toBeLessThan(1000);
});

describe("the line of failures", () => {
  const COUNTS = { total: 9, pending: 0, running: 0, finished: 4, failed: 5, cancelled: 0 };

  function shown(error: string, fields: Record<string, unknown> = {}) {
    const store = new Store();
    const { header, buffers } = encode(
      { kind: "snapshot", state: "done", counts: COUNTS, errors: [[3, error, ""]], ...fields },
      {
        calls: { first: [0], count: [9], submitted: [1], label: [0], item: [0] },
        ended: { row: [3], lane: [0], sent: [2], started: [3], finished: [4], delivered: [5], outcome: [2] },
      },
    );
    store.receive(decodeMessage(header, buffers), 0);
    const made = new Header(document.createElement("span"));
    made.update(store, 0);
    return made.node.querySelector(".pv-failures") as HTMLElement;
  }

  it("has all of a long error in its title, and no more in the page than a line may show", () => {
    const error = `ValueError: ${"x".repeat(2000)}`;
    const node = shown(error);
    expect(node.title).toContain(error);
    expect(node.textContent?.length).toBeLessThan(520);
    expect(shown("ValueError: 17").textContent).toBe("✕1 raised of 9, first: item 3: ValueError: 17");
  });

  it("counts the failed calls that are no longer kept", () => {
    expect(shown("E", { dropped: 4 }).textContent).toBe(`✕1 raised, ${words.failedBefore("4")} of 9, first: item 3: E`);
  });
});
