/**
 * Which keys reach the notebook around a timeline.
 *
 * A notebook has single keys that change it, such as D D to delete a cell, and they fire wherever in an output the focus is. It also has keys
 * that its users expect to work everywhere, such as Shift Enter, Ctrl S and Escape. So each key is either the host's or stays here:
 *
 *     window, capture      the guard: marks the element that has the focus, for Lumino
 *     document, capture    Lumino in Notebook 7 and in JupyterLab up to 4.0: takes no shortcut from an element that is marked
 *     timeline             uses the key, or not (`keys.ts`); it goes no further unless it is the host's
 *     document, bubble     Lumino in JupyterLab from 4.1 on
 *     window, bubble       Visual Studio Code
 *
 * Lumino looks at the marks from the element outwards until a shortcut's selector fits, and most fit the element with the focus itself:
 * a mark on the timeline as a whole would be found too late.
 */
import { listen } from "../base/listen";

/** Lumino's mark: no shortcut fires from here. */
const MARK = "data-lm-suppress-shortcuts";

/** Chords that are what one does with text. In a notebook they undo, paste, merge and move cells, which is not seen from here. */
const EDITING = /^(?:[acvxyz]|shift [zm]|(?:shift )?(?:backspace|delete|arrow(?:up|down|left|right)|home|end))$/;

/**
 * What hosts may take the key for. A keyboard that writes Cyrillic, Greek or Hebrew has other letters on the same keys: Lumino looks at the
 * code that stands for the Latin letter, others at the key's place.
 */
function namesOf({ key, keyCode, code }: KeyboardEvent): string[] {
  const names = [key.toLowerCase()];
  if (keyCode >= 65 && keyCode <= 90) names.push(String.fromCharCode(keyCode).toLowerCase());
  // Where the letter is Latin, its place says nothing: it is that of another letter on AZERTY or Dvorak.
  if (/^[^\p{ASCII}]/u.test(key) && /^Key[A-Z]$/.test(code)) names.push(code.slice(3).toLowerCase());
  return names;
}

/** Whether the key is text for this element. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Whether a key that the timeline has no use for belongs to the notebook. */
export function isForHost(event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey || event.altKey) {
    return !namesOf(event).some((name) => EDITING.test(event.shiftKey ? `shift ${name}` : name));
  }
  if (key === "enter") return event.shiftKey && !isTyping(event.target);
  // Modifiers by themselves, and the keys that no text has.
  return ["shift", "control", "alt", "meta", "escape"].includes(key) || /^f\d+$/.test(key);
}

/** Keep from the notebook what is not for it, while the focus is in `root`. */
export function guardHostKeys(root: HTMLElement, signal: AbortSignal): void {
  const guard = (event: KeyboardEvent) => {
    const [target] = event.composedPath();
    // Hosts take outputs away without a word, and the focus with them: the next key, wherever it is pressed, ends the guard.
    if (!(target instanceof Element && root.contains(target))) window.removeEventListener("keydown", guard, true);
    else if (isForHost(event)) target.removeAttribute(MARK);
    else target.setAttribute(MARK, "true");
  };
  listen(root, "focusin", () => window.addEventListener("keydown", guard, { capture: true, signal }), signal);
}
