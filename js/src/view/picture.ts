/** The timeline as a PNG: the canvas, and around it the words and boxes as the page shows them. */

import type { Store } from "../model/store";
import type { SliceKind } from "../render/surface";
import type { Plot } from "./plot";

/** What is for the reader's hands, not for the picture. */
const LEFT_OUT = ".pv-buttons, .pv-find, .pv-panel, .pv-grid, .pv-help, .pv-unseen, .pv-tip";

interface Page {
  readonly context: CanvasRenderingContext2D;
  readonly left: number;
  readonly top: number;
}

function drawBox({ context, left, top }: Page, node: Element, plot: Plot): void {
  const box = node.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) return;
  const style = getComputedStyle(node);
  const [x, y] = [box.left - left, box.top - top];
  const kind = node.matches(".pv-swatch") ? (node as HTMLElement).dataset.kind : undefined;
  const slice = kind ? (plot.palette?.slices[kind as SliceKind] ?? null) : null;
  context.fillStyle = slice?.fill ?? style.backgroundColor;
  context.fillRect(x, y, box.width, box.height);
  context.fillStyle = style.borderTopColor;
  if (style.borderTopStyle === "solid") context.fillRect(x, y, box.width, Number.parseFloat(style.borderTopWidth));
  context.fillStyle = style.borderBottomColor;
  const bottom = style.borderBottomStyle === "solid" ? Number.parseFloat(style.borderBottomWidth) : 0;
  if (bottom > 0) context.fillRect(x, y + box.height - bottom, box.width, bottom);
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
  const canvas = document.createElement("canvas");
  const outer = root.getBoundingClientRect();
  const panel = root.querySelector(".pv-panel:not([hidden])")?.getBoundingClientRect().height ?? 0;
  const find = root.querySelector(".pv-find:not([hidden])")?.getBoundingClientRect().height ?? 0;
  const ratio = Math.max(2, devicePixelRatio);
  canvas.width = Math.round(outer.width * ratio);
  canvas.height = Math.round((outer.height - panel - find) * ratio);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser draws no canvas");
  context.scale(ratio, ratio);
  context.fillStyle = getComputedStyle(root).backgroundColor;
  context.fillRect(0, 0, outer.width, outer.height);
  let lifted = 0;
  const page = { context, left: outer.left, top: outer.top };
  for (const child of root.children) {
    if (child.matches(LEFT_OUT)) {
      lifted += child.matches(".pv-find") ? find : 0;
      continue;
    }
    paintInside({ ...page, top: outer.top + lifted }, child, plot);
  }
  return canvas;
}

function paintInside(page: Page, node: Element, plot: Plot): void {
  if (node.matches(LEFT_OUT) || !node.checkVisibility()) return;
  drawBox(page, node, plot);
  if (node === plot.stage.canvas) {
    const box = node.getBoundingClientRect();
    page.context.drawImage(plot.stage.canvas, box.left - page.left, box.top - page.top, box.width, box.height);
  }
  const scrolls = node === plot.stage.scroller;
  page.context.save();
  if (scrolls) {
    const box = node.getBoundingClientRect();
    page.context.beginPath();
    page.context.rect(box.left - page.left, box.top - page.top, box.width, box.height);
    page.context.clip();
  }
  for (const child of node.childNodes) {
    if (child instanceof Text) drawText(page, child);
    else if (child instanceof Element) paintInside(page, child, plot);
  }
  page.context.restore();
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
