/** A cloud of points: how large its points are, and the values of those that are shown. */

import type { LayerPatch } from '../../annotation/model.js';
import { RangeSlider } from '../range_slider.js';
import type { ShownLayer } from '../shown_layers.js';
import { button } from '../toolbar.js';
import { type Control, slider } from './controls.js';

export class PointFields {
  readonly rows: readonly (readonly [string, HTMLElement])[];
  readonly #radius: Control<number>;
  readonly #range: RangeSlider;
  readonly #all: HTMLButtonElement;

  constructor(changed: (patch: LayerPatch) => void) {
    this.#radius = slider('Factor of the radii', { min: 0.05, max: 20, log: true, reset: 1 }, (radius) => changed({ radius }));
    this.#all = button(undefined, 'Points of all values', () => changed({ range: undefined }), { 'data-action': 'all-points' });
    this.#all.append('All');
    this.#range = new RangeSlider('Values shown', (range) => changed({ range }), this.#all);
    this.rows = [['Radius', this.#radius.element], ['Shown', this.#range.element]];
  }

  show({ layer, range }: ShownLayer): void {
    this.#radius.show(layer.radius);
    this.#range.show(layer.range ?? [range.min, range.max], [range.min, range.max]);
    this.#all.setAttribute('aria-pressed', String(layer.range === undefined));
  }
}
