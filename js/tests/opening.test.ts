// @vitest-environment happy-dom
/** Front ends of several versions in one page: each output finds one that serves it, whatever became of the others. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Hub, hubOf, hubs } from "../src/places/hub";
import { serve } from "../src/places/opening";
import { serveOutputs } from "../src/places/place";
import { VERSION } from "../src/places/version";

const OLD = "0.0.1/2";

/** An output that carries a front end, in the document. */
function place(front: string, version = VERSION): HTMLElement {
  const node = document.createElement("div");
  node.className = "poolviz-output";
  node.dataset.version = version;
  node.innerHTML = `<script type="application/x-poolviz.front">${front}</script>`;
  document.body.append(node);
  return node;
}

/** A front end that starts unless it is damaged, and then serves its version's outputs. */
const opener = (version: string, served: Element[]) =>
  vi.fn(async (front: HTMLElement) => {
    if (front.textContent === "damaged") throw new TypeError("this page is strict");
    hubOf(version).mount = (output) => served.push(output);
    for (const output of document.querySelectorAll<HTMLElement>(`[data-version="${version}"]`)) served.push(output);
  });

const settled = (hub: Hub) => vi.waitFor(() => expect(hub.opening).toBeNull());

beforeEach(() => {
  document.body.replaceChildren();
  hubs().clear();
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

describe("a front end that cannot start", () => {
  it("gives way to that of the next output", async () => {
    const hub = hubOf(VERSION);
    const all = [place("damaged"), place("whole")];
    const served: Element[] = [];
    const open = opener(VERSION, served);
    for (const output of all) serve(output, hub, open);
    await settled(hub);
    expect(served).toEqual(all);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it("gives way to that of an output that comes later, and is tried once", async () => {
    const hub = hubOf(VERSION);
    const served: Element[] = [];
    const open = opener(VERSION, served);
    const first = place("damaged");
    serve(first, hub, open);
    await settled(hub);
    expect([hub.mount, hub.isStranded, first.title !== ""]).toEqual([null, true, true]);
    serve(first, hub, open);
    await settled(hub);
    expect(open).toHaveBeenCalledTimes(1);
    const later = place("whole");
    serve(later, hub, open);
    await settled(hub);
    expect(served).toEqual([first, later]);
  });

  it("leaves its output to another version that reads the same wire", async () => {
    const newer: Element[] = [];
    hubOf("9.0.0/9").mount = (output) => newer.push(output);
    hubOf("0.0.0/1").mount = () => expect.fail("it does not read what is newer");
    const output = place("damaged", OLD);
    serve(output, hubOf(OLD), opener(OLD, []));
    await settled(hubOf(OLD));
    expect(newer).toEqual([output]);
  });

  it("leaves its output to this version when that comes later", async () => {
    const output = place("damaged", OLD);
    const beyond = place("damaged", "9.0.0/999");
    for (const node of [output, beyond]) serve(node, hubOf(node.dataset.version!), opener(OLD, []));
    await settled(hubOf(OLD));
    await settled(hubOf("9.0.0/999"));
    const asked = vi.spyOn(WeakMap.prototype, "set");
    serveOutputs();
    const mounted = asked.mock.calls.map(([key]) => key);
    asked.mockRestore();
    expect(mounted).toContain(output);
    expect(mounted).not.toContain(beyond);
  });
});

describe("two versions on one page", () => {
  it("serve their own outputs, and none of the other's", async () => {
    const served: Record<string, Element[]> = { [OLD]: [], [VERSION]: [] };
    const nodes = [place("whole", OLD), place("whole"), place("whole", OLD), place("whole")];
    for (const node of nodes) {
      const version = node.dataset.version!;
      serve(node, hubOf(version), opener(version, served[version]!));
    }
    await settled(hubOf(OLD));
    await settled(hubOf(VERSION));
    expect(new Set(served[OLD])).toEqual(new Set([nodes[0], nodes[2]]));
    expect(new Set(served[VERSION])).toEqual(new Set([nodes[1], nodes[3]]));
  });

  it("go on when one output of many cannot be served", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    hubOf(VERSION).mount = () => {
      throw new Error("no canvas");
    };
    const nodes = [place("whole"), place("whole")];
    // What the script of an output does.
    await import("../src/output");
    expect(reported).toHaveBeenCalledTimes(nodes.length);
    vi.unstubAllGlobals();
  });
});
