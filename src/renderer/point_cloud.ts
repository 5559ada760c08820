/** What the renderer knows of one cloud of points: where it is, how it looks, what each view should show of it, what is here. */

import type * as THREE from 'three';
import { DEFAULT_LOOK } from '../annotation/look.js';
import type { PointFacts } from '../protocol/messages.js';
import type { SessionVolume } from '../session/types.js';
import { pointToWorld } from '../volume/brick_boxes.js';
import { BrickNumbering } from '../volume/brick_key.js';
import { boxDistance, boxInView, centerWeight, type Frustum, makeFrustum } from '../volume/frustum.js';
import { type BrickKey, brickCount, type Vec3, type VolumeGeometry, worldBounds } from '../volume/geometry.js';
import { placedBounds, type Placement, placementOf } from '../volume/placement.js';
import { planPoints, type PointPlan, type WorldBox } from '../volume/point_plan.js';
import type { BrickRanges } from '../volume/ranges.js';
import { cameraBasis } from './camera.js';
import type { GpuBudget } from './gpu_budget.js';
import { POINT_COLOR_BYTES, PointColors, showsNone } from './point_colors.js';
import { PointStore } from './point_store.js';
import { sliceFrame } from './slice_view.js';
import type { LayerSettings, View } from './views.js';

const NOTHING: PointPlan = { bricks: [], numbers: new Set(), unknown: 0 };
/** Bricks that a view draws at most: the width of the texture that lists them. */
export const MAX_DRAWN = 2048;

/** One cloud. */
export class PointCloud {
  readonly geometry: VolumeGeometry;
  readonly numbering: BrickNumbering;
  readonly facts: PointFacts;
  readonly colors = new PointColors();
  readonly plans = new Map<string, PointPlan>();
  readonly toWorld: (x: number, y: number, z: number) => Vec3;
  settings: LayerSettings;
  placement: Placement;
  #store: PointStore | undefined;

  constructor(
    readonly volume: SessionVolume,
    readonly ranges: BrickRanges,
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
  ) {
    const { description } = volume;
    this.geometry = { shape: description.shape, voxelSize: description.voxel_size, origin: description.origin };
    this.numbering = new BrickNumbering(description.shape);
    this.facts = description.points as PointFacts;
    this.toWorld = pointToWorld(this.geometry);
    this.settings = { ...DEFAULT_LOOK, window: description.display.window ?? [ranges.overall?.min ?? 0, ranges.overall?.max ?? 1] };
    this.placement = placementOf(undefined);
    budget.take(`points/${this.handle}/colors`, POINT_COLOR_BYTES);
  }

  get handle(): number {
    return this.volume.handle;
  }

  get visible(): boolean {
    return this.settings.visible && this.settings.opacity > 0;
  }

  /** Its slots, made when they are first needed. */
  get store(): PointStore {
    this.#store ??= new PointStore(this.renderer, this.budget, `points/${this.handle}`, this.facts.rows, brickCount(this.geometry.shape));
    return this.#store;
  }

  get stored(): PointStore | undefined {
    return this.#store;
  }

  set(settings: LayerSettings): void {
    this.settings = settings;
    this.placement = placementOf(settings.transform);
  }

  /** Largest world radius of a point. */
  get reach(): number {
    return Math.max(...this.facts.radius) * this.settings.radius * Math.max(...this.placement.scale);
  }

  /** World box of a brick with all finer ones, spheres included. */
  boxOf(key: BrickKey): WorldBox | undefined {
    const own = this.ranges.boxes.get(this.geometry, key);
    if (!own) return undefined;
    const { min, max } = placedBounds(this.placement, own);
    const { reach } = this;
    return { min: min.map((n) => n - reach) as unknown as Vec3, max: max.map((n) => n + reach) as unknown as Vec3 };
  }

  /** World box of the whole. */
  get bounds(): WorldBox {
    return placedBounds(this.placement, worldBounds(this.geometry));
  }

  /** Plans what a view should show; `views` share the slots. */
  plan(view: View, ratio: number, views: number): void {
    if (!this.visible) {
      this.plans.set(view.id, NOTHING);
      return;
    }
    const slots = Math.min(Math.max(Math.floor(this.store.slots / views), 1), MAX_DRAWN);
    const see = view.kind === 'volume' ? seeInPerspective(view, ratio) : seeInSlice(view, ratio);
    const isEmpty = (key: BrickKey): boolean => {
      const range = this.ranges.get(key);
      return range !== undefined && showsNone(this.settings, range);
    };
    this.plans.set(view.id, planPoints({ numbering: this.numbering, boxOf: (key) => this.boxOf(key), isEmpty, see, rows: this.facts.rows, slots }));
  }

  /** Numbers of the bricks that some view plans. */
  get needed(): Set<number> {
    const needed = new Set<number>();
    for (const plan of this.plans.values()) for (const number of plan.numbers) needed.add(number);
    return needed;
  }

  /** The GPU forgot everything. */
  lose(): void {
    this.#store?.dispose();
    this.#store = undefined;
  }

  dispose(): void {
    this.lose();
    this.colors.dispose();
    this.budget.release(`points/${this.handle}/colors`);
  }
}

/** Which of the boxes a camera sees, and how large. */
function seeInPerspective(view: View & { kind: 'volume' }, ratio: number) {
  const { width, height } = view.rect;
  const frustum: Frustum = makeFrustum(cameraBasis(view.camera), view.camera.fovY, width * ratio, height * ratio);
  return ({ min, max }: WorldBox) => {
    if (!boxInView(frustum, min, max)) return undefined;
    const size = Math.hypot(max[0] - min[0], max[1] - min[1], max[2] - min[2]);
    const distance = Math.max(boxDistance(frustum.eye, min, max), 0.1 * size);
    return { pixels: frustum.pixelsPerUnit / distance, weight: centerWeight(frustum, min, max) };
  };
}

/** Which of the boxes a slice cuts. */
function seeInSlice(view: View & { kind: 'slice' }, ratio: number) {
  const { middle, right, up, normal } = sliceFrame(view);
  const pixel = view.pixelSize / ratio;
  const reaches = [[normal, 2 * pixel], [right, 0.5 * view.rect.width * view.pixelSize], [up, 0.5 * view.rect.height * view.pixelSize]] as const;
  return ({ min, max }: WorldBox) => {
    const outside = reaches.some(([d, reach]) => {
      // How far the box's middle is off along the direction, against half of its own extent there.
      const off = d.reduce((sum, n, i) => sum + n * ((min[i]! + max[i]!) / 2 - middle[i]!), 0);
      return Math.abs(off) > reach + d.reduce((sum, n, i) => sum + (Math.abs(n) * (max[i]! - min[i]!)) / 2, 0);
    });
    return outside ? undefined : { pixels: 1 / pixel, weight: 1 };
  };
}
