/**
 * When the wheel scrolls inside: a plain wheel belongs to the page, until the user has clicked into the element, and again from when the
 * pointer or the focus has left it. The style sheet lets what is inside scroll for as long as the element has the attribute.
 */
import { listen } from "../base/listen";

export function followEntering(node: HTMLElement, signal: AbortSignal): void {
  const set = (isIn: boolean) => node.toggleAttribute("data-entered", isIn);
  listen(node, "pointerdown", () => set(true), signal);
  const left = (event: PointerEvent) => {
    // A finger leaves with each touch; the next one is to scroll.
    if (event.pointerType !== "touch") set(false);
  };
  listen(node, "pointerleave", left, signal);
  const blurred = ({ relatedTarget }: FocusEvent) => {
    if (!(relatedTarget instanceof Node && node.contains(relatedTarget))) set(false);
  };
  listen(node, "focusout", blurred, signal);
}
