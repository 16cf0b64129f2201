/** The forms that tell slices apart without colour, as patterns for the canvas. */

export type Form = "plain" | "diagonal" | "vertical" | "crossed";

const SIZE = 8;

function strokeForm(context: CanvasRenderingContext2D, form: Form): void {
  context.beginPath();
  if (form === "vertical") {
    context.moveTo(2, 0);
    context.lineTo(2, SIZE);
    context.moveTo(6, 0);
    context.lineTo(6, SIZE);
  } else {
    // Each line is drawn past the tile's edges, so that the tiles join without a seam.
    for (const shift of [-SIZE, 0, SIZE]) {
      context.moveTo(shift - 2, SIZE + 2);
      context.lineTo(shift + SIZE + 2, -2);
      if (form === "crossed") {
        context.moveTo(shift - 2, -2);
        context.lineTo(shift + SIZE + 2, SIZE + 2);
      }
    }
  }
  context.stroke();
}

/**
 * @param fill colour of the ground
 * @param mark colour of the lines
 * @param ratio physical pixels in a CSS pixel
 */
export function patternOf(form: Form, fill: string, mark: string, ratio: number): string | CanvasPattern {
  if (form === "plain") return fill;
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(SIZE * ratio);
  const context = tile.getContext("2d");
  if (context === null) return fill;
  context.scale(tile.width / SIZE, tile.height / SIZE);
  context.fillStyle = fill;
  context.fillRect(0, 0, SIZE, SIZE);
  context.strokeStyle = mark;
  context.lineWidth = 1.5;
  strokeForm(context, form);
  const pattern = context.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(SIZE / tile.width, SIZE / tile.height));
  return pattern ?? fill;
}
