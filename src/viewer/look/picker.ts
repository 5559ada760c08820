/** Picking by click: the label under the pointer is selected, and whoever listens is told what is there. */

import type { LayerPatch } from '../../annotation/model.js';
import type { Picked, Pixel, View } from '../../renderer/views.js';
import type { Vec3 } from '../../volume/geometry.js';
import { labelId } from '../../volume/label_ids.js';
import { formatNumber } from '../format.js';
import type { ShownLayer } from '../shown_layers.js';
import { toggled } from './label_edits.js';

/** What was picked, in words of the instance. */
export interface PickedThing {
  /** Name of the volume. */
  readonly volume: string;
  /** Voxel z, y, x of level 0; absent of a point. */
  readonly voxel?: Vec3;
  /** World x, y, z. */
  readonly world: Vec3;
  /** Of an image. */
  readonly value?: number;
  /** Of a label; a decimal number, for it may be beyond what a float tells apart. */
  readonly id?: string;
  /** Of a point: its number in the source, and what else is known of it, by name; null for what is not a number. */
  readonly point?: number;
  readonly properties?: Readonly<Record<string, number | null>>;
}

/** What picking needs of the viewer around it. */
export interface PickerHost {
  layers(): readonly ShownLayer[];
  pick(view: string, px: Pixel, of?: 'labels'): Picked | undefined;
  setLayer(id: string, patch: LayerPatch): void;
  tell(message: string): void;
  /** Hears of each pick. */
  told(picked: PickedThing): void;
}

export class Picker {
  constructor(readonly host: PickerHost) {}

  /**
   * Picks what is under a pixel.
   *
   * @param more adds a label to those selected, or takes it from them; else it is the only one, and a click on none selects none
   */
  click(view: View, px: Pixel, more: boolean): void {
    const { host } = this;
    const label = host.pick(view.id, px, 'labels');
    const of = (picked: Picked | undefined) => host.layers().find(({ volume }) => volume.handle === picked?.volume);
    const labels = of(label);
    if (label?.value && labels) {
      const id = labelId(labels.volume.description, label.value);
      const { selected } = labels.layer;
      const only = selected.length === 1 && selected[0] === id;
      host.setLayer(labels.layer.id, { selected: more ? toggled(selected, id) : only ? [] : [id] });
      this.#tell(labels, label, { id });
      return;
    }
    if (!more) for (const { layer } of host.layers()) if (layer.kind === 'labels' && layer.visible && layer.selected.length > 0) host.setLayer(layer.id, { selected: [] });
    const picked = host.pick(view.id, px);
    const image = of(picked);
    if (picked && image && image.layer.kind !== 'labels') this.#tell(image, picked, picked.value === undefined ? {} : { value: picked.value });
  }

  #tell({ volume: { description } }: ShownLayer, { voxel, world, point }: Picked, what: { value?: number; id?: string }): void {
    if (point) {
      const properties = Object.fromEntries(Object.entries(point.properties).map(([name, n]) => [name, Number.isFinite(n) ? n : null]));
      this.host.told({ volume: description.name, world, ...what, point: point.index, properties });
      this.host.tell(`${description.name}, point ${point.index}: ${formatNumber(what.value ?? Number.NaN)}`);
      return;
    }
    this.host.told({ volume: description.name, voxel, world, ...what });
    const words = what.id ?? (what.value === undefined ? 'nothing here yet' : formatNumber(what.value));
    this.host.tell(`${description.name} at voxel ${voxel.join(', ')}: ${words}`);
  }
}
