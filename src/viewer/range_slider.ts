/** A slider with two thumbs, and a number field for each end. */

import { h } from './dom.js';
import { formatNumber } from './format.js';

const STEPS = 1000;

export class RangeSlider {
  readonly element: HTMLElement;
  readonly #low: HTMLInputElement;
  readonly #high: HTMLInputElement;
  readonly #fill = h('div');
  readonly #lowField: HTMLInputElement;
  readonly #highField: HTMLInputElement;
  #limits: readonly [number, number] = [0, 1];
  #value: readonly [number, number] = [0, 1];

  /**
   * @param name what the range is of, for labels
   * @param after stands behind the fields
   */
  constructor(
    name: string,
    readonly changed: (value: readonly [number, number]) => void,
    after?: HTMLElement,
  ) {
    const thumb = (label: string, move: (at: number) => void) =>
      h('input', {
        type: 'range', min: 0, max: STEPS, step: 1, 'aria-label': `${name}, ${label}`, title: label,
        on: { input: (event: Event) => move(Number((event.target as HTMLInputElement).value) / STEPS) },
      });
    const field = (label: string, set: (value: number) => void) =>
      h('input', {
        type: 'number', step: 'any', 'aria-label': `${name}, ${label} value`, title: label,
        on: {
          change: (event: Event) => {
            const { value } = event.target as HTMLInputElement;
            if (value !== '' && Number.isFinite(Number(value))) set(Number(value));
            this.#write();
          },
        },
      });
    this.#low = thumb('low end', (at) => this.#set(Math.min(this.#at(at), this.#value[1]), this.#value[1]));
    this.#high = thumb('high end', (at) => this.#set(this.#value[0], Math.max(this.#at(at), this.#value[0])));
    this.#lowField = field('low end', (value) => this.#set(value, Math.max(value, this.#value[1])));
    this.#highField = field('high end', (value) => this.#set(Math.min(value, this.#value[0]), value));
    this.element = h(
      'div',
      { class: 'voxbeam-window' },
      h('div', { class: 'voxbeam-range' }, this.#fill, this.#low, this.#high),
      this.#lowField,
      this.#highField,
      after,
    );
  }

  /** The ends of its scale. */
  get limits(): readonly [number, number] {
    return this.#limits;
  }

  /** Shows a value within limits; the limits give way to a value beyond them. */
  show(value: readonly [number, number], limits: readonly [number, number]): void {
    this.#value = value;
    // While a thumb is held the scale stays: it would run away under the pointer.
    if (!this.element.contains(document.activeElement)) this.#limits = limits;
    this.#limits = [Math.min(this.#limits[0], value[0]), Math.max(this.#limits[1], value[1])];
    this.#write();
  }

  #set(low: number, high: number): void {
    this.#value = [low, high];
    this.#write();
    this.changed(this.#value);
  }

  #at(share: number): number {
    const value = this.#limits[0] + share * (this.#limits[1] - this.#limits[0]);
    // A thousandth of the range is as exact as a thumb gets: the rest of the digits would be noise.
    return Number(value.toPrecision(5));
  }

  #write(): void {
    const span = this.#limits[1] - this.#limits[0] || 1;
    const [low, high] = this.#value.map((value) => (value - this.#limits[0]) / span) as [number, number];
    this.#low.value = String(Math.round(low * STEPS));
    this.#high.value = String(Math.round(high * STEPS));
    this.#fill.style.left = `${low * 100}%`;
    this.#fill.style.width = `${Math.max(0, high - low) * 100}%`;
    write(this.#lowField, this.#value[0]);
    write(this.#highField, this.#value[1]);
    this.#low.setAttribute('aria-valuetext', formatNumber(this.#value[0]));
    this.#high.setAttribute('aria-valuetext', formatNumber(this.#value[1]));
  }
}

/** Leaves a field alone while someone types into it. */
function write(field: HTMLInputElement, value: number): void {
  const text = String(Number(value.toPrecision(6)));
  if (field !== document.activeElement && field.value !== text) field.value = text;
}
