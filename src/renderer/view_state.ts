/** One view: what it plans to show of which volume, its page tables, and how far its picture has come. */

import * as THREE from 'three';
import type { BrickPlan } from '../volume/lod_plan.js';
import { AdaptiveResolution, type Quality } from './adaptive_resolution.js';
import type { DeviceRect } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import { PageTable } from './page_table.js';
import { Picture } from './picture.js';
import type { View } from './views.js';

/** State of one view. */
export class ViewState {
  /** Plans by volume handle. */
  readonly plans = new Map<number, BrickPlan>();
  readonly tables = new Map<number, PageTable>();
  readonly picture: Picture;
  readonly resolution = new AdaptiveResolution();
  planDirty = true;
  tableDirty = true;
  /** The view's part of the canvas must be drawn again, from a picture that is up to date. */
  drawDirty = true;
  plannedAt = Number.NEGATIVE_INFINITY;
  /** Quality of the picture on the canvas. */
  shown: Quality = { scale: 1, stepBias: 0 };
  target: THREE.WebGLRenderTarget | undefined;
  /** Part of the target that the last picture fills. */
  used: readonly [number, number] = [1, 1];
  #text: string;

  constructor(
    public view: View,
    readonly budget: GpuBudget,
    passes?: number,
  ) {
    this.picture = new Picture(passes);
    this.#text = JSON.stringify(view);
  }

  /** Takes a new form of the view; false where it is the same as before. */
  change(view: View, now: number): boolean {
    const text = JSON.stringify(view);
    if (text === this.#text) return false;
    this.#text = text;
    this.view = view;
    this.planDirty = true;
    this.redraw(now);
    return true;
  }

  /** The picture must be made anew. */
  redraw(now: number): void {
    this.drawDirty = true;
    this.picture.touch(now);
  }

  /** The view's table for a volume. */
  table(handle: number): PageTable {
    const known = this.tables.get(handle);
    if (known) return known;
    const made = new PageTable(`table/${this.view.id}/${handle}`, this.budget);
    this.tables.set(handle, made);
    return made;
  }

  /** The render target of a perspective view. Half floats: the mean of several passes in 8 bits would show steps. */
  pictureTarget(width: number, height: number): THREE.WebGLRenderTarget {
    if (this.target?.width === width && this.target.height === height) return this.target;
    this.target?.dispose();
    this.target = undefined;
    this.budget.take(`target/${this.view.id}`, width * height * 8);
    this.target = new THREE.WebGLRenderTarget(width, height, {
      depthBuffer: false,
      type: THREE.HalfFloatType,
      minFilter: THREE.LinearFilter,
      magFilter: THREE.LinearFilter,
    });
    return this.target;
  }

  /** Forgets all but `handles`. */
  forgetOthers(handles: readonly number[]): void {
    for (const [handle, table] of [...this.tables]) {
      if (handles.includes(handle)) continue;
      table.dispose();
      this.tables.delete(handle);
      this.plans.delete(handle);
    }
  }

  dispose(): void {
    this.forgetOthers([]);
    this.target?.dispose();
    this.budget.release(`target/${this.view.id}`);
  }
}

/** A rectangle of CSS pixels in device pixels from the canvas's lower left corner. */
export function deviceRect(rect: View['rect'], ratio: number, canvasHeight: number): DeviceRect {
  const [x0, x1] = [Math.round(rect.x * ratio), Math.round((rect.x + rect.width) * ratio)];
  const [y0, y1] = [Math.round(rect.y * ratio), Math.round((rect.y + rect.height) * ratio)];
  return { x: x0, y: canvasHeight - y1, width: Math.max(x1 - x0, 1), height: Math.max(y1 - y0, 1) };
}
