/** Labels of which something is said (a colour of their own, or that they are picked out), as a hash table that the shaders read. */

import * as THREE from 'three';
import { labelHash } from './colormaps.js';
import type { LayerSettings } from './views.js';

/** Most entries that a shader looks at for one id. */
export const LABEL_PROBES = 8;
/** Most ids of which something can be said: one more is as if nothing were said of it. */
export const MAX_SAID = 8192;
/** Bytes of the largest table. */
export const LABEL_LOOKUP_BYTES = 16 * MAX_SAID * 8;
/** Weight of the opacity of labels that are not picked out while others are. */
export const UNPICKED_WEIGHT = 0.25;

const COLORED = 0x1000000;
const PICKED = 0x2000000;
const MAX_ID = 2 ** 32 - 1;

type LabelSettings = Pick<LayerSettings, 'labelColors' | 'selected' | 'isolate'>;

/** Whether anything is said of single labels. */
export const hasLabelLook = ({ labelColors, selected }: LabelSettings): boolean => selected.length > 0 || Object.keys(labelColors).length > 0;

/** Weight of the opacity of labels that are not picked out. */
export function restWeight({ selected, isolate }: LabelSettings): number {
  if (selected.length === 0) return 1;
  return isolate ? 0 : UNPICKED_WEIGHT;
}

/**
 * Pairs (id, what is said) by hash, as many as a power of two: an id stands within `LABEL_PROBES` of its hash. Ids beyond 32 bits are
 * in no volume and are left out.
 */
export function labelTable(settings: LabelSettings): Uint32Array {
  const said = new Map<number, number>();
  const put = (text: string, bits: number): void => {
    const id = Number(text);
    if (!Number.isInteger(id) || id <= 0 || id > MAX_ID || (said.size >= MAX_SAID && !said.has(id))) return;
    said.set(id, (said.get(id) ?? 0) | bits);
  };
  for (const id of settings.selected) put(id, PICKED);
  for (const [id, hex] of Object.entries(settings.labelColors)) {
    const rgb = Number.parseInt(hex.slice(1), 16);
    put(id, COLORED | (rgb >>> 16) | (rgb & 0xff00) | ((rgb & 255) << 16));
  }
  for (let width = 16; ; width *= 2) {
    const table = place(said, width);
    if (table) return table;
  }
}

/** The table of a width, or undefined where an id would stand too far from its hash. A table of 16 times the ids is always enough in practice. */
function place(said: ReadonlyMap<number, number>, width: number): Uint32Array | undefined {
  if (said.size * 2 > width) return undefined;
  const table = new Uint32Array(2 * width);
  for (const [id, bits] of said) {
    let at = labelHash(id) & (width - 1);
    let probes = 1;
    for (; table[2 * at] !== 0; at = (at + 1) & (width - 1)) {
      probes += 1;
      if (probes > LABEL_PROBES) return undefined;
    }
    table[2 * at] = id;
    table[2 * at + 1] = bits;
  }
  return table;
}

/** The table as a texture, made anew when what is said changes. */
export class LabelLookup {
  texture: THREE.DataTexture | undefined;
  #made = '';

  /** The texture for these settings, or undefined where nothing is said. */
  update(settings: LabelSettings): THREE.DataTexture | undefined {
    const { labelColors, selected } = settings;
    const wanted = JSON.stringify([labelColors, selected]);
    if (wanted === this.#made) return this.texture;
    this.#made = wanted;
    this.dispose();
    if (!hasLabelLook(settings)) return undefined;
    const table = labelTable(settings);
    const texture = new THREE.DataTexture(table, table.length / 2, 1, THREE.RGIntegerFormat, THREE.UnsignedIntType);
    texture.internalFormat = 'RG32UI';
    texture.minFilter = texture.magFilter = THREE.NearestFilter;
    texture.needsUpdate = true;
    this.texture = texture;
    return texture;
  }

  dispose(): void {
    this.texture?.dispose();
    this.texture = undefined;
  }
}
