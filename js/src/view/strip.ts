/** A row of pixels on a canvas of its own, painted stretched. */
import type { PixelRow, Surface } from "../render/surface";

export class CanvasPixelRow implements PixelRow {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly pixels: Uint8ClampedArray;

  /** @param width in physical pixels */
  constructor(width: number) {
    this.#canvas = document.createElement("canvas");
    this.#canvas.width = width;
    this.#canvas.height = 1;
    const context = this.#canvas.getContext("2d");
    if (context === null) throw new Error("this browser draws no canvas");
    this.#context = context;
    this.#image = context.createImageData(width, 1);
    this.pixels = this.#image.data;
  }

  paint(surface: Surface, x: number, y: number, width: number, height: number): void {
    this.#context.putImageData(this.#image, 0, 0);
    surface.imageSmoothingEnabled = false;
    surface.drawImage(this.#canvas, x, y, width, height);
  }
}
