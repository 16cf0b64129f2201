/** A store as it is drawn in one place, which may change. */
import { listen } from "../base/listen";
import type { Store } from "../model/store";
import { type Options, Timeline } from "../view/timeline";
import type { View } from "./hub";

/** Draw a store in a place until the view is ended. */
export function showStore(
  place: HTMLElement,
  output: string,
  store: Store,
  options: Options,
): View & { timeline: Timeline } {
  const life = new AbortController();
  const { signal } = life;
  const timeline = new Timeline(place, store, options, signal);
  const { root } = timeline;
  /** What elements lose when they leave the document, though it be for a moment. */
  const scrolled = new Map<Element, readonly [left: number, top: number]>();
  let focused: HTMLElement | null = null;
  const keepScroll = ({ target }: Event) => {
    if (target instanceof Element) scrolled.set(target, [target.scrollLeft, target.scrollTop]);
  };
  root.addEventListener("scroll", keepScroll, { signal, capture: true, passive: true });
  listen(root, "focusin", ({ target }) => (focused = target as HTMLElement), signal);
  const lostFocus = () => {
    if (root.isConnected && !root.contains(document.activeElement)) focused = null;
  };
  // Later, as it is also told of what leaves the document, and then before it has left.
  listen(root, "focusout", () => queueMicrotask(lostFocus), signal);
  return {
    root,
    output,
    timeline,
    moveTo(next) {
      next.append(root);
      for (const [node, [left, top]] of scrolled) node.scrollTo({ left, top, behavior: "instant" });
      if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
      timeline.refresh();
    },
    end: () => life.abort(),
  };
}
