/** A page of jsdom around code that runs in Node: real sockets below, a document above. It has no WebGL, as some browsers have not. */

import { JSDOM, VirtualConsole } from 'jsdom';

const NAMES = [
  'window', 'document', 'Node', 'Element', 'HTMLElement', 'ShadowRoot', 'MutationObserver', 'requestAnimationFrame', 'cancelAnimationFrame',
  'MouseEvent', 'KeyboardEvent', 'Event', 'AbortController', 'AbortSignal',
] as const;

/** Makes the page's names global; the function returned puts the page away. */
export function openPage(): () => void {
  // Its console would print what jsdom lacks; what the viewer says of it is tested.
  const dom = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true, virtualConsole: new VirtualConsole() });
  const before = new Map<string, unknown>();
  const scope = globalThis as unknown as Record<string, unknown>;
  for (const name of NAMES) {
    before.set(name, scope[name]);
    scope[name] = (dom.window as unknown as Record<string, unknown>)[name];
  }
  return () => {
    dom.window.close();
    for (const [name, value] of before) scope[name] = value;
  };
}
