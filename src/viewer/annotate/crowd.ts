/** Very many annotations: drawn as dots and thin lines, kept as a picture for each view, and drawn anew only where one of them changed. */

import type { Annotation } from '../../annotation/model.js';
import { sliceAxes } from '../../renderer/slice_view.js';
import type { View } from '../../renderer/views.js';
import { drawn } from '../marks.js';
import type { OverlayScene } from '../overlay.js';
import { fastProjector, pixelOf, Raster, rasterBox } from './raster.js';

/** From so many on annotations are drawn as a crowd. */
export const CROWD = 1500;

interface Kept {
  readonly key: string;
  readonly canvas: HTMLCanvasElement;
}

/** So many times as long as it took to draw them all, nothing is drawn anew: while very many come, or others move some, the page stays free. */
const REST = 4;
/** Of so many that changed since, each is drawn apart meanwhile. */
const FEW = 64;

export class Crowd {
  readonly #kept = new Map<string, Kept>();
  readonly #colors = new Map<string, number>();
  /** The selected one is not among them: it is drawn apart, so that moving it costs nothing here. */
  #except: string | undefined;
  /** What changed since the pictures were drawn; undefined: all may have. */
  #late: Set<string> | undefined;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #took = 0;

  /** Whether since the last drawing nothing changed but the selected one. */
  kept = false;
  #onProcessor = false;

  /** How often a view was drawn anew, for tests. */
  drawnAnew = 0;

  constructor(readonly now: () => number = () => performance.now()) {}

  /** Those that the pictures do not show as they are now, where they are few. */
  get late(): readonly string[] {
    return this.#late && this.#late.size <= FEW ? [...this.#late] : [];
  }

  /**
   * Before the views of a frame: forgets what is out of date, unless that was done just now.
   *
   * @param onProcessor the overlay is drawn by the processor, and so are these: a picture need not come back from a GPU's memory
   * @returns milliseconds until it is to be drawn again; 0 where nothing is out of date
   */
  begin({ marks, state }: OverlayScene, onProcessor = false): number {
    this.#onProcessor = onProcessor;
    const changed = marks.takeChanged();
    this.kept = changed !== undefined && state.selected === this.#except && [...changed].every((id) => id === this.#except);
    if (!changed) this.#late = undefined;
    for (const id of changed ?? []) if (id !== this.#except) this.#late?.add(id);
    if (state.selected !== this.#except) for (const id of [state.selected, this.#except]) if (id) this.#late?.add(id);
    if (this.#late?.size === 0) return 0;
    const wait = this.#drawnAt + REST * this.#took - this.now();
    if (wait > 0) return wait;
    this.kept = false;
    this.#except = state.selected;
    this.#late = new Set();
    this.#drawnAt = this.now();
    this.#took = 0;
    this.#kept.clear();
    this.#colors.clear();
    return 0;
  }

  /** Puts a view's crowd onto the overlay. */
  draw(context: CanvasRenderingContext2D, view: View, scene: OverlayScene, ratio: number): void {
    const key = JSON.stringify([view, ratio]);
    let kept = this.#kept.get(view.id);
    if (kept?.key !== key) {
      kept = { key, canvas: this.#drawAnew(view, scene, ratio, kept?.canvas ?? context.canvas.ownerDocument.createElement('canvas')) };
      this.#kept.set(view.id, kept);
    }
    if (kept.canvas.width > 0 && kept.canvas.height > 0) context.drawImage(kept.canvas, view.rect.x, view.rect.y, view.rect.width, view.rect.height);
  }

  #drawAnew(view: View, scene: OverlayScene, ratio: number, canvas: HTMLCanvasElement): HTMLCanvasElement {
    this.drawnAnew += 1;
    const began = this.now();
    canvas.width = Math.round(view.rect.width * ratio);
    canvas.height = Math.round(view.rect.height * ratio);
    const context = canvas.getContext('2d', { willReadFrequently: this.#onProcessor });
    if (!context || canvas.width === 0 || canvas.height === 0) return canvas;
    const image = context.createImageData(canvas.width, canvas.height);
    this.rasterise(new Raster(image.data as Uint8ClampedArray<ArrayBuffer>, canvas.width, canvas.height), view, scene, ratio);
    context.putImageData(image, 0, 0);
    this.#took += this.now() - began;
    return canvas;
  }

  /** Writes all but the selected one. */
  rasterise(raster: Raster, view: View, scene: OverlayScene, ratio: number): void {
    const { items, bounds } = scene.marks;
    const project = fastProjector(view, ratio);
    const voxel = view.kind === 'slice' ? scene.voxel[sliceAxes(view.axis).normal] : 0;
    const reach = view.kind === 'slice' ? Math.max(voxel, 5 * view.pixelSize) : 0;
    const half = Math.max(1, Math.round(1.2 * ratio));
    const out = new Float64Array(3);
    for (let i = 0; i < items.length; i += 1) {
      const item = items[i] as Annotation;
      if (item.id === this.#except) continue;
      if (item.kind === 'point') {
        project(bounds[6 * i]!, bounds[6 * i + 1]!, bounds[6 * i + 2]!, out);
        if (view.kind === 'slice' ? Math.abs(out[2]!) <= reach : out[2]! > 0) raster.dot(out[0]!, out[1]!, half, this.#pixel(scene, item));
      } else if (item.kind === 'box' && view.kind === 'volume') rasterBox(raster, project, bounds, 6 * i, this.#pixel(scene, item));
      else this.#lines(raster, view, scene, item, voxel, ratio);
    }
  }

  #lines(raster: Raster, view: View, scene: OverlayScene, item: Annotation, voxel: number, ratio: number): void {
    if (view.kind === 'slice' && item.kind === 'box' && !view.turn) {
      const { normal } = sliceAxes(view.axis);
      if (view.position < item.coords[normal] || view.position > item.coords[(normal + 3) as 3]) return;
    }
    const form = drawn(view, item, voxel);
    const color = this.#pixel(scene, item);
    const { x, y } = view.rect;
    for (const [a, b] of form?.lines ?? []) raster.line((a[0] - x) * ratio, (a[1] - y) * ratio, (b[0] - x) * ratio, (b[1] - y) * ratio, color);
  }

  #pixel(scene: OverlayScene, item: Annotation): number {
    const color = scene.colorOf(item);
    let pixel = this.#colors.get(color);
    if (pixel === undefined) {
      pixel = pixelOf(color, 0.9);
      this.#colors.set(color, pixel);
    }
    return pixel;
  }
}
