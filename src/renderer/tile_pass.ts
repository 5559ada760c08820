/** Draws one slice of a volume from its tiles, of whatever levels are here. */

import * as THREE from 'three';
import { STORED_TILE_EDGE, TILE_BORDER, TILE_EDGE } from '../protocol/limits.js';
import type { Vec3, VolumeGeometry } from '../volume/geometry.js';
import type { PlaneWindow } from '../volume/tile_plan.js';
import type { DeviceRect, Fullscreen } from './fullscreen.js';
import planeVertex from './shaders/plane.vert.glsl';
import tileFragment from './shaders/tile.frag.glsl';
import tileVertex from './shaders/tile.vert.glsl';
import { CORNERS, PLANE_UNIFORMS, PlaneQuads, type SliceInSpace } from './slice_in_space.js';
import { type SliceLook, SliceMaterials } from './slice_look.js';
import type { SlicePlane } from './slice_plane.js';
import type { TileQuad } from './slice_tiles.js';
import type { TileAtlas } from './tile_atlas.js';
import type { SliceView } from './views.js';

/** Where texels (column `a`, row `b`) of level 0 are, in device pixels of the canvas. */
export function texelToPixel(slice: SlicePlane, view: SliceView, rect: DeviceRect, ratio: number, a: number, b: number): [number, number] {
  const size = view.pixelSize / ratio;
  return [rect.x + rect.width / 2 + (a - slice.a) / (slice.right * size), rect.y + rect.height / 2 + (b - slice.b) / (slice.up * size)];
}

/** The pixels whose centres a part of a plane covers. */
export function pixelsOf(slice: SlicePlane, view: SliceView, rect: DeviceRect, ratio: number, window: PlaneWindow): DeviceRect {
  const [xa, ya] = texelToPixel(slice, view, rect, ratio, window.a0, window.b0);
  const [xb, yb] = texelToPixel(slice, view, rect, ratio, window.a1, window.b1);
  const first = (p: number, q: number) => Math.ceil(Math.min(p, q) - 0.5);
  const [x, y] = [Math.max(first(xa, xb), rect.x), Math.max(first(ya, yb), rect.y)];
  const right = Math.min(Math.ceil(Math.max(xa, xb) - 0.5), rect.x + rect.width);
  const top = Math.min(Math.ceil(Math.max(ya, yb) - 0.5), rect.y + rect.height);
  return { x, y, width: Math.max(right - x, 0), height: Math.max(top - y, 0) };
}

const NAMES = ['uAtlas', 'uPlace', 'uPlaceDx', 'uPlaceDy', 'uBoxMin', 'uBoxMax'] as const;

export class TilePass {
  readonly #materials = new SliceMaterials(tileVertex, tileFragment, NAMES);
  readonly #inSpace = new SliceMaterials(`#define TILES\n${planeVertex}`, tileFragment, [...NAMES, ...PLANE_UNIFORMS], true);
  readonly #quads = new PlaneQuads();
  readonly #scene = new THREE.Scene();
  readonly #mesh = new THREE.Mesh();

  constructor(readonly screen: Fullscreen) {
    this.#mesh.frustumCulled = false;
    this.#scene.add(this.#mesh);
    this.#scene.matrixWorldAutoUpdate = false;
  }

  /**
   * Draws the quads that have a tile; false where none has.
   *
   * @param space where the slice stands in a picture in perspective: `rect` is then of the slice
   */
  draw(
    quads: readonly TileQuad[],
    { slice, atlas, geometry }: { readonly slice: SlicePlane; readonly atlas: TileAtlas; readonly geometry: VolumeGeometry },
    look: SliceLook,
    view: SliceView,
    rect: DeviceRect,
    ratio: number,
    space?: SliceInSpace,
  ): boolean {
    const windows: [number, number, number, number][] = [];
    const maps: number[] = [];
    const cells: number[] = [];
    const { u, v, origin } = slice.frame;
    const size = view.pixelSize / ratio;
    const [perX, perY] = [slice.right * size, slice.up * size];
    // Texels of level 0 at gl_FragCoord (0, 0).
    const [a0, b0] = [slice.a - (rect.x + rect.width / 2) * perX, slice.b - (rect.y + rect.height / 2) * perY];
    for (const { window, entry } of quads) {
      if (!entry) continue;
      const scale = 2 ** entry.level;
      const [cornerX, cornerY] = atlas.cornerOf(entry.slot);
      const map = [
        cornerX + a0 / scale - TILE_EDGE * entry.column + TILE_BORDER, cornerY + b0 / scale - TILE_EDGE * entry.row + TILE_BORDER,
        perX / scale, perY / scale,
      ];
      windows.push([
        ...texelToPixel(slice, view, rect, ratio, window.a0, window.b0),
        ...texelToPixel(slice, view, rect, ratio, window.a1, window.b1),
      ]);
      for (const _ of CORNERS) {
        maps.push(...map);
        cells.push(cornerX + 0.5, cornerY + 0.5, cornerX + STORED_TILE_EDGE - 0.5, cornerY + STORED_TILE_EDGE - 0.5);
      }
    }
    if (windows.length === 0) return false;
    const voxels = (a: number, b: number): Vec3 => [0, 1, 2].map((axis) => a * u[axis]! + b * v[axis]!) as unknown as Vec3;
    const middle = voxels(slice.a, slice.b).map((n, axis) => n + origin[axis]!);
    const material = (space ? this.#inSpace : this.#materials).get(atlas.storage, look, {
      ...space?.uniforms,
      uAtlas: atlas.texture,
      uPlace: new THREE.Vector3(...voxels(a0 - slice.a, b0 - slice.b)),
      uPlaceDx: new THREE.Vector3(...voxels(perX, 0)),
      uPlaceDy: new THREE.Vector3(...voxels(0, perY)),
      uBoxMin: new THREE.Vector3(...(middle.map((n) => -0.5 - n) as unknown as Vec3)),
      uBoxMax: new THREE.Vector3(...(middle.map((n, axis) => geometry.shape[axis]! - 0.5 - n) as unknown as Vec3)),
    });
    if (space) {
      this.#quads.draw(this.screen, material, space, windows, { map: maps, cell: cells });
      return true;
    }
    const positions = windows.flatMap((w) => CORNERS.flatMap(([i, j]) =>
      [(2 * (w[2 * i]! - rect.x)) / rect.width - 1, (2 * (w[2 * j + 1]! - rect.y)) / rect.height - 1, 0]));
    this.#fill(positions, maps, cells);
    this.#mesh.material = material;
    this.screen.object(this.#scene, rect);
    return true;
  }

  dispose(): void {
    this.#mesh.geometry.dispose();
    for (const part of [this.#materials, this.#inSpace, this.#quads]) part.dispose();
  }

  #fill(positions: number[], maps: number[], cells: number[]): void {
    const geometry = new THREE.BufferGeometry();
    const set = (name: string, values: number[], size: number) => geometry.setAttribute(name, new THREE.Float32BufferAttribute(values, size));
    set('position', positions, 3);
    set('map', maps, 4);
    set('cell', cells, 4);
    this.#mesh.geometry.dispose();
    this.#mesh.geometry = geometry;
  }
}
