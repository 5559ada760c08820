/** The clip and the light in the side panel, as fields: what handles do, numbers do too. */

import { cameraBasis } from '../../renderer/camera.js';
import { h } from '../dom.js';
import { formatNumber } from '../format.js';
import { button } from '../toolbar.js';
import type { Bounds, ViewState } from '../view_state.js';
import type { InstrumentActions } from './actions.js';
import { boxOf, coordsOf } from './clip.js';
import { numberField, section, setNumber, wordButton } from './fields.js';
import { anglesOf, directionOf, lightNow } from './light.js';

const AXES = ['x', 'y', 'z'] as const;

export class ClipPanel {
  readonly element: HTMLElement;
  readonly #fields: readonly HTMLInputElement[];
  readonly #planes = h('div', { role: 'list' });
  #box: Bounds | undefined;
  #shown: ViewState['clip'];

  constructor(readonly actions: InstrumentActions) {
    this.#fields = [0, 1, 2, 3, 4, 5].map((i) =>
      numberField(`Clip ${AXES[i % 3]} ${i < 3 ? 'from' : 'to'}`, (value) => this.#set(i, value)),
    );
    const rows = AXES.map((axis, i) => h('div', { class: 'voxbeam-clip-row' }, h('span', { class: 'voxbeam-label' }, axis), this.#fields[i], this.#fields[i + 3]));
    const buttons = h(
      'div',
      { class: 'voxbeam-buttons' },
      wordButton('Crop to box', 'Crop to the selected box annotation', () => actions.crop(), { 'data-action': 'crop' }),
      wordButton('Add plane', 'Cut away what lies before the cross', () => actions.addPlane(), { 'data-action': 'plane' }),
      wordButton('Reset', 'Show everything again (shift c)', () => actions.unclip(), { 'data-action': 'unclip' }),
    );
    this.element = section('Clip', 'clip', h('div', { class: 'voxbeam-instrument' }, ...rows, this.#planes, buttons));
  }

  show({ clip, shows }: ViewState, bounds: Bounds | undefined): void {
    this.element.hidden = !shows.clip;
    if (!shows.clip) return;
    this.#box = clip?.box ?? bounds;
    for (const [i, value] of this.#box ? coordsOf(this.#box).entries() : []) setNumber(this.#fields[i] as HTMLInputElement, value);
    if (clip === this.#shown) return;
    this.#shown = clip;
    this.#planes.replaceChildren(
      ...(clip?.planes ?? []).map(({ normal, offset }, i) =>
        h(
          'div',
          { class: 'voxbeam-clip-plane', role: 'listitem' },
          h('span', {}, `Plane ${normal.map((n) => formatNumber(n, 2)).join(', ')} at`),
          this.#offset(i, offset),
          button('trash', `Remove plane ${i + 1}`, () => this.actions.removePlane(i)),
        ),
      ),
    );
  }

  #offset(at: number, offset: number): HTMLInputElement {
    const field = numberField(`Plane ${at + 1}: its distance from the origin`, (value) => this.actions.movePlane(at, value));
    setNumber(field, offset);
    return field;
  }

  #set(i: number, value: number): void {
    if (!this.#box) return;
    const coords = [...coordsOf(this.#box)];
    coords[i] = value;
    // A face typed through its opposite stops there.
    const axis = i % 3;
    const other = coords[i < 3 ? axis + 3 : axis] as number;
    coords[i] = i < 3 ? Math.min(value, other) : Math.max(value, other);
    this.actions.setBox(boxOf(coords as never));
  }
}

export class LightPanel {
  readonly element: HTMLElement;
  readonly #azimuth: HTMLInputElement;
  readonly #elevation: HTMLInputElement;

  constructor(actions: InstrumentActions) {
    const turn = () => actions.setLight(directionOf(Number(this.#azimuth.value), Number(this.#elevation.value)));
    const slider = (label: string, most: number) =>
      h('input', { type: 'range', min: -most, max: most, step: 1, title: label, 'aria-label': label, on: { input: turn } });
    this.#azimuth = slider('Light: degrees around z, from +x', 180);
    this.#elevation = slider('Light: degrees above the xy plane', 90);
    this.element = section(
      'Light',
      'light',
      h(
        'div',
        { class: 'voxbeam-instrument' },
        h('div', { class: 'voxbeam-light-row' }, h('span', { class: 'voxbeam-label' }, 'around'), this.#azimuth),
        h('div', { class: 'voxbeam-light-row' }, h('span', { class: 'voxbeam-label' }, 'above'), this.#elevation),
        h('div', { class: 'voxbeam-buttons' }, wordButton('Reset', 'The light over your left shoulder again', () => actions.setLight(undefined), { 'data-action': 'unlight' })),
      ),
    );
  }

  show({ light, shows, camera }: ViewState): void {
    this.element.hidden = !shows.light;
    if (!shows.light) return;
    const [azimuth, elevation] = anglesOf(lightNow(light, cameraBasis(camera)));
    for (const [slider, value] of [[this.#azimuth, azimuth], [this.#elevation, elevation]] as const) {
      if (slider !== slider.ownerDocument.activeElement || light === undefined) slider.value = String(Math.round(value));
    }
  }
}
