/** All about an image's values: colours, window, opacities, gamma, logarithm. */

import { DEFAULT_POINTS } from '../../annotation/default_points.js';
import type { LayerPatch } from '../../annotation/model.js';
import { colormapFunction } from '../../renderer/colormaps.js';
import { ColormapSelect } from '../colormap_select.js';
import { h, setAttribute } from '../dom.js';
import { autoWindow, type Histogram } from '../histogram.js';
import { wordButton } from '../instruments/fields.js';
import { RangeSlider } from '../range_slider.js';
import type { ShownLayer } from '../shown_layers.js';
import { button } from '../toolbar.js';
import { type Control, slider, tick } from './controls.js';
import { TransferEditor } from './transfer_editor.js';
import { toX, WIDTH } from './transfer_layout.js';

/** Share of values that the narrow window leaves out at each end. */
const NARROW = 0.01;

export class TransferFields {
  /** Label and field of each row; a row without a label takes the whole width. */
  readonly rows: readonly (readonly [string, HTMLElement])[];
  readonly #editor: TransferEditor;
  readonly #strip = h('div', { class: 'voxbeam-strip', 'aria-hidden': 'true' });
  readonly #told = h('output', { class: 'voxbeam-said' });
  readonly #colormap: ColormapSelect;
  readonly #auto: HTMLButtonElement;
  readonly #window: RangeSlider;
  readonly #gamma: Control<number>;
  readonly #log: Control<boolean>;
  readonly #logCounts: Control<boolean>;
  #countsByLog = true;
  #shown: ShownLayer | undefined;
  #histogram: Histogram | undefined;
  #drawnStrip = '';

  constructor(readonly changed: (patch: LayerPatch) => void) {
    this.#editor = new TransferEditor(changed, (words) => {
      this.#told.textContent = words;
    });
    this.#colormap = new ColormapSelect((colormap) => changed({ colormap }));
    this.#auto = button(undefined, 'Window from the values: nearly all of what is not background', () => changed({ window: undefined }), { 'data-action': 'auto' });
    this.#auto.append('Auto');
    this.#window = new RangeSlider('Window', (window) => changed({ window }), this.#auto);
    this.#gamma = slider('Gamma', { min: 0.1, max: 10, log: true, reset: 1 }, (gamma) => changed({ gamma }));
    this.#log = tick('log', 'Divide the window by the logarithm of the values', (log) => changed({ log }), 'log');
    this.#logCounts = tick('log counts', 'Draw the histogram by the logarithm of its counts', (on) => {
      this.#countsByLog = on;
      this.#draw();
    }, 'log-counts');
    const tools = h(
      'div',
      { class: 'voxbeam-buttons' },
      this.#logCounts.element,
      wordButton('1–99 %', 'Window without a hundredth of the values at each end', () => changed({ window: this.#narrow() }), { 'data-action': 'percentiles' }),
      wordButton('All', 'Window over all values', () => changed({ window: this.#whole() }), { 'data-action': 'whole' }),
      wordButton('Reset', 'Window, opacities, gamma and logarithm as for a new layer', () => changed({ window: undefined, points: DEFAULT_POINTS, gamma: 1, log: false }), { 'data-action': 'reset-transfer' }),
    );
    this.rows = [
      ['Colours', this.#colormap.element],
      ['', h('div', { class: 'voxbeam-transfer' }, this.#editor.element, this.#strip, this.#told)],
      ['', tools],
      ['Window', this.#window.element],
      ['Gamma', h('div', { class: 'voxbeam-pair voxbeam-grow' }, this.#gamma.element, this.#log.element)],
    ];
  }

  /** @param histogram the best there is */
  show(shown: ShownLayer, histogram: Histogram | undefined): void {
    this.#shown = shown;
    this.#histogram = histogram;
    this.#draw();
  }

  #draw(): void {
    if (!this.#shown) return;
    const { layer, settings, range, automatic } = this.#shown;
    this.#window.show(settings.window, [range.min, range.max]);
    setAttribute(this.#auto, 'aria-pressed', String(automatic));
    this.#colormap.show(layer.colormap);
    this.#gamma.show(layer.gamma);
    this.#log.show(layer.log);
    this.#logCounts.show(this.#countsByLog);
    this.#editor.show({ points: layer.points, window: settings.window, log: layer.log, histogram: this.#histogram, logCounts: this.#countsByLog });
    this.#drawStrip(layer.colormap, layer.gamma);
  }

  /** The colours under the window, as gamma leaves them. */
  #drawStrip(colormap: string, gamma: number): void {
    const key = `${colormap} ${gamma}`;
    if (key === this.#drawnStrip) return;
    this.#drawnStrip = key;
    const color = colormapFunction(colormap);
    const stops = Array.from({ length: 33 }, (_, i) => color((i / 32) ** gamma).map((c) => Math.round(c * 255)).join(' '));
    this.#strip.style.background = `linear-gradient(to right, ${stops.map((stop) => `rgb(${stop})`).join(', ')})`;
    this.#strip.style.marginLeft = `${(100 * toX(0)) / WIDTH}%`;
    this.#strip.style.marginRight = `${100 - (100 * toX(1)) / WIDTH}%`;
  }

  #narrow(): readonly [number, number] {
    return autoWindow(this.#histogram, this.#shown?.range, NARROW);
  }

  #whole(): readonly [number, number] {
    const { min, max } = this.#shown?.range ?? { min: 0, max: 1 };
    return [min, max > min ? max : min + Math.max(1e-6, Math.abs(min) * 1e-3)];
  }
}
