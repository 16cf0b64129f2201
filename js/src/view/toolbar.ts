/** The buttons at the right end of the header. */
import { iconButton, setPressed, textButton } from "./button";
import { element, setHidden, setText } from "./dom";
import type { IconName } from "./icons";
import { words } from "./words";

export interface ToolbarActions {
  showAll(): void;
  zoomIn(): void;
  zoomOut(): void;
  find(): void;
  toggleTable(): void;
  toggleLeads(): void;
  savePicture(): void;
  toggleFullScreen(): void;
  help(): void;
}

export class Toolbar {
  readonly node: HTMLElement;
  readonly #toAll: HTMLButtonElement;
  readonly #table: HTMLButtonElement;
  readonly #leads: HTMLButtonElement;
  readonly #onPlot: HTMLElement[];

  constructor(actions: ToolbarActions, signal: AbortSignal) {
    const make = (picture: IconName, name: string, key: string, pressed: () => void) =>
      iconButton(picture, name, key, pressed, signal);
    this.#toAll = textButton(words.fit, words.fitHint, () => actions.showAll(), signal);
    const zoomOut = make("zoomOut", words.zoomOut, "-", () => actions.zoomOut());
    const zoomIn = make("zoomIn", words.zoomIn, "+", () => actions.zoomIn());
    this.#leads = make("leads", words.leads, "L", () => actions.toggleLeads());
    this.#table = make("table", words.table, "T", () => actions.toggleTable());
    const find = make("find", words.find, "/", () => actions.find());
    const picture = make("picture", words.savePicture, "", () => actions.savePicture());
    const full = make("fullScreen", words.fullScreen, "", () => actions.toggleFullScreen());
    const help = make("help", words.help, "?", () => actions.help());
    // Some hosts show widgets in frames that may not fill the screen.
    setHidden(full, document.fullscreenEnabled === false);
    this.#onPlot = [zoomOut, zoomIn, this.#leads, picture];
    const groups = [
      [this.#toAll, zoomOut, zoomIn],
      [this.#leads, find, this.#table],
      [picture, full, help],
    ];
    this.node = element("span", "pv-buttons", ...groups.map((group) => element("span", "pv-group", ...group)));
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", words.toolbar);
    this.update({ follows: true, isLive: false, table: false, leads: false });
  }

  update(state: { follows: boolean; isLive: boolean; table: boolean; leads: boolean }): void {
    setHidden(this.#toAll, state.follows || state.table);
    setText(this.#toAll, state.isLive ? words.follow : words.fit);
    setPressed(this.#table, state.table);
    setPressed(this.#leads, state.leads);
    for (const node of this.#onPlot) setHidden(node, state.table);
  }
}
