/** The clouds of points of a scene: planned, asked for, uploaded and drawn beside its volumes. README.md has how they meet. */

import type * as THREE from 'three';
import type { Brick, SessionVolume, WantedBrick } from '../session/types.js';
import type { Vec3 } from '../volume/geometry.js';
import type { BrickRanges } from '../volume/ranges.js';
import { cameraBasis } from './camera.js';
import type { DeviceRect, Fullscreen } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import type { BrickLookup } from './pick.js';
import { PointCloud } from './point_cloud.js';
import { PointPass } from './point_pass.js';
import { pickPoint } from './point_pick.js';
import type { ViewState } from './view_state.js';
import type { LayerSettings, Picked, Pixel, View, VolumeView } from './views.js';
import { sameVoxels } from './volume_state.js';

/** Bricks taken to the GPU in one frame: some 4 ms. */
const UPLOADS = 6;

/** All clouds. */
export class PointClouds {
  readonly #clouds = new Map<number, PointCloud>();
  readonly #queue = new Map<string, { brick: Brick; uploaded: () => void }>();
  #pass: PointPass | undefined;

  constructor(
    readonly screen: Fullscreen,
    readonly budget: GpuBudget,
    readonly lookup: BrickLookup,
  ) {}

  has(handle: number): boolean {
    return this.#clouds.has(handle);
  }

  /** Adds a volume that is a cloud, or takes its new description over; true where something is to be drawn anew. */
  set(volume: SessionVolume, ranges: BrickRanges): boolean {
    if (volume.description.kind !== 'points') return false;
    const known = this.#clouds.get(volume.handle);
    if (known?.ranges === ranges && sameVoxels(known.volume.description, volume.description)) return false;
    this.remove(volume.handle);
    const made = new PointCloud(volume, ranges, this.screen.renderer, this.budget);
    if (known) made.set(known.settings);
    this.#clouds.set(volume.handle, made);
    return true;
  }

  remove(handle: number): boolean {
    const cloud = this.#clouds.get(handle);
    this.#drop((brick) => brick.volume === handle);
    cloud?.dispose();
    return this.#clouds.delete(handle);
  }

  /** Takes new settings; true where they differ. */
  setLayer(handle: number, settings: LayerSettings): boolean {
    const cloud = this.#clouds.get(handle);
    if (!cloud || JSON.stringify(cloud.settings) === JSON.stringify(settings)) return false;
    cloud.set(settings);
    return true;
  }

  /** Plans those of the views that were due and have been planned; `all` are all there are. */
  plan(due: readonly ViewState[], all: readonly ViewState[], ratio: number): void {
    const views = all.filter(({ within }) => !within); // points stand among planes, not in them
    for (const cloud of this.#clouds.values()) {
      // Each view has its part of the slots: when there are more or fewer views, all are planned anew.
      const planned = views.every(({ view }) => cloud.plans.has(view.id)) && cloud.plans.size === views.length;
      for (const { view, planDirty } of planned ? due.filter(({ within }) => !within) : views) if (!planned || !planDirty) cloud.plan(view, ratio, views.length);
      for (const id of [...cloud.plans.keys()]) if (!views.some(({ view }) => view.id === id)) cloud.plans.delete(id);
    }
  }

  /** Adds what the views lack to what is wanted of volumes; returns how many bricks that are. */
  addWanted(wanted: Map<number, WantedBrick[]>): number {
    let missing = 0;
    for (const cloud of this.#clouds.values()) {
      const bricks = new Map<number, WantedBrick>();
      for (const plan of cloud.plans.values()) {
        for (const brick of plan.bricks) {
          const number = cloud.numbering.pack(brick.level, brick.z, brick.y, brick.x);
          if (cloud.stored?.has(number) || this.#queue.has(`${cloud.handle}/${number}`)) continue;
          const known = bricks.get(number);
          if (!known || known.priority > brick.priority) bricks.set(number, brick);
        }
      }
      wanted.set(cloud.handle, [...bricks.values()].sort((a, b) => a.priority - b.priority));
      // A brick whose place is still to be told is missing too: nothing is settled before.
      missing += bricks.size + Math.max(0, ...[...cloud.plans.values()].map(({ unknown }) => unknown));
    }
    return missing;
  }

  /** Takes a brick; `uploaded` is called once, whatever becomes of it. */
  offer(brick: Brick, uploaded: () => void): void {
    const cloud = this.#clouds.get(brick.volume);
    if (!cloud || !brick.points) {
      uploaded();
      return;
    }
    const id = `${brick.volume}/${cloud.numbering.pack(brick.level, brick.z, brick.y, brick.x)}`;
    this.#queue.get(id)?.uploaded();
    this.#queue.set(id, { brick, uploaded });
  }

  /** Bricks that wait for their upload. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Uploads some of what waits; the views are then drawn anew. Returns how many bricks came to be on the GPU. */
  run(views: readonly ViewState[], now: number): number {
    let done = 0;
    for (const [id, { brick, uploaded }] of this.#queue) {
      if (done >= UPLOADS) break;
      this.#queue.delete(id);
      const cloud = this.#clouds.get(brick.volume);
      const number = Number(id.slice(id.indexOf('/') + 1));
      if (cloud && brick.points && cloud.needed.has(number) && cloud.store.upload(number, brick.points, cloud.needed)) done += 1;
      uploaded();
    }
    if (done > 0) for (const state of views) state.redraw(now);
    return done;
  }

  /** Whether a view has points to show. */
  shows(view: View): boolean {
    return this.#visible.some((cloud) =>
      cloud.plans.get(view.id)?.bricks.some(({ level, z, y, x }) => cloud.stored?.has(cloud.numbering.pack(level, z, y, x))),
    );
  }

  /** Draws the points of a perspective view into a target of colours and distances. */
  spheres(view: VolumeView, rect: DeviceRect, target: THREE.WebGLRenderTarget, jitter: readonly [number, number], pass: number): void {
    if (!this.shows(view)) return;
    this.#pass ??= new PointPass(this.screen);
    for (const cloud of this.#visible) if (cloud.stored) this.#pass.spheres(cloud, view, rect, target, jitter, pass);
  }

  /** Draws the points of a slice over what is on the canvas; false where it shows none. */
  discs(view: View, rect: DeviceRect, ratio: number): boolean {
    if (view.kind !== 'slice' || !this.shows(view)) return false;
    this.#pass ??= new PointPass(this.screen);
    for (const cloud of this.#visible) if (cloud.stored) this.#pass.discs(cloud, view, rect, ratio);
    return true;
  }

  /** What is under a pixel: a point, or what was found of the volumes there where that is nearer. */
  pick(view: View, px: Pixel, other: Picked | undefined): Picked | undefined {
    const point = pickPoint(view, px, this.#visible, this.lookup);
    if (!point) return other;
    if (!other || view.kind === 'slice') return point;
    const { eye } = cameraBasis(view.camera);
    const far = (world: Vec3): number => Math.hypot(...world.map((n, i) => n - (eye[i] as number)));
    return far(other.world) < far(point.world) ? other : point;
  }

  /** The GPU forgot everything: it is wanted again. */
  lose(): void {
    for (const cloud of this.#clouds.values()) cloud.lose();
  }

  dispose(): void {
    this.#drop(() => true);
    for (const handle of [...this.#clouds.keys()]) this.remove(handle);
    this.#pass?.dispose();
  }

  get #visible(): PointCloud[] {
    return [...this.#clouds.values()].filter(({ visible }) => visible);
  }

  #drop(of: (brick: Brick) => boolean): void {
    for (const [id, { brick, uploaded }] of this.#queue) {
      if (!of(brick)) continue;
      this.#queue.delete(id);
      uploaded();
    }
  }
}
