/** Small controls that a layer's settings are made of: each shows a value and asks for another. */

import { h, setAttribute } from '../dom.js';
import { formatNumber } from '../format.js';

/** A control of one value. */
export interface Control<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

/** A choice by name, as a list. */
export function choice<T extends string>(label: string, options: readonly (readonly [T, string, string?])[], changed: (value: T) => void): Control<T> {
  const element: HTMLSelectElement = h(
    'select',
    { 'aria-label': label, title: label, on: { change: () => changed(element.value as T) } },
    ...options.map(([value, words, title]) => h('option', { value, title }, words)),
  );
  return {
    element,
    show(value) {
      if (element.value !== value) element.value = value;
    },
  };
}

/** A choice by name, as a row of buttons; `data` names their attribute. */
export function switches<T extends string>(label: string, data: string, options: readonly (readonly [T, string, string, how?: string])[], changed: (value: T) => void): Control<T> {
  const buttons = options.map(([value, words, title, how]) =>
    h('button', { type: 'button', title: how ? `${title}\n${how}` : title, 'aria-label': title, [`data-${data}`]: value, on: { click: () => changed(value) } }, words),
  );
  return {
    element: h('div', { class: 'voxbeam-switch', role: 'group', 'aria-label': label }, ...buttons),
    show(value) {
      for (const [i, button] of buttons.entries()) setAttribute(button, 'aria-pressed', String(options[i]?.[0] === value));
    },
  };
}

/** A slider with its value in words; with `log` factors have the same room below and above 1. A double click resets it. */
export function slider(
  label: string,
  range: { readonly min: number; readonly max: number; readonly step?: number; readonly log?: boolean; readonly reset: number },
  changed: (value: number) => void,
): Control<number> {
  const to = range.log ? Math.log10 : (value: number) => value;
  const from = range.log ? (at: number) => Number((10 ** at).toPrecision(3)) : (at: number) => at;
  const words = h('output', { class: 'voxbeam-amount' });
  const input: HTMLInputElement = h('input', {
    type: 'range', min: to(range.min), max: to(range.max), step: range.step ?? 0.01, 'aria-label': label, title: `${label}; double click resets`,
    on: { input: () => changed(from(Number(input.value))), dblclick: () => changed(range.reset) },
  });
  return {
    element: h('div', { class: 'voxbeam-slider' }, input, words),
    show(value) {
      if (document.activeElement !== input || Math.abs(Number(input.value) - to(value)) > (range.step ?? 0.01) / 2) input.value = String(to(value));
      words.textContent = formatNumber(value, 3);
      input.setAttribute('aria-valuetext', formatNumber(value, 3));
    },
  };
}

/** A box to tick, with its words. */
export function tick(words: string, title: string, changed: (value: boolean) => void, name?: string): Control<boolean> {
  const input: HTMLInputElement = h('input', { type: 'checkbox', title, 'aria-label': title, 'data-tick': name, on: { change: () => changed(input.checked) } });
  return {
    element: h('label', { class: 'voxbeam-tick', title }, input, words),
    show(value) {
      input.checked = value;
    },
  };
}

/** What is rarely used, under a line that opens it. */
export function folded(title: string, name: string, ...children: Node[]): HTMLDetailsElement {
  return h('details', { class: 'voxbeam-fold', 'data-fold': name }, h('summary', {}, title), ...children);
}
