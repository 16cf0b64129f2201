/** What is selected, in full, for as long as it is selected. Text from the user's code is shown as text. */
import { listen } from "../base/listen";
import type { Ns, PageMs } from "../base/units";
import type { Selected } from "../model/selection";
import type { Store } from "../model/store";
import { iconButton } from "./button";
import { element, setAttribute, setHidden } from "./dom";
import { KEEP_HOST_KEYS_OUT } from "./keys";
import { callContent, type PanelContent, spanContent } from "./panel-content";
import { words } from "./words";

/** How often what grows is written anew: ms. */
const RENEW: PageMs = 250;

export interface PanelActions {
  step(direction: 1 | -1): void;
  fitSelection(): void;
  close(): void;
}

export class Panel {
  readonly node = element("section", "pv-panel");
  readonly #title = element("div", "pv-panel-title");
  readonly #body = element("div", "pv-panel-body");
  readonly #steps: HTMLElement[];
  #shown: Selected = null;
  #key = "";
  #shownAt: PageMs = 0;

  constructor(actions: PanelActions, signal: AbortSignal) {
    const previous = iconButton("previous", words.previousCall, ",", () => actions.step(-1), signal);
    const next = iconButton("next", words.nextCall, ".", () => actions.step(1), signal);
    const fit = iconButton("fit", words.fitSelection, "F", () => actions.fitSelection(), signal);
    const close = iconButton("close", words.close, "Escape", () => actions.close(), signal);
    this.#steps = [previous, next];
    const buttons = element("span", "pv-buttons", previous, next, fit, close);
    this.node.append(element("div", "pv-panel-line", this.#title, buttons), this.#body);
    this.node.tabIndex = -1;
    this.node.setAttribute(KEEP_HOST_KEYS_OUT, "true");
    this.node.hidden = true;
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      actions.close();
    };
    listen(this.node, "keydown", pressed, signal);
  }

  focus(): void {
    this.node.focus();
  }

  /** Say in full what is selected. @param now until when running calls have run */
  update(store: Store, now: Ns, page: PageMs): void {
    const selected = store.selection.value;
    setHidden(this.node, selected === null);
    if (selected === null) {
      this.#shown = null;
      return;
    }
    if (selected === this.#shown && page - this.#shownAt < RENEW) return;
    this.#shownAt = page;
    this.#shown = selected;
    const content =
      selected.kind === "call" ? callContent(store, selected.row, now) : spanContent(store, selected, now);
    this.#show(content);
    for (const button of this.#steps) setHidden(button, selected.kind !== "call");
  }

  #show({ key, name, title, parts }: PanelContent): void {
    // Made anew only when it says something else: whoever reads or copies in it must not be disturbed.
    if (key === this.#key) return;
    this.#key = key;
    setAttribute(this.node, "aria-label", words.details(name));
    this.#title.replaceChildren(...title());
    this.#body.replaceChildren(...parts());
  }
}
