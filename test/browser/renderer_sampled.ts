/** A layer as the march of renderer_reference.ts sees it: sampled straight from its array. */

import { colormapFunction } from '../../src/renderer/colormaps.js';
import { restWeight } from '../../src/renderer/label_lookup.js';
import { stepFraction } from '../../src/renderer/source.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import { type Vec3, type VolumeGeometry, worldBounds, worldToVoxel } from '../../src/volume/geometry.js';
import { opacityAt, opacityOfStep, placeOfShare, shareOfPlace, steepnessOf, windowShare } from '../../src/volume/opacity.js';
import { type Placement, placementOf, times, toLayer, toWorld, transposed } from '../../src/volume/placement.js';
import type { TestVolume } from './renderer_volume.js';

/** `a` and `s` times `b`. */
export const add = (a: Vec3, b: Vec3, s = 1): Vec3 => [a[0] + s * b[0], a[1] + s * b[1], a[2] + s * b[2]];
/** Dot product. */
export const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
/** The same direction, one long. */
export const unit = (a: Vec3): Vec3 => add([0, 0, 0], a, 1 / (Math.hypot(...a) || 1));
/** Along one axis, so long. */
export const axis = (i: number, n: number): Vec3 => [0, 1, 2].map((k) => (k === i ? n : 0)) as unknown as Vec3;

/** One layer, sampled straight from its array. */
export class Sampled {
  readonly geometry: VolumeGeometry;
  readonly placement: Placement;
  readonly step: number;
  readonly labels: boolean;
  readonly color: (t: number) => readonly [number, number, number];
  readonly steepness: number;
  readonly fraction: number;
  previous: number | undefined;
  projected: number | undefined;
  length = 0;
  own = 0;

  /** Before another ray. */
  begin(): this {
    this.previous = this.projected = undefined;
    this.length = this.own = 0;
    return this;
  }

  constructor(
    readonly volume: TestVolume,
    readonly s: LayerSettings,
  ) {
    const d = volume.session.description;
    this.geometry = { shape: d.shape, voxelSize: d.voxel_size, origin: d.origin };
    this.placement = placementOf(s.transform);
    const [z, y, x] = d.voxel_size as [number, number, number];
    this.step = Math.min(x * this.placement.scale[0], y * this.placement.scale[1], z * this.placement.scale[2]);
    this.labels = volume.kind === 'labels';
    const map = colormapFunction(s.colormap);
    this.color = (t) => map(t ** s.gamma);
    this.steepness = steepnessOf(s);
    this.fraction = stepFraction(this.geometry);
  }

  /** Where a ray is inside. */
  span(eye: Vec3, ray: Vec3): [number, number] {
    const [from, to] = [toLayer(this.placement, eye), toLayer(this.placement, add(eye, ray))];
    const { min, max } = worldBounds(this.geometry);
    let [near, far] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 3; i += 1) {
      const d = (to[i] as number) - (from[i] as number) || 1e-12;
      const [a, b] = [((min[i] as number) - (from[i] as number)) / d, ((max[i] as number) - (from[i] as number)) / d];
      near = Math.max(near, Math.min(a, b));
      far = Math.min(far, Math.max(a, b));
    }
    return near < far ? [near, far] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  }

  inside(voxel: Vec3): boolean {
    return voxel.every((n, i) => n >= -0.5 && n < (this.geometry.shape[i] as number) - 0.5);
  }

  /** Share of the window, or undefined outside and for what is not a number. */
  share(world: Vec3): number | undefined {
    const v = worldToVoxel(this.geometry, toLayer(this.placement, world));
    if (!this.inside(v)) return undefined;
    const { shape, data } = this.volume.levels[0] as TestVolume['levels'][number];
    const { scale, offset } = this.volume.session.description;
    let sum = 0;
    for (let c = 0; c < 8; c += 1) {
      let w = 1;
      let at = 0;
      for (let i = 0; i < 3; i += 1) {
        const side = (c >> i) & 1;
        const low = Math.floor(v[i] as number);
        const f = (v[i] as number) - low;
        w *= side ? f : 1 - f;
        at = at * (shape[i] as number) + Math.min(Math.max(low + side, 0), (shape[i] as number) - 1);
      }
      sum += w * (data[at] as number);
    }
    return Number.isNaN(sum) ? undefined : windowShare(this.s.window, sum * scale + offset);
  }

  id(world: Vec3): number {
    const v = worldToVoxel(this.geometry, toLayer(this.placement, world)).map((n) => Math.floor(n + 0.5)) as unknown as Vec3;
    const { shape, data } = this.volume.levels[0] as TestVolume['levels'][number];
    if (v.some((n, i) => n < 0 || n >= (shape[i] as number))) return 0;
    return data[(v[0] * shape[1] + v[1]) * shape[2] + v[2]] as number;
  }

  density(share: number): number {
    return -Math.log(1 - opacityOfStep(opacityAt(this.s.points, placeOfShare(share, this.steepness)) * this.s.opacity, this.fraction));
  }

  /** Density over a world length, for shadows. */
  solid(world: Vec3): number {
    if (this.labels) {
      const id = this.id(world);
      return id ? this.labelDensity(id) : 0;
    }
    if (['mip', 'minip', 'mean'].includes(this.s.mode)) return 0;
    const t = this.share(world);
    if (t === undefined) return 0;
    if (this.s.mode === 'iso') return t >= shareOfPlace(this.s.iso, this.steepness) ? -Math.log(1 - 0.99 * this.s.opacity) / this.step : 0;
    return this.density(t) / this.step;
  }

  labelDensity(id: number): number {
    const weight = this.s.selected.includes(String(id)) ? 1 : restWeight(this.s);
    return (-Math.log(1 - opacityOfStep(this.s.opacity * 0.5, this.fraction)) / this.step) * weight;
  }

  /** Change of the share over a voxel along the world's axes, from differences of samples `reach` voxels away along the layer's own. */
  gradient(world: Vec3, corners: readonly Vec3[], reach: number, otherwise?: number): Vec3 | undefined {
    const { voxelSize } = this.geometry;
    const p = toLayer(this.placement, world);
    let g: Vec3 = [0, 0, 0];
    for (const c of corners) {
      const at = [0, 1, 2].map((i) => (p[i] as number) + reach * (c[i] as number) * (voxelSize[2 - i] as number)) as unknown as Vec3;
      const t = this.share(toWorld(this.placement, at)) ?? otherwise ?? this.nearest(at);
      if (t === undefined) return undefined;
      g = add(g, c, t);
    }
    const scaled = g.map((n, i) => (n * 0.5 * this.step) / (voxelSize[2 - i] as number)) as unknown as Vec3;
    return times(transposed(this.placement.back), scaled);
  }

  /** Just outside, the halo repeats the edge. */
  nearest(p: Vec3): number | undefined {
    const { min, max } = worldBounds(this.geometry);
    const inside = p.map((n, i) => Math.min(Math.max(n, (min[i] as number) + 1e-9), (max[i] as number) - 1e-6)) as unknown as Vec3;
    return this.share(toWorld(this.placement, inside));
  }
}
