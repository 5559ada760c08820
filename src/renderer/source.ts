/** A volume as the passes take it: where its bricks are on the GPU and how they are shown. */

import type * as THREE from 'three';
import type { LayerSettings } from './views.js';
import type { VolumeGeometry } from '../volume/geometry.js';
import { REFERENCE_STEPS, opacityOfStep } from '../volume/opacity.js';
import type { BrickNumbering } from '../volume/brick_key.js';
import type { Placement } from '../volume/placement.js';
import type { BrickAtlas } from './brick_atlas.js';
import type { LabelLookup } from './label_lookup.js';
import type { PageTable } from './page_table.js';
import { cellFrame, type TableWindow, widestCell, windowBox } from './table_window.js';
import type { TransferTexture } from './transfer_function.js';
import type { UserShader } from './user_shader.js';
import type { WindowUniform } from './storage.js';
import { BRICK_EDGE } from '../protocol/limits.js';

/** What a pass draws. */
export interface VolumeSource {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  readonly atlas: BrickAtlas;
  readonly table: PageTable;
  readonly transfer: TransferTexture;
  /** From a texel's number to a place in the window of values. */
  readonly window: WindowUniform;
  /** From a texel's number, times the window's power, to the voxels' own value. */
  readonly raw: { readonly scale: number; readonly offset: number };
  readonly settings: LayerSettings;
  readonly placement: Placement;
  /** Of the camera (closeness.ts): opacities are for a length that is shorter by this; 1 on slices. */
  readonly closeness: number;
  /** Labels: what is said of single ids. */
  readonly lookup?: LabelLookup | undefined;
  /** A user's shader that may be drawn with. */
  readonly shader?: UserShader | undefined;
}

/** World length of a step at level 0: the shortest edge of a voxel. */
export function stepLength(geometry: VolumeGeometry): number {
  return Math.min(...geometry.voxelSize);
}

/** Length of a step at level 0 as a fraction of the length that opacities are for, where a layer is seen as a whole. */
export function stepFraction(geometry: VolumeGeometry): number {
  const edges = geometry.shape.map((n, i) => n * (geometry.voxelSize[i] as number));
  return (stepLength(geometry) * REFERENCE_STEPS) / Math.max(...edges);
}

/** Opacity of labels in a step of a voxel of level 0. Labels as opaque as can be still let their depth be seen. */
export function labelStepOpacity(geometry: VolumeGeometry, opacity: number, closeness: number): number {
  return opacityOfStep(opacity * 0.5, stepFraction(geometry) * closeness);
}

/** What the shaders need to know of a table and its atlas. */
export interface Lookup {
  readonly window: TableWindow;
  readonly table: THREE.Data3DTexture;
  readonly atlas: THREE.Data3DTexture;
  /** x, y, z. */
  readonly invGrid: readonly [number, number, number];
  readonly cellToAtlas: readonly [number, number, number];
  readonly frame: ReturnType<typeof cellFrame>;
  readonly box: ReturnType<typeof windowBox>;
  readonly widest: number;
}

/** The look-up of a source, or undefined while its table was never filled. */
export function lookupOf(source: VolumeSource): Lookup | undefined {
  const { window } = source.table;
  if (!window) return undefined;
  const [z, y, x] = [window.size[0] * (window.nest?.origins.length ?? 1), window.size[1], window.size[2]];
  const size = source.atlas.size;
  return {
    window,
    table: source.table.texture,
    atlas: source.atlas.texture,
    invGrid: [1 / x, 1 / y, 1 / z],
    cellToAtlas: [BRICK_EDGE / size[0], BRICK_EDGE / size[1], BRICK_EDGE / size[2]],
    frame: cellFrame(source.geometry, window),
    box: windowBox(source.geometry, window),
    widest: widestCell(source.numbering, window),
  };
}
