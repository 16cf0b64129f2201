/** The line in which calls are found by name or outcome: how many there are, and the next. */

import { whole } from "../base/format";
import { listen } from "../base/listen";
import type { Row } from "../base/units";
import { nextOf, search } from "../model/search";
import type { Store } from "../model/store";
import { iconButton } from "./button";
import { element, setHidden, setText } from "./dom";
import { words } from "./words";

/** A search that takes long must not hold up typing: ms. */
const PAUSE = 120;

export interface FindActions {
  /** Show this call. */
  go(row: Row): void;
  /** The line was closed: give the focus back. */
  closed(): void;
}

export class FindBar {
  readonly #input = element("input", "pv-input");
  readonly #count = element("span", "pv-unit pv-find-count");
  readonly node: HTMLElement;
  readonly #store: Store;
  readonly #actions: FindActions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(store: Store, actions: FindActions, signal: AbortSignal) {
    this.#store = store;
    this.#actions = actions;
    this.#input.type = "text";
    this.#input.placeholder = words.findHint;
    this.#input.setAttribute("aria-label", words.find);
    this.#count.setAttribute("role", "status");
    const previous = iconButton("previous", words.previousFound, "", () => this.#step(-1), signal);
    const next = iconButton("next", words.nextFound, "", () => this.#step(1), signal);
    const close = iconButton("close", words.close, "Escape", () => this.close(), signal);
    this.node = element("div", "pv-find", this.#input, this.#count, previous, next, close);
    this.node.setAttribute("role", "search");
    this.node.hidden = true;
    listen(this.#input, "input", () => this.#typed(), signal);
    listen(this.node, "keydown", (event) => this.#pressed(event), signal);
    signal.addEventListener("abort", () => clearTimeout(this.#timer), { once: true });
  }

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  open(): void {
    setHidden(this.node, false);
    this.#input.focus();
    this.#input.select();
  }

  close(): void {
    setHidden(this.node, true);
    this.#actions.closed();
  }

  #pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && event.target === this.#input) this.#step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #typed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(this.#found(), null), PAUSE);
  }

  #found(): Uint32Array {
    return search(this.#store.recording, this.#input.value, (kind) => words.kinds[kind]);
  }

  #say(rows: Uint32Array, index: number | null): void {
    const count = whole(rows.length);
    const empty = this.#input.value.trim() === "";
    const { summarised } = this.#store.recording;
    const found = index === null ? words.found(count) : words.foundAt(whole(index + 1), count);
    const parts = summarised > 0 ? [found, words.notFound(whole(summarised))] : [found];
    setText(this.#count, empty ? "" : parts.join(", "));
  }

  #step(direction: 1 | -1): void {
    clearTimeout(this.#timer);
    // Found anew each time: while live there may be more.
    const rows = this.#found();
    const next = nextOf(rows, this.#store.selection.row, direction);
    this.#say(rows, next?.index ?? null);
    if (next !== null) this.#actions.go(next.row);
  }
}
