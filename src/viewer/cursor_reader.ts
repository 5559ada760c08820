/** Follows the pointer and writes what lies under it into the footer, no more often than it can be read. */

import type { Picked, Pixel, View } from '../renderer/views.js';
import type { Vec3 } from '../volume/geometry.js';
import { type Lookup, readout } from './readout.js';
import type { ShownLayers } from './shown_layers.js';
import { onFacingPlane } from './view_geometry.js';

/** Values in 3D come from a ray through the bricks in memory: not with every move of the mouse. */
const PICK_MS = 80;

/** What reading needs of the viewer around it. */
export interface ReaderContext {
  readonly layers: ShownLayers;
  readonly lookup: Lookup;
  view(id: string): View | undefined;
  pick(view: string, px: Pixel): Picked | undefined;
  cross(): Vec3;
  show(text: string): void;
  /** What the pointer is over has changed. */
  found?(): void;
}

export class CursorReader {
  /** World point under the pointer, as it was read last. */
  world: Vec3 | undefined;
  #place: { readonly view: string; readonly px: Pixel } | undefined;
  #unread = false;
  #lastPick = Number.NEGATIVE_INFINITY;

  constructor(readonly context: ReaderContext) {}

  /** The view that the pointer was over last. */
  get lastView(): string | undefined {
    return this.#place?.view;
  }

  /** The pointer is at this place of a view now, or nowhere. */
  pointAt(view: View | undefined, px: Pixel | undefined): void {
    this.#unread = view !== undefined && px !== undefined;
    if (view && px) this.#place = { view: view.id, px };
    else {
      this.context.show('');
      this.#find(undefined);
    }
  }

  /** Writes what is under the pointer where that is due; true where it has to wait for a later frame. */
  read(now: number): boolean {
    const { context } = this;
    const { leading, list } = context.layers;
    const view = this.#place && context.view(this.#place.view);
    if (!this.#unread || !this.#place || !view || !leading) return false;
    if (view.kind === 'volume' && now - this.#lastPick < PICK_MS) return true;
    this.#unread = false;
    if (view.kind === 'volume') this.#lastPick = now;
    const picked = context.pick(view.id, this.#place.px);
    const world = picked?.world ?? (view.kind === 'slice' ? onFacingPlane(view, this.#place.px, context.cross()) : undefined);
    this.#find(world);
    context.show(world ? readout({ world, picked }, list, leading, context.lookup) : '');
    return false;
  }
  #find(world: Vec3 | undefined): void {
    if (world === this.world) return;
    this.world = world;
    this.context.found?.();
  }
}
