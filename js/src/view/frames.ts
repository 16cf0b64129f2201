/** Draws at most once a frame, only while the timeline can be seen, and sleeps while there is nothing new to draw. */
import { onAbort } from "../base/listen";
import type { PageMs } from "../base/units";

/** A wait shorter than this is not worth a timer: the next frame comes as soon. */
const FRAME: PageMs = 16;

export class Frames {
  readonly #draw: (page: PageMs) => PageMs | null;
  #visible = true;
  #wanted = false;
  #handle = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer has a frame drawn. */
  #due: PageMs = 0;
  #ended = false;

  /** @param draw draws one frame; returns in how many ms it should be asked again by itself, or null for not at all */
  constructor(root: HTMLElement, draw: (page: PageMs) => PageMs | null, signal: AbortSignal) {
    this.#draw = draw;
    const observer = new IntersectionObserver((entries) => {
      this.#visible = entries.at(-1)?.isIntersecting ?? true;
      if (this.#visible && this.#wanted) this.request();
    });
    observer.observe(root);
    onAbort(signal, () => {
      this.#ended = true;
      observer.disconnect();
      clearTimeout(this.#timer);
      cancelAnimationFrame(this.#handle);
    });
  }

  /**
   * Draw at the next frame, or as soon as the timeline is seen again.
   *
   * @param wait ms until then: a frame that draws nothing costs the browser nearly as much as one that does
   */
  request(wait: PageMs = 0): void {
    this.#wanted = true;
    if (this.#handle !== 0 || !this.#visible || this.#ended) return;
    const due = performance.now() + wait;
    if (this.#timer !== undefined && this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (wait <= FRAME) this.#handle = requestAnimationFrame(this.#frame);
    else {
      this.#due = due;
      this.#timer = setTimeout(() => this.#awake(), wait - FRAME);
    }
  }

  #awake(): void {
    this.#timer = undefined;
    this.request();
  }

  readonly #frame = () => {
    this.#handle = 0;
    this.#wanted = false;
    const wait = this.#draw(performance.now());
    if (wait !== null) this.request(wait);
  };
}
