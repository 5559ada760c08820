/** Making elements. Text reaches the page as text nodes only, so that no name from a file or a person is ever read as HTML. */

type Child = Node | string | undefined;

/** Attributes, and listeners under `on`. A `false` or undefined attribute is left out. */
export interface Attributes {
  readonly on?: { readonly [event: string]: (event: never) => void };
  readonly [attribute: string]: string | number | boolean | undefined | Attributes['on'];
}

/** An element with attributes and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), attributes, children);
}

/** An SVG element with attributes and children. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return dress(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function dress<E extends Element>(element: E, { on, ...attributes }: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const [event, listener] of Object.entries(on ?? {})) element.addEventListener(event, listener as EventListener);
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** Tells the size of an element, now and whenever it changes; the result ends that. */
export function watchSize(element: HTMLElement, resized: (width: number, height: number) => void): () => void {
  const tell = () => resized(element.clientWidth, element.clientHeight);
  tell();
  if (typeof ResizeObserver === 'undefined') return () => undefined;
  const observer = new ResizeObserver(tell);
  observer.observe(element);
  return () => observer.disconnect();
}

/** Sets the text where it differs: an equal write would still cost a layout. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute where it differs; undefined removes it. */
export function setAttribute(element: Element, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
