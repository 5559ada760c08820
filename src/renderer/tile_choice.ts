/** Whether a slice comes as tiles, and which way it goes. Pure. */

import { sliceLevel } from '../volume/slice_plan.js';
import type { SliceView } from './views.js';
import type { VolumeState } from './volume_state.js';

/** Bricks that a level may have for slices to be drawn from them: they serve every plane, and the 3D view too. */
const FEW_BRICKS = 8;
/** Whether slices of a volume come as tiles: where its bricks at the level that is wanted are more than a few. */
export function usesTiles(view: SliceView, volume: VolumeState, ratio: number): boolean {
  if (view.slab && volume.isImage) return true;
  const level = sliceLevel(volume.geometry, volume.numbering.levels, view.pixelSize / ratio);
  return volume.numbering.grid(level).reduce((a, b) => a * b) > FEW_BRICKS;
}

/** How far a slice went along its normal, where nothing else of it changed; undefined where it did not. */
export function stepBetween(before: SliceView | undefined, now: SliceView): number | undefined {
  if (!before || before.position === now.position) return undefined;
  const { position: _p, ...a } = before;
  const { position: _q, ...b } = now;
  return JSON.stringify(a) === JSON.stringify(b) ? now.position - before.position : undefined;
}
