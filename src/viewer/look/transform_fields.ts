/** Where a layer stands in the world, as numbers: moved, turned and scaled. */

import type { LayerTransform } from '../../annotation/look.js';
import type { LayerPatch } from '../../annotation/model.js';
import { h } from '../dom.js';
import { numberField, setNumber, wordButton } from '../instruments/fields.js';
import { type Degrees, degreesOf, quaternionOf } from './euler.js';

const NONE: LayerTransform = { translate: [0, 0, 0], rotate: [0, 0, 0, 1], scale: [1, 1, 1] };
const AXES = ['x', 'y', 'z'] as const;

type Row = readonly [HTMLInputElement, HTMLInputElement, HTMLInputElement];

export class TransformFields {
  readonly element: HTMLElement;
  readonly #translate: Row;
  readonly #rotate: Row;
  readonly #scale: Row;
  #shown: LayerTransform = NONE;

  constructor(readonly changed: (patch: LayerPatch) => void) {
    const replaced = (values: readonly number[], at: number, value: number) => values.map((old, i) => (i === at ? value : old)) as [number, number, number];
    const row = (words: string, set: (at: number, value: number) => void): Row =>
      AXES.map((axis, i) => numberField(`${words} ${axis}`, (value) => set(i, value))) as unknown as Row;
    this.#translate = row('Move along', (i, value) => this.#set({ translate: replaced(this.#shown.translate, i, value) }));
    this.#rotate = row('Turn about, in degrees,', (i, value) => this.#set({ rotate: [...quaternionOf(replaced(degreesOf(this.#shown.rotate), i, value) as Degrees)] }));
    this.#scale = row('Scale along', (i, value) => (value > 0 ? this.#set({ scale: replaced(this.#shown.scale, i, value) }) : this.#write()));
    const line = (words: string, fields: Row) => [h('span', { class: 'voxbeam-label', 'aria-hidden': 'true' }, words), ...fields];
    this.element = h(
      'div',
      { class: 'voxbeam-transform' },
      ...line('Move', this.#translate), ...line('Turn °', this.#rotate), ...line('Scale', this.#scale),
      wordButton('Back in place', 'No moving, turning or scaling', () => changed({ transform: undefined }), { 'data-action': 'no-transform' }),
    );
  }

  show(transform: LayerTransform | undefined): void {
    this.#shown = transform ?? NONE;
    this.#write();
  }

  #set(part: Partial<LayerTransform>): void {
    this.#shown = { ...this.#shown, ...part };
    this.changed({ transform: this.#shown });
    this.#write();
  }

  #write(): void {
    const rows: readonly (readonly [Row, readonly number[]])[] = [
      [this.#translate, this.#shown.translate], [this.#rotate, degreesOf(this.#shown.rotate)], [this.#scale, this.#shown.scale],
    ];
    for (const [fields, values] of rows) for (const [i, field] of fields.entries()) setNumber(field, values[i] as number);
  }
}
