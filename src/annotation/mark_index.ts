/** Where the annotations are that can be seen, packed: what lies near a plane, a place or a ray of a hundred thousand is found in a millisecond. */

import { boundsOf } from './forms.js';
import type { Annotation, PointCoords } from './model.js';
import type { Ray } from './ray.js';
import type { Scene } from './scene.js';

export class MarkIndex {
  /** Rises with each change of what it holds. */
  revision = 0;
  /** Which ids changed since someone last asked; undefined: all may have. */
  #changed: Set<string> | undefined;
  readonly #items: Annotation[] = [];
  readonly #slots = new Map<string, number>();
  #bounds = new Float64Array(0);
  #stale: Set<string> | undefined;
  readonly #end: () => void;

  constructor(readonly scene: Scene) {
    this.#end = scene.onChange(({ layers, ids }) => {
      if (layers) return;
      // A class or a layer of annotations: any colour and all that is visible may be another.
      if (ids.size === 0) this.#stale = undefined;
      else if (this.#stale) for (const id of ids) this.#stale.add(id);
    });
  }

  /** Annotations of layers that are shown, in no order that means anything. */
  get items(): readonly Annotation[] {
    this.#refresh();
    return this.#items;
  }

  get(id: string): Annotation | undefined {
    this.#refresh();
    const slot = this.#slots.get(id);
    return slot === undefined ? undefined : this.#items[slot];
  }

  /** Low and high corner of each item in turn. */
  get bounds(): Float64Array {
    this.#refresh();
    return this.#bounds;
  }

  /** The ids that changed since this was asked last; undefined where any may have. */
  takeChanged(): ReadonlySet<string> | undefined {
    this.#refresh();
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** All of them, in the order they were made. */
  get ordered(): Annotation[] {
    return this.#filter(() => true);
  }

  /** Items whose bounds are within `reach` of a plane. */
  nearPlane(point: PointCoords, normal: PointCoords, reach: number): Annotation[] {
    const [nx, ny, nz] = normal;
    const offset = point[0] * nx + point[1] * ny + point[2] * nz;
    const [ax, ay, az] = [Math.abs(nx) / 2, Math.abs(ny) / 2, Math.abs(nz) / 2];
    return this.#filter((b, i) => {
      // One by one: a list for each of a hundred thousand would be most of the time.
      const x0 = b[i]!;
      const y0 = b[i + 1]!;
      const z0 = b[i + 2]!;
      const x1 = b[i + 3]!;
      const y1 = b[i + 4]!;
      const z1 = b[i + 5]!;
      const away = ((x0 + x1) * nx + (y0 + y1) * ny + (z0 + z1) * nz) / 2 - offset;
      return Math.abs(away) <= reach + (x1 - x0) * ax + (y1 - y0) * ay + (z1 - z0) * az;
    });
  }

  /** Items whose bounds are within `reach` of a place. */
  nearPlace([x, y, z]: PointCoords, reach: number): Annotation[] {
    return this.#filter(
      (b, i) => b[i]! - reach <= x && b[i + 3]! + reach >= x && b[i + 1]! - reach <= y && b[i + 4]! + reach >= y && b[i + 2]! - reach <= z && b[i + 5]! + reach >= z,
    );
  }

  /** Items that a ray passes, at a distance `t` along it within `slope · t` of the ball around them. */
  nearRay({ origin: [ox, oy, oz], direction: [dx, dy, dz] }: Ray, slope: number): Annotation[] {
    return this.#filter((b, i) => {
      const cx = (b[i]! + b[i + 3]!) / 2 - ox;
      const cy = (b[i + 1]! + b[i + 4]!) / 2 - oy;
      const cz = (b[i + 2]! + b[i + 5]!) / 2 - oz;
      const radius = Math.sqrt((b[i + 3]! - b[i]!) ** 2 + (b[i + 4]! - b[i + 1]!) ** 2 + (b[i + 5]! - b[i + 2]!) ** 2) / 2;
      const t = cx * dx + cy * dy + cz * dz;
      const away2 = cx * cx + cy * cy + cz * cz - t * t;
      const reach = radius + slope * Math.max(0, t + radius);
      return t > -radius && away2 <= reach * reach;
    });
  }

  dispose(): void {
    this.#end();
  }

  /** In the order they were made, as they are drawn. */
  #filter(test: (bounds: Float64Array, at: number) => boolean): Annotation[] {
    this.#refresh();
    const found: Annotation[] = [];
    for (let slot = 0; slot < this.#items.length; slot += 1) if (test(this.#bounds, 6 * slot)) found.push(this.#items[slot]!);
    return found.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : a.id < b.id ? -1 : 1));
  }

  #refresh(): void {
    if (this.#stale?.size === 0) return;
    this.revision += 1;
    const shown = this.#visibility();
    if (!this.#stale) {
      this.#changed = undefined;
      this.#items.length = 0;
      this.#slots.clear();
      for (const annotation of this.scene.annotations()) if (shown(annotation)) this.#put(annotation);
    } else {
      for (const id of this.#stale) {
        this.#changed?.add(id);
        const annotation = this.scene.annotation(id);
        if (annotation && shown(annotation)) this.#put(annotation);
        else this.#drop(id);
      }
    }
    this.#stale = new Set();
  }

  /** Layers are few: each is looked up once. */
  #visibility(): (annotation: Annotation) => boolean {
    const { groups } = this.scene;
    const hidden = new Set(groups.all().filter(({ visible }) => !visible).map(({ id }) => id));
    return hidden.size === 0 ? () => true : ({ layer }) => !hidden.has(groups.get(layer).id);
  }

  #put(annotation: Annotation): void {
    let slot = this.#slots.get(annotation.id);
    if (slot === undefined) {
      slot = this.#items.length;
      this.#slots.set(annotation.id, slot);
      if (6 * slot >= this.#bounds.length) {
        const grown = new Float64Array(Math.max(384, 2 * this.#bounds.length));
        grown.set(this.#bounds);
        this.#bounds = grown;
      }
    }
    this.#items[slot] = annotation;
    if (annotation.kind === 'point') {
      for (let i = 0; i < 6; i += 1) this.#bounds[6 * slot + i] = annotation.coords[(i % 3) as 0];
      return;
    }
    const { min, max } = boundsOf(annotation);
    for (let i = 0; i < 3; i += 1) {
      this.#bounds[6 * slot + i] = min[i as 0];
      this.#bounds[6 * slot + 3 + i] = max[i as 0];
    }
  }

  /** The last one takes the place of one that is gone. */
  #drop(id: string): void {
    const slot = this.#slots.get(id);
    const last = this.#items.pop();
    if (slot === undefined) {
      if (last) this.#items.push(last);
      return;
    }
    this.#slots.delete(id);
    if (!last || last.id === id) return;
    this.#items[slot] = last;
    this.#slots.set(last.id, slot);
    this.#bounds.copyWithin(6 * slot, 6 * this.#items.length, 6 * this.#items.length + 6);
  }
}
