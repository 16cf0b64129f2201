/** What keys and pointer do, over the page until it is closed. */
import { listen } from "../base/listen";
import { iconButton } from "./button";
import { element } from "./dom";
import { words } from "./words";

export class Help {
  readonly node = element("dialog", "pv-help");

  constructor(signal: AbortSignal) {
    const close = iconButton("close", words.close, "Escape", () => this.node.close(), signal);
    const title = element("div", "pv-panel-line", element("div", "pv-title", words.help), close);
    const groups = words.helpGroups.map(([name, entries]) => {
      const rows = entries.map(([keys, what]) => {
        const caps = keys.split(" ").map((key) => element("kbd", "pv-key", key));
        return element("div", "pv-help-row", element("span", "pv-keys", ...caps), element("span", "", what));
      });
      return element("div", "pv-help-group", element("div", "pv-unit", name), ...rows);
    });
    this.node.append(title, element("div", "pv-help-body", ...groups));
    this.node.setAttribute("aria-label", words.help);
    // A click beside the text falls on the dialog itself.
    const outside = (event: MouseEvent) => {
      if (event.target === this.node) this.node.close();
    };
    listen(this.node, "click", outside, signal);
  }

  open(): void {
    if (!this.node.open) this.node.showModal();
  }
}
