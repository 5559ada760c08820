/** Puts the volumes into the views: at first, on reset, and as they come, until someone moves a view. */

import type { Vec3, VolumeGeometry } from '../volume/geometry.js';
import { contentOf, unitedBounds } from './bounds.js';
import { geometryOf, type ShownLayers } from './shown_layers.js';
import { snapped } from './slice_controls.js';
import { type Bounds, fitted, fittedPixelSize, type Size, type ViewState, type ViewStore } from './view_state.js';

export class Framing {
  #bounds: Bounds | undefined;
  #content: Bounds | undefined;
  #moved = false;
  #fitting = false;

  constructor(
    readonly store: ViewStore,
    readonly layers: ShownLayers,
    readonly size: () => Size,
  ) {
    store.onChange((state, before) => {
      const fields: (keyof ViewState)[] = ['camera', 'center', 'pixelSize', 'cross'];
      this.#keepShare(state, before);
      if (!this.#fitting && fields.some((field) => state[field] !== before[field])) this.#moved = true;
    });
  }

  /** World bounds of all volumes; undefined without any. */
  get bounds(): Bounds | undefined {
    return this.#bounds;
  }

  /** The volume whose voxels slices go through. */
  get grid(): VolumeGeometry | undefined {
    const { leading } = this.layers;
    return leading && geometryOf(leading.volume.description);
  }

  /** The nearest place where slices go through voxels. */
  snap(place: Vec3): Vec3 {
    return this.grid ? snapped(place, this.grid) : place;
  }

  /** Volumes came, went or became better known. */
  volumesChanged(): void {
    const bounds = unitedBounds(this.layers.list);
    const content = contentOf(this.layers.list);
    if (JSON.stringify([bounds, content]) === JSON.stringify([this.#bounds, this.#content])) return;
    this.#bounds = bounds;
    this.#content = content;
    this.resized();
  }

  /** The room for the views changed. */
  resized(): void {
    if (!this.#moved) this.fit();
  }

  /** Slices that get more or less room by another layout, or stand alone, show as much of the volumes in it as before. */
  #keepShare(state: ViewState, before: ViewState): void {
    const placed = state.layout !== before.layout || state.maximised !== before.maximised;
    const size = this.size();
    if (!placed || !this.#bounds || state.pixelSize !== before.pixelSize || size.width < 1 || size.height < 1) return;
    const [now, then] = [state, before].map(({ layout, maximised }) => fittedPixelSize(this.#bounds as Bounds, layout, maximised, size)) as [number, number];
    if (now === then || now <= 0 || then <= 0) return;
    this.#fitting = true;
    this.store.update({ pixelSize: (state.pixelSize * now) / then });
    this.#fitting = false;
  }

  /** Shows all of the volumes. What was moved by hand is forgotten. */
  fit(): void {
    const size = this.size();
    if (!this.#bounds || size.width < 1 || size.height < 1) return;
    const fit = fitted(this.#bounds, this.store.state.layout, this.store.state.maximised, size, this.#content);
    this.#fitting = true;
    this.store.update(fit.cross ? { ...fit, cross: this.snap(fit.cross) } : fit);
    this.#fitting = false;
    this.#moved = false;
  }
}
