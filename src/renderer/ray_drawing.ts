/** Chooses the pass that draws a view's rays: the fast one where it can, else the one for several layers. */

import type { Fullscreen } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import { LayersPass } from './layers_pass.js';
import type { VolumeSource } from './source.js';
import { type RayFrame, VolumePass } from './volume_pass.js';
import { UNPLACED } from '../volume/placement.js';

/** Draws layers by rays. */
export class RayDrawing {
  readonly #plain: VolumePass;
  #layers: LayersPass | undefined;

  constructor(
    readonly screen: Fullscreen,
    readonly budget: GpuBudget,
  ) {
    this.#plain = new VolumePass(screen, budget);
  }

  /** Draws layers from the lowest to the highest; false where there is nothing to draw from yet. */
  draw(sources: readonly VolumeSource[], frame: RayFrame): boolean {
    const plain = plainPair(sources);
    if (plain) return this.#plain.draw({ ...frame, ...plain, shaded: plain.primary.settings.shading === 'local' });
    this.#layers ??= new LayersPass(this.screen, this.budget);
    return this.#layers.draw(sources, frame);
  }

  /** A sentence for the user where not all layers could be drawn. */
  get problem(): string | undefined {
    const left = this.#layers?.left ?? 0;
    if (left === 0) return undefined;
    return `Only so many layers can be drawn into one picture: the lowest ${left === 1 ? 'one is' : `${left} are`} left out. Hide one to see ${left === 1 ? 'it' : 'them'}.`;
  }

  dispose(): void {
    this.#plain.dispose();
    this.#layers?.dispose();
  }
}

/** An image, labels, or labels over an image, where that is all and nothing about them is special. */
export function plainPair(sources: readonly VolumeSource[]): { primary: VolumeSource; overlay?: VolumeSource } | undefined {
  if (!sources.every(isPlain)) return undefined;
  const images = sources.filter(({ atlas }) => !atlas.storage.labels);
  const labels = sources.filter(({ atlas }) => atlas.storage.labels);
  const primary = images[0] ?? labels[0];
  if (!primary || images.length > 1 || labels.length > 1) return undefined;
  const overlay = images.length > 0 ? labels[0] : undefined;
  // Light that is added to a picture is another sum than one that covers it.
  if (overlay?.settings.blend === 'additive' || (overlay && primary.settings.blend === 'additive')) return undefined;
  return overlay ? { primary, overlay } : { primary };
}

function isPlain({ atlas, settings, placement, shader }: VolumeSource): boolean {
  if (placement !== UNPLACED || shader) return false;
  if (atlas.storage.labels) return settings.labelStyle === 'fill';
  return settings.mode === 'mip' || (settings.mode === 'dvr' && (settings.shading === 'none' || settings.shading === 'local'));
}
