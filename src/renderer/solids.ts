/** What is solid in perspective views: points and planes, drawn into one picture with their distances, at which rays end. */

import type { DeviceRect, Fullscreen } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import { passJitter } from './picture.js';
import type { PlaneLayer, PlanePass } from './plane_pass.js';
import type { PointClouds } from './point_clouds.js';
import { SolidTarget } from './solid_target.js';
import type { View } from './views.js';

/** A slice that stands in the view, and its layers from the lowest to the highest. */
export type PlaneLayers = readonly PlaneLayer[];

export class Solids {
  readonly #targets = new Map<string, SolidTarget>();

  constructor(
    readonly screen: Fullscreen,
    readonly budget: GpuBudget,
    readonly points: PointClouds,
    readonly planes: PlanePass,
  ) {}

  /** Draws one pass of a perspective view; undefined where nothing is solid. */
  draw(view: View, planes: readonly PlaneLayers[], rect: DeviceRect, pass: number): SolidTarget | undefined {
    if (view.kind !== 'volume') return undefined;
    if (planes.length === 0 && !this.points.shows(view)) {
      this.#forget(view.id);
      return undefined;
    }
    const target = this.#target(view.id, rect);
    const [jx, jy] = passJitter(pass);
    const whole = { x: 0, y: 0, width: rect.width, height: rect.height };
    target.clear(this.screen.renderer);
    for (const layers of planes) this.planes.draw(layers, view, whole, target.pass, [jx, jy], pass);
    this.points.spheres(view, whole, target.pass, [jx, jy], pass);
    target.add(this.screen, pass);
    return target;
  }

  /** What was drawn of a view last. */
  drawn(viewId: string): SolidTarget | undefined {
    return this.#targets.get(viewId);
  }

  /** Forgets views that are no longer there. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of [...this.#targets.keys()]) if (!ids.has(id)) this.#forget(id);
  }

  /** The GPU forgot everything. */
  lose(): void {
    for (const id of [...this.#targets.keys()]) this.#forget(id);
    this.planes.lose();
  }

  dispose(): void {
    this.lose();
    this.planes.dispose();
  }

  #forget(id: string): void {
    this.#targets.get(id)?.dispose();
    this.#targets.delete(id);
    if (this.#targets.size === 0) this.planes.lose();
  }

  #target(id: string, { width, height }: DeviceRect): SolidTarget {
    const known = this.#targets.get(id);
    if (known?.width === width && known.height === height) return known;
    known?.dispose();
    this.#targets.delete(id);
    const made = new SolidTarget(`solid/${id}`, this.budget, width, height, this.screen.renderer.extensions.has('EXT_color_buffer_float'));
    this.#targets.set(id, made);
    return made;
  }
}
