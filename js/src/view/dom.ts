/** Small builders for the DOM. Text goes in as text, never as markup: names and errors come from other people's code. */

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/** Set text only where it differs: live numbers are set many times a second, and each change costs layout. */
export function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** The end of a name is at most so long, in UTF-16 units: names come from other people's code, and may be of any length. */
const LONGEST_END = 40;

/** What tells a name from the others of its kind: its number at the end, else its last letters. */
function endOf(name: string): string {
  // A letter of two units must not be cut: half of it shows as a question mark.
  const tail = name.slice(-LONGEST_END).replace(/^[\uDC00-\uDFFF]/, "");
  return /[^\p{L}\p{N}]*\p{N}+\)?$/u.exec(tail)?.[0] ?? Array.from(tail).slice(-4).join("");
}

/**
 * Set a name that is cut in its middle where there is no room for it, never at its end. The node needs the class `pv-cut`, and its text is
 * the whole name.
 */
export function setName(node: HTMLElement, name: string): void {
  if (node.textContent === name && node.childElementCount > 0) return;
  const end = endOf(name);
  node.replaceChildren(
    element("span", "", name.slice(0, name.length - end.length)),
    element("span", "pv-cut-end", end),
  );
}

/** An element that shows a name. */
export function nameElement(className: string, name = ""): HTMLElement {
  const made = element("span", `${className} pv-cut`);
  setName(made, name);
  return made;
}

export function setAttribute(node: HTMLElement, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function setHidden(node: HTMLElement, hidden: boolean): void {
  if (node.hidden !== hidden) node.hidden = hidden;
}

/**
 * Make `node` say what `other` says, and keep what it is made of as far as the two are alike: whoever has the focus in it keeps that, and
 * what is marked in a text that grows stays marked.
 */
export function adopt(node: Element, other: Element): void {
  for (const { name } of [...node.attributes]) if (!other.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of other.attributes) setAttribute(node as HTMLElement, name, value);
  const mine = [...node.childNodes];
  const others = [...other.childNodes];
  const isAlike = mine.length === others.length && mine.every((child, i) => child.nodeName === others[i]!.nodeName);
  if (!isAlike) node.replaceChildren(...others);
  else {
    for (const [i, child] of mine.entries()) {
      const wanted = others[i]!;
      if (child instanceof Element) adopt(child, wanted as Element);
      else if (child instanceof Text) setData(child, (wanted as Text).data);
    }
  }
}

function setData(text: Text, data: string): void {
  if (data === text.data) return;
  if (data.startsWith(text.data)) text.appendData(data.slice(text.data.length));
  else text.data = data;
}

/** A sample of a kind of slice, in its colour and form. */
export function swatch(kind: string): HTMLElement {
  const node = element("span", "pv-swatch");
  node.dataset.kind = kind;
  return node;
}

/** Names and values beside each other. Not a definition list: hosts have styles of their own for those. */
export function table(lines: readonly (readonly [label: string, value: string])[]): HTMLElement {
  const cells = lines.flatMap(([label, value]) => [element("span", "pv-unit", label), element("span", "", value)]);
  return element("div", "pv-tip-table", ...cells);
}

/** Names over their values, side by side as far as there is room. */
export function tiles(lines: readonly (readonly [label: string, value: string])[]): HTMLElement {
  const made = lines.map(([label, value]) => {
    return element("span", "pv-tile", element("span", "pv-unit", label), " ", element("span", "", value));
  });
  return element("div", "pv-tiles", ...made);
}
