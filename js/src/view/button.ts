/** Buttons: with an icon and a name for those who do not see it, or with words. */
import { listen } from "../base/listen";
import { element, setAttribute } from "./dom";
import { type IconName, icon } from "./icons";

/** @param name what it does, in words; also its tooltip, with the key that does the same */
export function iconButton(
  picture: IconName,
  name: string,
  key: string,
  pressed: () => void,
  signal: AbortSignal,
): HTMLButtonElement {
  const button = element("button", "pv-button pv-icon", icon(picture));
  button.type = "button";
  button.title = key ? `${name} (${key})` : name;
  button.setAttribute("aria-label", name);
  if (key) button.setAttribute("aria-keyshortcuts", key);
  listen(button, "click", pressed, signal);
  return button;
}

export function textButton(text: string, title: string, pressed: () => void, signal: AbortSignal): HTMLButtonElement {
  const button = element("button", "pv-button", text);
  button.type = "button";
  button.title = title;
  listen(button, "click", pressed, signal);
  return button;
}

export function setPressed(button: HTMLElement, pressed: boolean): void {
  setAttribute(button, "aria-pressed", String(pressed));
}
