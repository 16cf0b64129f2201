/** Shows the widget over synthetic runs: `?case=thousand&theme=dark&width=400&select=17`. */
import type { AnyModel } from "@anywidget/types";
import makeWidget from "../src/widget";
import { type Encoded, encode, pack } from "./encode";
import { FakeModel } from "./fake-model";
import { deltas, snapshot } from "./synthetic";

const MS = 1e6;
const query = new URLSearchParams(location.search);
const theme = query.get("theme") ?? "light";
document.documentElement.dataset.theme = theme;
document.body.dataset.jpThemeLight = String(theme !== "dark");

/** A pool of threads and one of processes after a kill: long names, a long error, cancelled and dropped calls. */
function killed(): Encoded {
  const plan = { calls: 160, lanes: 4, length: 90 * MS, failing: 0.05, seed: 3 };
  const { header, buffers } = snapshot(plan);
  const error = `HTTPError: 503 Service Unavailable for https://example.org/${"a-very-long-path/".repeat(22)}`;
  const lanes = (header.lanes as Record<string, unknown>[]).map((lane, i) => ({
    ...lane,
    name: `download-images-from-the-archive_${i}`,
    exited: Number(header.now) - (i === 1 ? 400 : 380) * MS,
    detail: i === 1 ? "was killed by SIGKILL" : "was killed by SIGTERM",
    how: i === 1 ? "died" : "stopped",
  }));
  const counts = { ...(header.counts as object), total: 166, cancelled: 6 };
  const errors = (header.errors as [number, string, string][]).map(([row]) => [row, error, ""]);
  const callers = { first: 0, names: ["request-handler-of-the-web-server-17"] };
  return { header: { ...header, lanes, counts, errors, callers, dropped: 1200 }, buffers };
}

const CASES: Record<string, () => Encoded> = {
  empty: () => encode({ kind: "snapshot", seq: -1 }),
  one: () => snapshot({ calls: 1, lanes: 1, length: 800 * MS }),
  six: () => snapshot({ calls: 6, lanes: 2, length: 900 * MS }),
  live: () => snapshot({ calls: 24, lanes: 4, length: 900 * MS }, 2600 * MS),
  hundred: () => snapshot({ calls: 120, lanes: 4, length: 120 * MS, failing: 0.06 }),
  thousand: () => snapshot({ calls: 1000, lanes: 8, length: 40 * MS, failing: 0.02 }),
  chunks: () => snapshot({ calls: 96, lanes: 4, length: 80 * MS, failing: 0.03, chunk: 8 }),
  chunksLive: () => snapshot({ calls: 96, lanes: 4, length: 80 * MS, chunk: 8 }, 900 * MS),
  bigChunks: () => snapshot({ calls: 20_000, lanes: 4, length: 0.5 * MS, failing: 0.002, chunk: 500 }),
  pools: () => snapshot({ calls: 300, lanes: 6, length: 40 * MS, failing: 0.02, pools: 2 }),
  many: () => snapshot({ calls: 3000, lanes: 64, length: 40 * MS }),
  "100k": () => snapshot({ calls: 100_000, lanes: 16, length: 1 * MS, failing: 0.0005 }),
  "1M": () => snapshot({ calls: 1_000_000, lanes: 16, length: 0.2 * MS, failing: 0.0001 }),
  stream: () => encode({ kind: "snapshot", seq: -1 }),
  killed: () => killed(),
  late: () => snapshot({ calls: 40_000, lanes: 4, length: 4 * MS, failing: 0.001 }),
  failed: () => snapshot({ calls: 200, lanes: 4, length: 60 * MS, failing: 1 }),
};

const model = new FakeModel();
const place = document.getElementById("place") as HTMLElement;
place.style.width = query.has("width") ? `${query.get("width")}px` : "";
const name = query.get("case") ?? "thousand";
const made = CASES[name];
if (made === undefined) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(", ")}`);
const began = performance.now();
const encoded = made();
if (name !== "live") model.traits.snapshot = pack(encoded);
const props = { model: model as unknown as AnyModel, el: place, signal: new AbortController().signal };
const widget = makeWidget() as unknown as Record<"initialize" | "render", (given: typeof props) => unknown>;
const ready = performance.now();
widget.initialize(props);
console.info(
  `${name}: made in ${(ready - began).toFixed(0)} ms, folded in ${(performance.now() - ready).toFixed(0)} ms`,
);
widget.render(props);
if (query.has("select")) model.set("selection", { kind: "call", row: Number(query.get("select")) });

if (name === "stream") {
  // A hundred thousand calls a second, twenty messages a second.
  const every = 50 * MS;
  const made = [...deltas({ calls: 1_000_000, lanes: 16, length: 0.145 * MS, failing: 0.0001 }, every)];
  const start = performance.now();
  made.forEach(({ header, buffers }, i) => {
    setTimeout(() => model.emit("msg:custom", header, buffers), start + ((i + 1) * every) / MS - performance.now());
  });
}

if (name === "live") {
  // The same run again and again, each time a little later: as a kernel's snapshots would tell it.
  let seq = 0;
  const start = performance.now() - 2600;
  const tell = () => {
    const plan = { calls: 24, lanes: 4, length: 900 * MS };
    const { header, buffers } = snapshot(plan, (performance.now() - start) * MS, { seq: seq++ });
    model.emit("msg:custom", header, buffers);
    if (header.state === "live") setTimeout(tell, 120);
  };
  tell();
}
