/** Draws one layer of a slice: from tiles where it has them, and from bricks elsewhere, so that there is always something to see. */

import type { DeviceRect, Fullscreen } from './fullscreen.js';
import type { SliceInSpace } from './slice_in_space.js';
import { SlicePass } from './slice_pass.js';
import type { SliceTiles } from './slice_tiles.js';
import type { VolumeSource } from './source.js';
import { pixelsOf, TilePass } from './tile_pass.js';
import type { SliceView } from './views.js';
import type { VolumeState } from './volume_state.js';

export class SliceDrawing {
  readonly #bricks: SlicePass;
  #tilePass: TilePass | undefined;

  constructor(
    readonly screen: Fullscreen,
    readonly tiles: SliceTiles,
  ) {
    this.#bricks = new SlicePass(screen);
  }

  /**
   * Draws a layer into `rect` of the canvas; false where no voxel of it was drawn.
   *
   * @param space where the slice stands in a picture in perspective: `rect` is then of the slice
   */
  draw(source: VolumeSource, volume: VolumeState, view: SliceView, rect: DeviceRect, ratio: number, space?: SliceInSpace): boolean {
    const has = source.table.outcome.any;
    const tiled = this.tiles.quads(view.id, volume);
    // Drawn with an empty table too: the shader is then compiled while the first brick is still on its way.
    if (!tiled) return this.#bricks.draw(source, volume, view, rect, ratio, rect, space) && has;
    let any = false;
    for (const { window, entry } of tiled.quads) {
      if (entry || !has) continue;
      const clip = pixelsOf(tiled.slice, view, rect, ratio, window);
      if (clip.width > 0 && clip.height > 0) any = this.#bricks.draw(source, volume, view, rect, ratio, clip, space) || any;
    }
    if (!tiled.quads.some(({ entry }) => entry)) return any;
    this.#tilePass ??= new TilePass(this.screen);
    const { slice, atlas } = tiled;
    return this.#tilePass.draw(tiled.quads, { slice, atlas, geometry: volume.geometry }, volume, view, rect, ratio, space) || any;
  }

  dispose(): void {
    this.#bricks.dispose();
    this.#tilePass?.dispose();
  }
}
