/** Tells those who do not see the screen what changed, and does not chatter: a step of the reader's own at once, the run now and then. */
import type { PageMs } from "../base/units";
import { element, setText } from "./dom";

const AT_MOST_EVERY: PageMs = 5000;

export class Announcer {
  readonly node = element("div", "pv-unseen");
  #saidAt: PageMs = Number.NEGATIVE_INFINITY;
  #summary = "";

  constructor() {
    this.node.setAttribute("role", "status");
    this.node.setAttribute("aria-live", "polite");
  }

  /** What the reader's own step led to. */
  say(text: string, page: PageMs): void {
    this.#saidAt = page;
    setText(this.node, text);
  }

  /**
   * How the run stands.
   *
   * @param ended whether this is the last word: it is never held back
   */
  summarise(text: string, ended: boolean, page: PageMs): void {
    if (text === this.#summary || (!ended && page - this.#saidAt < AT_MOST_EVERY)) return;
    this.#summary = text;
    this.say(text, page);
  }
}
