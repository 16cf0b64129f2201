/** What a benchmark asks of the page: see benchmarks/page.py, which runs it in a browser and reads the figures. */
import type { AnyModel } from "@anywidget/types";
import { Outcome } from "../src/base/codes";
import { TimeScale, within, zoomed } from "../src/base/scale";
import { loadOver } from "../src/model/load";
import { Recording } from "../src/model/recording";
import { Sums } from "../src/model/slices";
import { layOut } from "../src/render/layout";
import { drawScene } from "../src/render/scene";
import { CanvasPixelRow } from "../src/view/strip";
import { readPalette } from "../src/view/theme";
import makeWidget from "../src/widget";
import { type encode, pack } from "./encode";
import { FakeModel } from "./fake-model";
import { deltas, seeded, snapshot } from "./synthetic";

const MS = 1e6;
const LANES = 16;
const WIDTH = 1200;

const place = document.createElement("div");
place.style.width = `${WIDTH}px`;
document.body.append(place);

function mount(model: FakeModel): void {
  place.replaceChildren();
  const props = { model: model as unknown as AnyModel, el: place, signal: new AbortController().signal };
  const widget = makeWidget() as unknown as Record<"initialize" | "render", (given: typeof props) => unknown>;
  widget.initialize(props);
  widget.render(props);
}

/** Have the canvas drawn now: what is only recorded would be paid for later, in somebody else's time. */
const flush = (context: CanvasRenderingContext2D) => context.getImageData(0, 0, 1, 1);

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** Zoom in a way, pan about, and out again: how far, by which step. */
function factorAt(step: number, steps: number): number {
  return step < steps / 3 ? 1 / 1.12 : step < (2 * steps) / 3 ? 1 : 1.12;
}

/** The widget with `calls` calls: ms that each frame takes while it is zoomed and panned, drawing included. */
async function frames(calls: number, steps: number): Promise<number[]> {
  const model = new FakeModel();
  model.traits.snapshot = pack(snapshot({ calls, lanes: LANES, length: 0.2 * MS, failing: 0.0005 }));
  mount(model);
  await nextFrame();
  await nextFrame();
  const plot = place.querySelector(".pv-plot") as HTMLElement;
  const canvas = place.querySelector("canvas") as HTMLCanvasElement;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const box = canvas.getBoundingClientRect();
  const costs: number[] = [];
  const original = window.requestAnimationFrame;
  window.requestAnimationFrame = (run) =>
    original((time) => {
      const began = performance.now();
      run(time);
      flush(context);
      costs.push(performance.now() - began);
    });
  for (let step = 0; step < steps; step++) {
    const x = box.left + box.width * (0.3 + 0.4 * Math.abs(Math.sin(step / 9)));
    const factor = factorAt(step, steps);
    if (factor !== 1) {
      const deltaY = Math.log(factor) / 0.006;
      plot.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX: x, clientY: 200, ctrlKey: true, bubbles: true }));
    } else plot.dispatchEvent(new KeyboardEvent("keydown", { key: step % 8 < 4 ? "d" : "a", bubbles: true }));
    await new Promise<void>((resolve) => original(() => resolve()));
  }
  window.requestAnimationFrame = original;
  return costs;
}

/** The drawing alone, of `calls` calls that are in memory: ms for each frame. */
async function renderer(calls: number, steps: number): Promise<number[]> {
  const recording = new Recording();
  const random = seeded(5);
  const { header } = snapshot({ calls: 0, lanes: LANES, length: MS });
  const lanes = header.lanes as Parameters<Recording["fold"]>[0]["lanes"];
  recording.fold({ ...EMPTY, lanes, pools: header.pools as [] });
  let end = 0;
  for (const { slices } of recording.lanes.values()) {
    for (let i = 0, time = 60 * MS; i < calls / LANES; i++) {
      const start = time + 0.004 * MS * random();
      time = start + 0.2 * MS * (0.35 + 3 * random() ** 3);
      slices.add(i, start, time, random() < 1e-4 ? Outcome.raised : Outcome.returned);
      end = Math.max(end, time);
    }
    slices.settle();
  }
  const canvas = document.createElement("canvas");
  const height = 40 + 24 + LANES * 28;
  [canvas.width, canvas.height] = [WIDTH, height];
  place.replaceChildren(canvas);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const root = document.createElement("div");
  root.className = "poolviz-timeline";
  place.append(root);
  const bounds = { start: 0, end };
  const scene = {
    recording,
    layout: layOut(recording),
    load: loadOver(recording, 0, end / 600, 600, end),
    bounds,
    width: WIDTH,
    height,
    scroll: 0,
    now: end,
    palette: readPalette(root, 1),
    sums: new Sums(WIDTH + 1),
    strip: new CanvasPixelRow(WIDTH),
    textOf: (row: number) => [`is_prime [${row}]`, `[${row}]`] as const,
    waitTextOf: () => ["map()", "map()"] as const,
    callsTextOf: () => ["2 calls", "2"] as const,
    exitTextOf: () => "",
    shows: null,
    leads: false,
    cursor: null,
    highlight: null,
    selected: null,
    span: null,
  };
  const costs: number[] = [];
  let span = bounds as { start: number; end: number };
  for (let step = 0; step < steps; step++) {
    const factor = factorAt(step, steps);
    const length = span.end - span.start;
    const by = (step % 8 < 4 ? 0.15 : -0.15) * length;
    const moved = factor === 1 ? { start: span.start + by, end: span.end + by } : span;
    span = within(zoomed(moved, moved.start + length * 0.4, factor), bounds);
    const began = performance.now();
    drawScene(context, { ...scene, scale: new TimeScale(span.start, span.end, WIDTH) });
    flush(context);
    costs.push(performance.now() - began);
    await nextFrame();
  }
  return costs;
}

const EMPTY: Parameters<Recording["fold"]>[0] = {
  kind: "snapshot",
  seq: -1,
  now: 0,
  state: "done",
  origin: 0,
  title: "",
  wall: 0,
  counts: { total: 0, pending: 0, running: 0, finished: 0, failed: 0, cancelled: 0 },
  dropped: 0,
  behind: 0,
  firstRow: 0,
  kept: false,
  follows: [],
  labels: null,
  callers: null,
  pools: [],
  lanes: [],
  errors: [],
  prints: [],
  printsOmitted: 0,
  calls: null,
  chunks: null,
  running: null,
  ended: null,
  consumed: null,
  waits: null,
  summaries: null,
  arrivals: null,
};

let prepared: { model: FakeModel; messages: ReturnType<typeof encode>[]; every: number } | null = null;

/** Make the messages of a run with so many calls a second, before anything is measured. Returns how many there are. */
function prepare(perSecond: number, seconds: number): number {
  const every = 50 * MS;
  // The typical call takes about 1.1 times this length.
  const length = (LANES * 1e9) / perSecond / 1.11;
  const plan = { calls: perSecond * seconds, lanes: LANES, length, failing: 0.0001 };
  prepared = { model: new FakeModel(), messages: [...deltas(plan, every)], every };
  mount(prepared.model);
  return prepared.messages.length;
}

/** Send what was prepared, at its pace. Returns the seconds that it took and the calls that the page then knows. */
function stream(): Promise<{ seconds: number; calls: number }> {
  if (prepared === null) throw new Error("nothing was prepared");
  const { model, messages, every } = prepared;
  const start = performance.now();
  return new Promise((resolve) => {
    const send = (i: number) => {
      const { header, buffers } = messages[i]!;
      model.emit("msg:custom", header, buffers);
      if (i + 1 < messages.length) setTimeout(send, start + ((i + 2) * every) / MS - performance.now(), i + 1);
      else {
        const root = place.querySelector(".poolviz-timeline") as HTMLElement;
        const { finished, failed } = root.dataset;
        resolve({ seconds: (performance.now() - start) / 1e3, calls: Number(finished) + Number(failed) });
      }
    };
    setTimeout(send, every / MS, 0);
  });
}

Object.assign(window, { bench: { frames, renderer, prepare, stream } });
