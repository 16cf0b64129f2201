/** A canvas that keeps a log instead of drawing, and the few things of a browser that the test's DOM lacks. */
import type { Encoded } from "../dev/encode";
import type { Palette, PixelRow, SliceStyle, Surface } from "../src/render/surface";

export interface Drawn {
  readonly call: string;
  readonly args: readonly unknown[];
  readonly fillStyle: unknown;
}

/** Letters are 6 px wide. */
const LETTER = 6;

export function recorder(): { surface: Surface; log: Drawn[] } {
  const log: Drawn[] = [];
  const state: Record<string, unknown> = { fillStyle: "", strokeStyle: "", globalAlpha: 1 };
  const surface = new Proxy(state, {
    get(target, name: string) {
      if (name === "measureText") return (text: string) => ({ width: text.length * LETTER });
      if (name in target) return target[name];
      return (...args: unknown[]) => {
        log.push({ call: name, args, fillStyle: target.fillStyle });
        if (name === "createPattern") return { setTransform() {} };
        if (name === "createImageData") return { data: new Uint8ClampedArray(4 * Number(args[0])) };
        return name === "getImageData" ? { data: new Uint8ClampedArray([1, 2, 3, 255]) } : undefined;
      };
    },
    set(target, name: string, value) {
      target[name] = value;
      return true;
    },
  });
  return { surface: surface as unknown as Surface, log };
}

const style = (name: string, rgb: SliceStyle["rgb"]): SliceStyle => ({
  fill: name,
  edge: `${name} edge`,
  text: `${name} text`,
  rgb,
});

export const PALETTE: Palette = {
  slices: {
    returned: style("returned", [0, 0, 200]),
    running: style("running", [0, 200, 0]),
    raised: style("raised", [200, 0, 0]),
    interrupted: style("interrupted", [200, 0, 200]),
    lost: style("lost", [50, 50, 50]),
  },
  wait: style("wait", [200, 200, 100]),
  surface: "surface",
  lane: "lane",
  line: "line",
  grid: "grid",
  text: "text",
  faintText: "faint",
  accent: "accent",
  queue: "queue",
  font: "11px test",
};

/** A strip that remembers what it was painted with. */
export class FakeStrip implements PixelRow {
  readonly pixels: Uint8ClampedArray;
  readonly painted: { pixels: Uint8ClampedArray; box: number[] }[] = [];

  constructor(width: number) {
    this.pixels = new Uint8ClampedArray(4 * width);
  }

  paint(_surface: Surface, ...box: number[]): void {
    this.painted.push({ pixels: this.pixels.slice(), box });
  }
}

const sights = new Set<Sight>();

/** An IntersectionObserver that sees what the test says. */
class Sight {
  readonly #call: IntersectionObserverCallback;
  readonly #targets = new Set<Element>();

  constructor(call: IntersectionObserverCallback) {
    this.#call = call;
    sights.add(this);
  }

  observe(target: Element): void {
    this.#targets.add(target);
  }

  unobserve(target: Element): void {
    this.#targets.delete(target);
  }

  disconnect(): void {
    this.#targets.clear();
    sights.delete(this);
  }

  tell(target: Element, isIntersecting: boolean): void {
    if (this.#targets.has(target)) this.#call([{ target, isIntersecting } as never], this as never);
  }
}

/** An element came into the window, or left it. */
export function see(target: Element, isIntersecting: boolean): void {
  for (const sight of [...sights]) sight.tell(target, isIntersecting);
}

/** Give the test's DOM a canvas, observers, popovers and frames that the test itself lets pass. */
export function installBrowser(width: number): { frame: () => number; log: Drawn[] } {
  const { surface, log } = recorder();
  HTMLCanvasElement.prototype.getContext = (() => surface) as never;
  const size = { configurable: true, get: () => width };
  Object.defineProperty(HTMLElement.prototype, "clientWidth", size);
  HTMLElement.prototype.showPopover = function () {
    this.dataset.popped = "true";
  };
  HTMLElement.prototype.hidePopover = function () {
    delete this.dataset.popped;
  };
  class Observer {
    observe() {}
    unobserve() {}
    disconnect() {}
  }
  Object.assign(globalThis, { IntersectionObserver: Sight, ResizeObserver: Observer });
  globalThis.DOMMatrix = class {
    scale() {
      return this;
    }
  } as never;
  let queue: (() => void)[] = [];
  globalThis.requestAnimationFrame = (run) => queue.push(run as () => void);
  globalThis.cancelAnimationFrame = () => {};
  /** Let one frame pass; says how many callbacks it ran. */
  const frame = () => {
    const due = queue;
    queue = [];
    for (const run of due) run();
    return due.length;
  };
  return { frame, log };
}

type Handler = (...args: unknown[]) => void;

/** The kernel's side of the widget, as far as a page can tell. */
export class FakeModel {
  readonly handlers = new Map<string, Set<Handler>>();
  readonly sent: unknown[] = [];
  readonly traits: Record<string, unknown> = { snapshot: new DataView(new ArrayBuffer(0)), height: 0, theme: "auto" };
  get = (name: string) => this.traits[name];
  on = (name: string, handler: Handler) => {
    this.handlers.set(name, (this.handlers.get(name) ?? new Set()).add(handler));
  };
  off = (name: string, handler: Handler) => this.handlers.get(name)?.delete(handler);
  send = (message: unknown) => this.sent.push(message);
  saved = 0;
  save_changes = () => {
    this.saved++;
  };
  emit = (name: string, ...args: unknown[]) => {
    for (const handler of this.handlers.get(name) ?? []) handler(...args);
  };
  tell = ({ header, buffers }: Encoded) => this.emit("msg:custom", header, buffers);
  set = (name: string, value: unknown) => {
    this.traits[name] = value;
    this.emit(`change:${name}`);
  };
}
