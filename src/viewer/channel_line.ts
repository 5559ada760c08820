/** What is changed most of a channel, always at hand in its row: its colour and its window. */

import type { LayerPatch } from '../annotation/model.js';
import { colormapStops } from '../renderer/colormaps.js';
import { h, setAttribute } from './dom.js';
import { RangeSlider } from './range_slider.js';
import type { ShownLayer } from './shown_layers.js';
import { button } from './toolbar.js';

export class ChannelLine {
  /** Stands in the row, before the name. */
  readonly color: HTMLInputElement;
  /** Stands under the row. */
  readonly element: HTMLElement;
  readonly #auto: HTMLButtonElement;
  readonly #window: RangeSlider;

  constructor(changed: (patch: LayerPatch) => void) {
    this.color = h('input', { type: 'color', title: 'Colour of the channel: a ramp from black', on: { input: () => changed({ colormap: this.color.value }) } });
    this.#auto = button(undefined, 'Window from the values: nearly all of what is not background', () => changed({ window: undefined }), { 'data-action': 'auto' });
    this.#auto.append('Auto');
    this.#window = new RangeSlider('Window of the channel', (window) => changed({ window }), this.#auto);
    this.element = h('div', { class: 'voxbeam-channel' }, this.#window.element);
  }

  show({ volume, layer, settings, range, automatic }: ShownLayer): void {
    setAttribute(this.color, 'aria-label', `Colour of ${volume.description.channel?.name || volume.description.name}`);
    const color = brightest(layer.colormap);
    if (document.activeElement !== this.color && this.color.value !== color) this.color.value = color;
    this.#window.show(settings.window, [range.min, range.max]);
    setAttribute(this.#auto, 'aria-pressed', String(automatic));
  }
}

/** The colour of a map's high end, '#rrggbb'. */
export function brightest(colormap: string): string {
  const top = colormapStops(colormap).at(-1) ?? [1, 1, 1];
  return `#${top.map((part) => Math.round(part * 255).toString(16).padStart(2, '0')).join('')}`;
}
