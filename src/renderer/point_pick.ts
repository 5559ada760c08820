/** The point under a pixel, found on the CPU among the bricks that are drawn and in browser memory. */

import type { Brick } from '../session/types.js';
import { type Vec3, worldToVoxel } from '../volume/geometry.js';
import { toLayer, toWorld } from '../volume/placement.js';
import type { WorldBox } from '../volume/point_plan.js';
import { rayThrough } from './camera.js';
import { planesOf } from './clip_planes.js';
import type { BrickLookup } from './pick.js';
import type { PointCloud } from './point_cloud.js';
import { pointRadius, showsPoint } from './point_colors.js';
import { cutsOf } from './plane_views.js';
import { sliceFrame, sliceToWorld } from './slice_view.js';
import type { Picked, Pixel, View } from './views.js';

/** How near to a line the pixel is a point may lie that is smaller than that, in pixels. */
const REACH_PIXELS = 3;

interface Probe {
  /** Whether the box may hold what is looked for. */
  readonly near: (box: WorldBox) => boolean;
  /** How far away a sphere is met, or undefined; small ones are widened by a few pixels. */
  readonly meet: (center: Vec3, radius: number) => number | undefined;
}

/** The nearest point under a pixel of a view. */
export function pickPoint(view: View, px: Pixel, clouds: readonly PointCloud[], lookup: BrickLookup): Picked | undefined {
  const probe = view.kind === 'volume' ? rayProbe(view, px) : sliceProbe(view, px);
  let best: { cloud: PointCloud; brick: Brick; row: number; world: Vec3; far: number } | undefined;
  for (const cloud of clouds) {
    for (const key of cloud.plans.get(view.id)?.bricks ?? []) {
      const box = cloud.boxOf(key);
      if (!box || !probe.near(box)) continue;
      const brick = lookup(cloud.handle, key);
      if (!brick?.points || !cloud.stored?.has(cloud.numbering.pack(key.level, key.z, key.y, key.x))) continue;
      const { x, y, z, value } = brick.points;
      for (let row = 0; row < x.length; row += 1) {
        const world = toWorld(cloud.placement, cloud.toWorld(x[row] as number, y[row] as number, z[row] as number));
        const radius = pointRadius(cloud.settings, cloud.facts.radius, value[row] as number) * Math.max(...cloud.placement.scale);
        const far = probe.meet(world, radius);
        if (far === undefined || (best && far >= best.far) || !showsPoint(cloud.settings, value[row] as number)) continue;
        best = { cloud, brick, row, world, far };
      }
    }
  }
  if (!best?.brick.points) return undefined;
  const { cloud, row, world } = best;
  const { index, value, properties } = best.brick.points;
  const named = cloud.facts.properties.map((name, i) => [name, properties[i]?.[row] ?? Number.NaN] as const);
  return {
    volume: cloud.handle,
    world,
    voxel: worldToVoxel(cloud.geometry, toLayer(cloud.placement, world)).map(Math.round) as unknown as Vec3,
    value: value[row] as number,
    level: best.brick.level,
    point: { index: index[row] as number, properties: Object.fromEntries(named) },
  };
}

const minus = (a: Vec3, b: Vec3): Vec3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const dot = (a: Vec3, b: Vec3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function rayProbe(view: View & { kind: 'volume' }, px: Pixel): Probe {
  const { origin, direction } = rayThrough(view.camera, view.rect, px);
  const planes = planesOf(view.clip);
  const cuts = cutsOf(view);
  const pixel = (2 * Math.tan(view.camera.fovY / 2)) / view.rect.height;
  return {
    near: ({ min, max }) => {
      let [from, to] = [0, Number.POSITIVE_INFINITY];
      // Widened by what a small point's reach is at the far side.
      const far = Math.hypot(...minus(max, origin)) + Math.hypot(...minus(max, min));
      for (let i = 0; i < 3; i += 1) {
        const d = (direction[i] as number) || 1e-12;
        const slack = REACH_PIXELS * pixel * far;
        const a = ((min[i] as number) - slack - (origin[i] as number)) / d;
        const b = ((max[i] as number) + slack - (origin[i] as number)) / d;
        from = Math.max(from, Math.min(a, b));
        to = Math.min(to, Math.max(a, b));
      }
      return from < to;
    },
    meet: (center, radius) => {
      const c = minus(center, origin);
      const along = dot(c, direction);
      if (along <= 0) return undefined;
      const miss = dot(c, c) - along * along;
      const reach = Math.max(radius, REACH_PIXELS * pixel * along);
      if (miss > reach * reach || planes.some(({ normal, offset }) => dot(normal, center) < offset)) return undefined;
      if (cuts.length > 0 && cuts.every(({ normal, offset }) => dot(normal, center) < offset)) return undefined;
      return along - Math.sqrt(Math.max(radius * radius - miss, 0));
    },
  };
}

function sliceProbe(view: View & { kind: 'slice' }, px: Pixel): Probe {
  const at = sliceToWorld(view, px);
  const { normal } = sliceFrame(view);
  const reach = REACH_PIXELS * view.pixelSize;
  return {
    near: ({ min, max }) => at.every((n, i) => n >= (min[i] as number) - reach && n <= (max[i] as number) + reach),
    meet: (center, radius) => {
      const d = minus(center, at);
      const off = Math.abs(dot(d, normal));
      const wide = Math.max(radius, 1.5 * view.pixelSize);
      if (off >= wide) return undefined;
      const from = Math.sqrt(Math.max(dot(d, d) - off * off, 0));
      return from <= Math.max(Math.sqrt(wide * wide - off * off), reach) ? from : undefined;
    },
  };
}
