/**
 * Where the outputs of a page and the models of its kernels meet.
 *
 * Each widget brings a copy of this code, and so does each output of a notebook that was saved: copies of several versions, once poolviz
 * has been upgraded.
 *
 *     page ── Hub of version 0.1.0/3 ── models, outputs and the one front end that serves them
 *          └─ Hub of version 0.2.0/4 ── ...
 *
 * Each output says in `data-version` which version wrote it, and is served by a front end of that version: so each may change what it
 * likes, but for `Hub.mount` and `Hub.wire`. Where that front end cannot start, another one serves the output if it reads its wire.
 */

/** A timeline as it is drawn somewhere. */
export interface View {
  readonly root: HTMLElement;
  /** The output that it is in; empty when the host's widget manager placed it. */
  output: string;
  /** Put it into another place as it is: with its zoom, its panel, what is scrolled and what has the focus. */
  moveTo(place: HTMLElement): void;
  end(): void;
}

/** A widget's model on this page. */
export interface Live {
  /** Whether it has heard from its kernel. */
  readonly isReady: boolean;
  readonly views: Set<View>;
  show(place: HTMLElement, output: string): View;
}

export interface Hub {
  /** The version of the wire that outputs of this version hold. */
  readonly wire: number;
  readonly models: Map<string, Live>;
  /** Makes a timeline of an output; null until the first copy of the front end has come. */
  mount: ((output: HTMLElement) => void) | null;
  /** Set while the front end is taken out of an output. */
  opening: Promise<void> | null;
  /** Outputs whose front end could not start; that of another output may. */
  readonly failed: WeakSet<HTMLElement>;
  /** Set when none could: whichever other version comes may serve these outputs. */
  isStranded: boolean;
}

const NAME = Symbol.for("poolviz.outputs.2");

/** All versions that the page has met. */
export function hubs(): Map<string, Hub> {
  const page = globalThis as { [NAME]?: Map<string, Hub> };
  page[NAME] ??= new Map();
  return page[NAME];
}

/** What is known of one version. A version ends in that of its wire: `0.1.0/3`. */
export function hubOf(version: string): Hub {
  const all = hubs();
  let hub = all.get(version);
  if (hub === undefined) {
    const wire = Number(version.split("/").at(-1)) || 0;
    hub = { wire, models: new Map(), mount: null, opening: null, failed: new WeakSet(), isStranded: false };
    all.set(version, hub);
  }
  return hub;
}

/** The outputs in the document that say which version wrote them. */
export function outputs(): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(".poolviz-output[data-version]")];
}

export function outputsOf(version: string): HTMLElement[] {
  return outputs().filter((output) => output.dataset.version === version);
}

/** Do something with each, whatever becomes of the others: the browser's console says what failed. */
export function forEach(all: Iterable<HTMLElement>, act: (output: HTMLElement) => void): void {
  for (const output of all) {
    try {
      act(output);
    } catch (error) {
      reportError(error);
    }
  }
}
