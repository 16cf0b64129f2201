/** The timeline as a PNG: the canvas, and around it the words and boxes as the page shows them. */

import { FAILURES } from "../base/codes";
import type { Px } from "../base/units";
import type { Store } from "../model/store";
import { drawMarks } from "../render/marks";
import type { Palette, SliceKind } from "../render/surface";
import type { Plot } from "./plot";
import { readPalette } from "./theme";

/** What is for the reader's hands, not for the picture. */
const LEFT_OUT = ".pv-buttons, .pv-find, .pv-panel, .pv-grid, .pv-help, .pv-unseen, .pv-tip";
/** Of these, what takes no room in the page. */
const UNPLACED = ".pv-help, .pv-unseen, .pv-tip";

interface Page {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
  readonly plot: Plot;
  /** The plot's own picture, as fine as all of it. */
  readonly picture: HTMLCanvasElement;
  /** Where in the window the picture's left and top edge are. */
  readonly left: Px;
  readonly top: Px;
}

function isFailure(kind: string | undefined): kind is (typeof FAILURES)[number] {
  return (FAILURES as readonly (string | undefined)[]).includes(kind);
}

function drawBox({ context, left, top, palette }: Page, node: HTMLElement): void {
  const box = node.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return;
  const style = getComputedStyle(node);
  const [x, y] = [box.left - left, box.top - top];
  const kind = node.matches(".pv-swatch") ? node.dataset.kind : undefined;
  context.fillStyle = palette.slices[kind as SliceKind]?.fill ?? style.backgroundColor;
  context.beginPath();
  context.roundRect(x, y, box.width, box.height, Number.parseFloat(style.borderTopLeftRadius) || 0);
  context.fill();
  if (isFailure(kind)) drawMarks(context, { x, y, width: box.width, height: box.height - 2 }, kind, [x + 21], palette);
  drawBorder(context, style, x, y, box);
}

function drawBorder(context: CanvasRenderingContext2D, style: CSSStyleDeclaration, x: Px, y: Px, box: DOMRect): void {
  const width = (side: "Top" | "Bottom" | "Left") =>
    style[`border${side}Style`] === "none" ? 0 : Number.parseFloat(style[`border${side}Width`]);
  context.setLineDash(style.borderTopStyle === "dashed" ? [2, 2] : []);
  context.strokeStyle = style.borderTopColor;
  context.lineWidth = width("Top");
  const inset = context.lineWidth / 2;
  if (width("Left") > 0 && width("Top") > 0) {
    const radius = Math.max(0, Number.parseFloat(style.borderTopLeftRadius) - inset || 0);
    context.beginPath();
    context.roundRect(x + inset, y + inset, box.width - 2 * inset, box.height - 2 * inset, radius);
    context.stroke();
  } else if (width("Top") > 0) {
    context.fillStyle = style.borderTopColor;
    context.fillRect(x, y, box.width, width("Top"));
  }
  if (width("Bottom") > 0 && width("Left") === 0) {
    context.fillStyle = style.borderBottomColor;
    context.fillRect(x, y + box.height - width("Bottom"), box.width, width("Bottom"));
  }
  context.setLineDash([]);
}

function drawText({ context, left, top }: Page, node: Text): void {
  const text = node.data.trim();
  const parent = node.parentElement;
  if (text === "" || parent === null) return;
  const range = document.createRange();
  range.selectNodeContents(node);
  const box = range.getBoundingClientRect();
  if (box.width === 0) return;
  const style = getComputedStyle(parent);
  const room = parent.getBoundingClientRect();
  context.save();
  context.beginPath();
  context.rect(room.left - left, room.top - top - 2, Math.max(room.width, 1), room.height + 4);
  if (style.overflow !== "visible") context.clip();
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.textBaseline = "middle";
  context.textAlign = "left";
  for (const { line, x, y } of linesOf(node, range)) context.fillText(line, x - left, y - top);
  context.restore();
}

/** The lines into which the page has broken a text, with the left end and the middle of each. */
function linesOf(node: Text, range: Range): { line: string; x: number; y: number }[] {
  const lines: { line: string; x: number; y: number }[] = [];
  for (let i = 0; i < node.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const box = range.getClientRects()[0];
    if (box === undefined) continue;
    const y = box.top + box.height / 2;
    const last = lines.at(-1);
    if (last && Math.abs(last.y - y) < box.height / 2) last.line += node.data[i];
    else lines.push({ line: node.data[i] ?? "", x: box.left, y });
  }
  return lines;
}

/** Paint the root's picture on a canvas of its own. */
export function paint(root: HTMLElement, plot: Plot): HTMLCanvasElement {
  const outer = root.getBoundingClientRect();
  const ratio = Math.max(2, devicePixelRatio);
  const left = [...root.children].filter((child) => child.matches(LEFT_OUT) && !child.matches(UNPLACED));
  const leftOut = (above: number) =>
    left.reduce((sum, child) => {
      const box = child.getBoundingClientRect();
      return box.top < above ? sum + box.height : sum;
    }, 0);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(outer.width * ratio);
  canvas.height = Math.round((outer.height - leftOut(Number.POSITIVE_INFINITY)) * ratio);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser draws no canvas");
  context.scale(ratio, ratio);
  context.fillStyle = getComputedStyle(root).backgroundColor;
  context.fillRect(0, 0, outer.width, outer.height);
  const picture = plot.render(ratio);
  const palette = readPalette(root, ratio);
  for (const child of root.children) {
    // What is left out above leaves no hole.
    const top = outer.top + leftOut(child.getBoundingClientRect().top);
    paintInside({ context, palette, picture, plot, left: outer.left, top }, child as HTMLElement);
  }
  return canvas;
}

function paintInside(page: Page, node: HTMLElement): void {
  if (node.matches(LEFT_OUT) || !node.checkVisibility()) return;
  drawBox(page, node);
  const { context, plot, picture, left, top } = page;
  const box = node.getBoundingClientRect();
  if (node === plot.stage.canvas) context.drawImage(picture, box.left - left, box.top - top, box.width, box.height);
  context.save();
  if (node === plot.stage.scroller) {
    context.beginPath();
    context.rect(box.left - left, box.top - top, box.width, box.height);
    context.clip();
  }
  for (const child of node.childNodes) {
    if (child instanceof Text) drawText(page, child);
    else if (child instanceof HTMLElement) paintInside(page, child);
  }
  context.restore();
}

/** Letters, digits and a few marks: a file name that every system takes. */
const fileName = (title: string) =>
  `${title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^-+|-+$/g, "") || "timeline"}.png`;

/** Have the browser save what the timeline shows now. */
export function savePicture(root: HTMLElement, plot: Plot, store: Store): void {
  paint(root, plot).toBlob((blob) => {
    if (blob === null) throw new Error("this browser made no PNG of the timeline");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = fileName(store.head?.title ?? "");
    link.click();
    URL.revokeObjectURL(link.href);
  });
}
