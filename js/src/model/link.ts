/** The kernel's clock as this page can know it, and whether the kernel still speaks. */
import type { Ns, PageMs } from "../base/units";

const REMEMBERED = 32;

/** The kernel says something at least every half second while anything is pending or runs. */
export const SILENCE: PageMs = 2000;

export class Link {
  /** When the last message came, on the page's clock; null before the first. */
  heard: PageMs | null = null;
  #kernelNow: Ns = 0;
  #offsets: Ns[] = [];

  /** A message that carries the kernel's `now` arrived at `page`. */
  hear(kernelNow: Ns, page: PageMs): void {
    this.heard = page;
    this.#kernelNow = Math.max(this.#kernelNow, kernelNow);
    this.#offsets.push(kernelNow - page * 1e6);
    if (this.#offsets.length > REMEMBERED) this.#offsets.shift();
  }

  /** Whether nothing came for so long that what is shown as running may not be true any more. */
  isSilent(page: PageMs): boolean {
    return this.heard !== null && page - this.heard > SILENCE;
  }

  /**
   * The kernel's clock at `page`. A message can only be late, never early, so of the offsets that were seen the largest is the
   * nearest to the truth. While the kernel is silent its time stands still: nothing may pretend to be live.
   */
  now(page: PageMs): Ns {
    if (this.heard === null) return 0;
    const estimate = Math.min(page, this.heard + SILENCE) * 1e6 + Math.max(...this.#offsets);
    return Math.max(estimate, this.#kernelNow);
  }
}
