/** What is selected, in full, for as long as it is selected. Text from the user's code is shown as text. */
import type { Ns, PageMs, Px } from "../base/units";
import type { Selected } from "../model/selection";
import type { Store } from "../model/store";
import { iconButton } from "./button";
import { adopt, element, setAttribute, setHidden, swatch } from "./dom";
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
  #titleKey = "";
  #partKeys: string[] = [];
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
    this.node.hidden = true;
  }

  focus(): void {
    this.node.focus();
  }

  /**
   * Say in full what is selected.
   *
   * @param now until when running calls have run
   * @param always also if it was said a moment ago: nothing may come after this
   */
  update(store: Store, now: Ns, page: PageMs, always = false): void {
    const selected = store.selection.value;
    setHidden(this.node, selected === null);
    if (selected === null) {
      this.#shown = null;
      return;
    }
    if (!always && selected === this.#shown && page - this.#shownAt < RENEW) return;
    this.#shownAt = page;
    this.#shown = selected;
    const content =
      selected.kind === "call" ? callContent(store, selected.row, now) : spanContent(store, selected, now);
    this.#show(content);
    for (const button of this.#steps) setHidden(button, selected.kind !== "call");
  }

  #show({ key, name, kind, note, parts }: PanelContent): void {
    if (key !== this.#key) this.#partKeys = [];
    this.#key = key;
    const title = JSON.stringify([name, kind, note]);
    if (title !== this.#titleKey) {
      this.#titleKey = title;
      setAttribute(this.node, "aria-label", words.details(name));
      this.#title.replaceChildren(
        swatch(kind),
        element("span", "pv-panel-name", name),
        element("span", "pv-unit", note),
      );
    }
    const known = this.#partKeys;
    this.#partKeys = parts.map((part) => part.key);
    // Of what is described already a part changes only where it says something else: whoever reads or copies in it must not be disturbed.
    if (known.length !== parts.length) this.#body.replaceChildren(...parts.map((part) => part.make()));
    else {
      const changed = [...this.#body.children].filter((_, i) => known[i] !== parts[i]!.key);
      if (changed.length === 0) return;
      for (const [i, node] of [...this.#body.children].entries()) {
        if (!changed.includes(node)) continue;
        const places = placesIn(node);
        adopt(node, parts[i]!.make());
        restore(node, places);
      }
    }
    for (const node of this.#body.querySelectorAll("pre, .pv-panel-lanes")) {
      node.toggleAttribute("data-cut", node.scrollTop + node.clientHeight < node.scrollHeight - 1);
    }
  }
}

/** How far what scrolls in it is scrolled; infinitely at its end, where what is added shall be seen too. */
function placesIn(node: Element): Map<string | null, Px> {
  const places = [...node.querySelectorAll("pre")].map((pre): [string | null, Px] => {
    const atEnd = pre.scrollTop > 0 && pre.scrollTop + pre.clientHeight >= pre.scrollHeight - 1;
    return [pre.getAttribute("aria-label"), atEnd ? Number.MAX_SAFE_INTEGER : pre.scrollTop];
  });
  return new Map(places);
}

function restore(node: Element, places: ReadonlyMap<string | null, Px>): void {
  for (const pre of node.querySelectorAll("pre")) {
    const place = places.get(pre.getAttribute("aria-label"));
    if (place) pre.scrollTop = place;
  }
}
