/** Draws at most once a frame, and only while the timeline can be seen. */
import { onAbort } from "../base/listen";
import type { PageMs } from "../base/units";

export class Frames {
  readonly #draw: (page: PageMs) => boolean;
  #visible = true;
  #wanted = false;
  #handle = 0;
  #ended = false;

  /** @param draw draws one frame; returns whether another one should follow by itself */
  constructor(root: HTMLElement, draw: (page: PageMs) => boolean, signal: AbortSignal) {
    this.#draw = draw;
    const observer = new IntersectionObserver((entries) => {
      this.#visible = entries.at(-1)?.isIntersecting ?? true;
      if (this.#visible && this.#wanted) this.request();
    });
    observer.observe(root);
    onAbort(signal, () => {
      this.#ended = true;
      observer.disconnect();
      cancelAnimationFrame(this.#handle);
    });
  }

  /** Draw at the next frame, or as soon as the timeline is seen again. */
  request(): void {
    this.#wanted = true;
    if (this.#handle === 0 && this.#visible && !this.#ended) this.#handle = requestAnimationFrame(this.#frame);
  }

  readonly #frame = () => {
    this.#handle = 0;
    this.#wanted = false;
    if (this.#draw(performance.now())) this.request();
  };
}
