/**
 * How often a picture that changes by itself is drawn. The page shares the machine with the workers that it shows: drawing what streams in
 * may take a twentieth of the page's time, for the browser takes as much again to show it. No slice grows so fast that more than thirty
 * pictures a second would look smoother.
 */
import type { PageMs } from "../base/units";

const LEAST: PageMs = 30;
const REST = 20;

/** How much one drawing that was slow by chance counts for. */
const SMOOTHING = 0.3;

export class Pace {
  #cost: PageMs = 0;
  #drawn: PageMs = Number.NEGATIVE_INFINITY;

  /** How long it is until the next picture that nobody asked for; 0 when it is time. */
  wait(page: PageMs): PageMs {
    return Math.max(0, this.#drawn + Math.max(LEAST, REST * this.#cost) - page);
  }

  /** A picture was drawn at `page`, in `cost`. */
  drew(page: PageMs, cost: PageMs): void {
    this.#drawn = page;
    this.#cost += (cost - this.#cost) * SMOOTHING;
  }
}
