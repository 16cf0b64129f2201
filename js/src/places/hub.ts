/**
 * Where the outputs of a page and the models of its kernels meet.
 *
 * Each widget brings a copy of this code, and so does each output of a notebook that was saved. The copies share this one object: as long
 * as its name stays, so does its form.
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
  readonly models: Map<string, Live>;
  /** Makes a timeline of an output; null until the first copy of the front end has come. */
  mount: ((output: HTMLElement) => void) | null;
  /** Set while the front end is taken out of an output. */
  opening: Promise<void> | null;
}

const NAME = Symbol.for("poolviz.outputs.1");

export function hub(): Hub {
  const page = globalThis as { [NAME]?: Hub };
  page[NAME] ??= { models: new Map(), mount: null, opening: null };
  return page[NAME];
}

/** The outputs in the document; of one model, or of all. */
export function outputs(model?: string): HTMLElement[] {
  const all = [...document.querySelectorAll<HTMLElement>(".poolviz-output")];
  return model === undefined ? all : all.filter((output) => output.dataset.model === model);
}
