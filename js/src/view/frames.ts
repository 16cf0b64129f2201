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

  /** Draw at the next frame, or as soon as the timeline is seen again. */
  request(): void {
    this.#wanted = true;
    if (this.#handle !== 0 || !this.#visible || this.#ended) return;
    clearTimeout(this.#timer);
    this.#handle = requestAnimationFrame(this.#frame);
  }

  readonly #frame = () => {
    this.#handle = 0;
    this.#wanted = false;
    const wait = this.#draw(performance.now());
    if (wait === null || this.#handle !== 0) return;
    if (wait <= FRAME) this.request();
    else this.#timer = setTimeout(() => this.request(), wait - FRAME);
  };
}
