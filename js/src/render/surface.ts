/** What drawing needs of a canvas, so that a test can hand in a recorder, and the colours that it is given. */
import type { OutcomeName } from "../base/codes";
import type { Px } from "../base/units";

export type Surface = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "globalAlpha"
  | "fillRect"
  | "clearRect"
  | "strokeRect"
  | "beginPath"
  | "closePath"
  | "moveTo"
  | "lineTo"
  | "rect"
  | "roundRect"
  | "clip"
  | "fill"
  | "stroke"
  | "fillText"
  | "measureText"
  | "setLineDash"
  | "save"
  | "restore"
  | "drawImage"
  | "imageSmoothingEnabled"
>;

/** One row of pixels that can be painted stretched: the only way to colour a thousand columns in one stroke. */
export interface PixelRow {
  /** RGBA, four bytes a pixel, as long as the row was asked to be. */
  readonly pixels: Uint8ClampedArray;
  paint(surface: Surface, x: Px, y: Px, width: Px, height: Px): void;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** How a kind of slice looks: colour and form, so that neither is needed alone. */
export interface SliceStyle {
  readonly fill: string | CanvasPattern;
  readonly edge: string;
  readonly text: string;
  readonly rgb: Rgb;
}

export type SliceKind = Exclude<OutcomeName, "none" | "cancelled"> | "running";

export interface Palette {
  readonly slices: Readonly<Record<SliceKind, SliceStyle>>;
  readonly wait: SliceStyle;
  readonly surface: string;
  readonly lane: string;
  readonly line: string;
  readonly grid: string;
  readonly text: string;
  readonly faintText: string;
  readonly accent: string;
  readonly queue: string;
  readonly font: string;
}

/** A box on the surface, in px. */
export interface Box {
  readonly x: Px;
  readonly y: Px;
  readonly width: Px;
  readonly height: Px;
}

/** Run `draw` with nothing visible outside `box`. */
export function clipped(surface: Surface, box: Box, draw: () => void): void {
  surface.save();
  surface.beginPath();
  surface.rect(box.x, box.y, box.width, box.height);
  surface.clip();
  draw();
  surface.restore();
}
