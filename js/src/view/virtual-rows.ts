/** Rows of which only those that can be seen are in the page, however many there are. */
import { listen, onAbort } from "../base/listen";
import type { Px } from "../base/units";
import { element } from "./dom";

export const ROW: Px = 24;

/** Browsers give up on elements that are much higher. Beyond this a pixel of scrolling passes over more than its share of rows. */
const HIGHEST: Px = 8_000_000;

export class VirtualRows<Item extends { readonly node: HTMLElement }> {
  readonly node = element("div", "pv-rows");
  readonly #scroller: HTMLElement;
  readonly #make: () => Item;
  readonly #fill: (item: Item, index: number) => void;
  readonly #drawn: (above: number, below: number) => void;
  readonly #items: Item[] = [];
  #count = 0;
  #from = 0;

  /**
   * @param scroller what scrolls; its first row is a head that stays
   * @param make a row without content
   * @param fill gives a row the content of an index
   * @param drawn is called with how many rows are not seen whole
   */
  constructor(
    scroller: HTMLElement,
    make: () => Item,
    fill: (item: Item, index: number) => void,
    drawn: (above: number, below: number) => void,
    signal: AbortSignal,
  ) {
    this.#scroller = scroller;
    this.#make = make;
    this.#fill = fill;
    this.#drawn = drawn;
    this.node.setAttribute("role", "rowgroup");
    listen(scroller, "scroll", () => this.draw(), signal, { passive: true });
    const observer = new ResizeObserver(() => this.draw());
    observer.observe(scroller);
    onAbort(signal, () => observer.disconnect());
  }

  /** How many rows can be seen whole. */
  get visible(): number {
    return Math.max(1, Math.floor(this.#room / ROW));
  }

  get #room(): Px {
    return Math.max(0, this.#scroller.clientHeight - ROW);
  }

  get #height(): Px {
    return Math.min(this.#count * ROW, HIGHEST);
  }

  /** Rows in a px of scrolling. */
  get #rate(): number {
    const scrolled = this.#height - this.#room;
    return scrolled > 0 ? (this.#count - this.#room / ROW) / scrolled : 0;
  }

  resize(count: number): void {
    this.#count = count;
    this.node.style.height = `${this.#height}px`;
    this.draw();
  }

  draws(index: number): boolean {
    return index >= this.#from && index < this.#from + this.#items.length && index < this.#count;
  }

  /** Scroll by as many rows as are seen. */
  turn(direction: 1 | -1): void {
    const rate = this.#rate;
    if (rate > 0) this.#scroller.scrollTop += (direction * Math.max(1, this.visible - 1)) / rate;
  }

  /** Scroll as little as it takes to see a row whole. */
  reveal(index: number): void {
    const rate = this.#rate;
    if (rate > 0) {
      const top = this.#scroller.scrollTop * rate;
      const last = index + 1 - this.#room / ROW;
      if (index < top) this.#scroller.scrollTop = index / rate;
      else if (top < last) this.#scroller.scrollTop = last / rate;
    }
    this.draw();
  }

  draw(): void {
    const first = this.#scroller.scrollTop * this.#rate;
    this.#from = Math.max(0, Math.floor(first));
    const shown = Math.min(this.#count - this.#from, Math.ceil(this.#room / ROW) + 1);
    while (this.#items.length < shown) {
      const item = this.#make();
      this.#items.push(item);
      this.node.append(item.node);
    }
    for (const { node } of this.#items.splice(Math.max(0, shown))) node.remove();
    this.#items.forEach((item, i) => {
      const top = this.#scroller.scrollTop + (this.#from + i - first) * ROW;
      item.node.style.transform = `translateY(${top.toFixed(1)}px)`;
      this.#fill(item, this.#from + i);
    });
    // A row that lacks a px or two is seen whole.
    const above = Math.ceil(first - 0.1);
    this.#drawn(above, Math.max(0, this.#count - Math.floor(first + this.#room / ROW + 0.1)));
  }
}
