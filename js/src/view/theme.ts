/** Light or dark, and the colours that the canvas takes from the style sheet. */
import { listen, onAbort } from "../base/listen";
import type { Palette, Rgb, SliceKind, SliceStyle } from "../render/surface";
import { setAttribute } from "./dom";
import { type Form, patternOf } from "./patterns";

export type ThemeChoice = "auto" | "light" | "dark";

const FORMS: Readonly<Record<SliceKind | "wait", Form>> = {
  returned: "plain",
  running: "plain",
  raised: "diagonal",
  interrupted: "vertical",
  lost: "crossed",
  wait: "plain",
};

/** What a reader may ask of the system that changes the colours. */
const WISHES = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"];

/** JupyterLab says on the body which theme it shows; elsewhere the reader's system decides. */
function resolve(choice: ThemeChoice): "light" | "dark" {
  if (choice !== "auto") return choice;
  const jupyter = document.body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "false" ? "dark" : "light";
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/**
 * Keep `root[data-theme]` right, and tell of each change until `signal` aborts.
 *
 * @returns call it when the choice may have changed
 */
export function followTheme(
  root: HTMLElement,
  choice: () => ThemeChoice,
  changed: () => void,
  signal: AbortSignal,
): () => void {
  const apply = () => {
    const chosen = choice();
    setAttribute(root, "data-theme", resolve(chosen));
    // With a theme of the user's own choice the host's colours would be the wrong ones.
    setAttribute(
      root,
      "data-host",
      chosen === "auto" && document.body.dataset.jpThemeLight !== undefined ? "jupyter" : null,
    );
    changed();
  };
  const observer = new MutationObserver(apply);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  onAbort(signal, () => observer.disconnect());
  for (const wish of WISHES) listen(matchMedia(wish), "change", apply, signal);
  apply();
  return apply;
}

/** The browser itself reads the colour: it may be written in any way that CSS knows. */
function rgbOf(context: CanvasRenderingContext2D, colour: string): Rgb {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}

/** Read the palette from the root's computed style. */
export function readPalette(root: HTMLElement, ratio: number): Palette {
  const style = getComputedStyle(root);
  const read = (name: string) => style.getPropertyValue(`--pv-${name}`).trim();
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (probe === null) throw new Error("this browser draws no canvas");
  const slice = (kind: SliceKind | "wait"): SliceStyle => {
    const fill = read(kind);
    return {
      fill: patternOf(FORMS[kind], fill, read(`${kind}-mark`), ratio),
      edge: read(`${kind}-edge`) || fill,
      text: read(`${kind}-text`),
      rgb: rgbOf(probe, fill),
    };
  };
  return {
    slices: {
      returned: slice("returned"),
      running: slice("running"),
      raised: slice("raised"),
      interrupted: slice("interrupted"),
      lost: slice("lost"),
    },
    wait: slice("wait"),
    surface: read("surface"),
    lane: read("lane"),
    line: read("line"),
    grid: read("grid"),
    text: read("text"),
    faintText: read("muted"),
    accent: read("accent"),
    queue: read("queue"),
    font: `11px ${style.fontFamily}`,
  };
}
