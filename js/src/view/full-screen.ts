/** The timeline over the whole screen, and how much room its plot has there. */
import type { Px } from "../base/units";

export class FullScreen {
  readonly #root: HTMLElement;

  /** @param changed is told when the timeline fills the screen, or no longer does */
  constructor(root: HTMLElement, changed: () => void, signal: AbortSignal) {
    this.#root = root;
    root.addEventListener("fullscreenchange", changed, { signal });
  }

  get isOn(): boolean {
    return document.fullscreenElement === this.#root;
  }

  toggle(): void {
    // A host may refuse; then all stays as it is, and the browser says why in its console.
    const done = this.isOn ? document.exitFullscreen() : this.#root.requestFullscreen();
    done.catch((error: unknown) => console.warn("poolviz: no full screen", error));
  }

  /** The height that is left for `plot` between the other parts; null while the timeline stands in the page. */
  roomFor(plot: HTMLElement): Px | null {
    if (!this.isOn) return null;
    const others = [...this.#root.children].filter((child) => child !== plot);
    return innerHeight - others.reduce((sum, child) => sum + (child as HTMLElement).offsetHeight, 0);
  }
}
