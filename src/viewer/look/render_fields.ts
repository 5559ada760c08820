/** How an image is drawn in 3D and joins what lies below it. */

import type { Layer, LayerPatch } from '../../annotation/model.js';
import { choice, type Control, slider, switches } from './controls.js';

type Mode = Layer['mode'];
type Shading = Layer['shading'];
type Blend = Layer['blend'];

const MODES: readonly (readonly [Mode, string, string])[] = [
  ['dvr', 'Vol', 'Direct volume rendering'],
  ['mip', 'Max', 'Maximum intensity projection'],
  ['minip', 'Min', 'Minimum intensity projection'],
  ['mean', 'Mean', 'Mean of the values along each ray'],
  ['iso', 'Iso', 'Isosurface: where the values pass a level'],
];
const SHADINGS: readonly (readonly [Shading, string])[] = [
  ['none', 'none'],
  ['local', 'local, by the gradient'],
  ['scattering', 'scattering, with shadows'],
  ['occlusion', 'ambient occlusion'],
];
const BLENDS: readonly (readonly [Blend, string])[] = [
  ['over', 'over what lies below'],
  ['additive', 'adds its light'],
];

export class RenderFields {
  readonly rows: readonly (readonly [string, HTMLElement])[];
  readonly #mode: Control<Mode>;
  readonly #iso: Control<number>;
  readonly #shading: Control<Shading>;
  readonly #blend: Control<Blend>;

  constructor(changed: (patch: LayerPatch) => void) {
    this.#mode = switches('Rendering', 'mode', MODES, (mode) => changed({ mode }));
    this.#iso = slider('Level of the isosurface, within the window', { min: 0, max: 1, step: 0.005, reset: 0.5 }, (iso) => changed({ iso }));
    this.#shading = choice('Shading', SHADINGS, (shading) => changed({ shading }));
    this.#blend = choice('Blending', BLENDS, (blend) => changed({ blend }));
    this.rows = [['3D', this.#mode.element], ['Level', this.#iso.element], ['Shading', this.#shading.element], ['Blend', this.#blend.element]];
  }

  show({ mode, iso, shading, blend }: Layer): void {
    this.#mode.show(mode);
    this.#iso.show(iso);
    this.#shading.show(shading);
    this.#blend.show(blend);
    const isoOnly = this.#iso.element.previousElementSibling;
    for (const element of [this.#iso.element, isoOnly]) if (element instanceof HTMLElement) element.hidden = mode !== 'iso';
  }
}
