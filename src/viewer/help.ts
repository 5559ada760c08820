/** The overlay that lists keys and mouse. */

import { h } from './dom.js';
import { icon } from './icons.js';
import { BINDINGS, MOUSE_HELP } from './keyboard.js';

/** A hidden overlay; show it with `hidden = false`. A click beside the list closes it. */
export function makeHelp(closed: () => void): HTMLElement {
  const rows = [...BINDINGS.filter(({ label }) => label).map(({ label, text }) => [label, text] as const), ...MOUSE_HELP];
  const close = () => {
    overlay.hidden = true;
    closed();
  };
  const list = h('dl', {}, ...rows.flatMap(([keys, text]) => [h('dt', {}, h('kbd', {}, keys)), h('dd', {}, text)]));
  const title = h('h2', {}, 'Keys and mouse', h('button', { type: 'button', title: 'Close', 'aria-label': 'Close the help', on: { click: close } }, icon('close')));
  const overlay: HTMLElement = h(
    'div',
    {
      class: 'voxbeam-help',
      role: 'dialog',
      'aria-label': 'Keys and mouse',
      hidden: true,
      on: { click: (event: MouseEvent) => event.target === overlay && close() },
    },
    h('div', {}, title, list),
  );
  return overlay;
}
