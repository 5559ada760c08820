/** Small parts that the instruments' panel is made of. */

import { h } from '../dom.js';

/** A button with words. */
export function wordButton(words: string, title: string, click: () => void, attributes: Record<string, string> = {}): HTMLButtonElement {
  return h('button', { type: 'button', class: 'voxbeam-words', title, ...attributes, on: { click } }, words);
}

/** A field for a number; `changed` hears of what is finite. */
export function numberField(label: string, changed: (value: number) => void, range: { min?: number; max?: number } = {}): HTMLInputElement {
  const field: HTMLInputElement = h('input', {
    type: 'number', step: 'any', title: label, 'aria-label': label, ...range,
    on: {
      change: () => {
        if (field.value !== '' && Number.isFinite(field.valueAsNumber ?? Number(field.value))) changed(Number(field.value));
      },
      keydown: (event: KeyboardEvent) => {
        if (event.key === 'Enter' || event.key === 'Escape') field.blur();
        event.stopPropagation();
      },
    },
  });
  return field;
}

/** Shows a number in a field that nobody types into. */
export function setNumber(field: HTMLInputElement, value: number): void {
  const text = String(Number(value.toPrecision(7)));
  if (field !== field.ownerDocument.activeElement && field.value !== text) field.value = text;
}

/** A section of the side panel. */
export function section(title: string, name: string, ...children: (Node | undefined)[]): HTMLElement {
  return h('section', { class: 'voxbeam-section', 'aria-label': title, 'data-instrument': name }, h('h2', {}, title), ...children);
}
