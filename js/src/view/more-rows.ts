/** Says how many rows are out of sight, and brings them in. */
import { whole } from "../base/format";
import { listen } from "../base/listen";
import { textButton } from "./button";
import { element, setAttribute, setHidden, setText } from "./dom";
import { words } from "./words";

export class MoreRows {
  readonly node: HTMLElement;
  readonly #above: HTMLButtonElement;
  readonly #below: HTMLButtonElement;

  /** @param turn scrolls by a page, down or up */
  constructor(turn: (direction: 1 | -1) => void, signal: AbortSignal) {
    this.#above = textButton("", "", () => turn(-1), signal);
    this.#below = textButton("", "", () => turn(1), signal);
    this.node = element("div", "pv-more", this.#below, this.#above);
    // Two quick clicks turn two pages; to the plot they would mean the whole run.
    listen(this.node, "dblclick", (event) => event.stopPropagation(), signal);
    this.update(0, 0);
  }

  update(above: number, below: number): void {
    setHidden(this.node, above === 0 && below === 0);
    setHidden(this.#above, above === 0);
    setHidden(this.#below, below === 0);
    setText(this.#above, words.rowsAbove(whole(above)));
    setText(this.#below, words.rowsBelow(whole(below), below));
    setAttribute(this.#above, "title", words.rowsAboveHint);
    setAttribute(this.#below, "title", words.rowsBelowHint);
  }
}
