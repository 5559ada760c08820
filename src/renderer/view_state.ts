/** One view: what it plans to show of which volume, its page tables, and how far its picture has come. */

import * as THREE from 'three';
import type { BrickPlan, PlannedBrick } from '../volume/lod_plan.js';
import { AdaptiveResolution, BEST_QUICK_SCALE, type Quality } from './adaptive_resolution.js';
import { CameraMotion } from './camera_motion.js';
import { CoarseTables } from './coarse_tables.js';
import type { DeviceRect } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import { PageTable } from './page_table.js';
import { Picture } from './picture.js';
import { PictureFade } from './picture_fade.js';
import type { RendererDials } from './renderer_options.js';
import type { ShownPicture } from './shown_picture.js';
import type { TableWindow } from './table_window.js';
import type { TimePlan } from './time_steps.js';
import type { Pixel, View } from './views.js';

/** Bricks that are fetched on suspicion. */
export interface AheadPlan {
  readonly bricks: readonly PlannedBrick[];
  readonly numbers: ReadonlySet<number>;
}

/** State of one view. */
export class ViewState {
  /** Plans by volume handle. */
  readonly plans = new Map<number, BrickPlan>();
  /** What is predicted to come into view, by volume handle. */
  readonly ahead = new Map<number, AheadPlan>();
  /** What it is to show at the time points that come next, by volume handle; a part of `ahead`. */
  readonly coming = new Map<number, readonly TimePlan[]>();
  /** Windows of the tables of large volumes, by handle: a plan is made for one. */
  readonly windows = new Map<number, TableWindow>();
  readonly tables = new Map<number, PageTable>();
  readonly #coarse: CoarseTables;
  readonly motion = new CameraMotion();
  readonly picture: Picture;
  readonly fade: PictureFade;
  readonly resolution = new AdaptiveResolution();
  /** Handles of volumes whose tiles a slice shows. */
  tiled: ReadonlySet<number> = new Set();
  /** The states of slices that stand in this perspective view. */
  planes: readonly ViewState[] = [];
  planDirty = true;
  /** The tables must be filled anew, and the picture made: bricks came or went. */
  tableDirty = true;
  /** The tables must be filled anew; the picture is made where other tables come of it. */
  planned = false;
  /** The tables show slots that hold something else by now: they cannot wait. */
  tableUrgent = false;
  tabledAt = Number.NEGATIVE_INFINITY;
  /** What is pointed at. */
  focus: Pixel | undefined;
  /** The view's part of the canvas must be drawn again, from a picture that is up to date. */
  drawDirty = true;
  plannedAt = Number.NEGATIVE_INFINITY;
  /** Quality of the picture on the canvas. */
  shown: Quality = { scale: 1, coarser: 0 };
  /** The picture that is to be on the canvas. */
  onCanvas: ShownPicture | undefined;
  /** The picture that is there: while strips of the next are drawn, still the one before. */
  onScreen: ShownPicture | undefined;
  /** The part of the canvas outside of which the backdrop of the view's picture stands already; undefined: nowhere yet. */
  covered: DeviceRect | undefined;
  /** The picture on the canvas waits for the shader of the box around it. */
  lacksBox = false;
  /** Voxels were drawn in it once. */
  hasShown = false;
  /** The next picture shows something else, not the same from finer bricks. */
  altered = true;
  #full: THREE.WebGLRenderTarget | undefined;
  #quick: THREE.WebGLRenderTarget | undefined;
  #text: string;

  constructor(
    public view: View,
    readonly budget: GpuBudget,
    dials: RendererDials = {},
    readonly halfTargets = true,
  ) {
    this.picture = new Picture(dials.passes);
    this.fade = new PictureFade(`target/${view.id}/fade`, budget);
    this.dial(dials);
    this.#text = JSON.stringify(view);
    this.#coarse = new CoarseTables(`table/${view.id}`, budget);
  }

  /** Takes over what may be set while it is drawn. */
  dial({ frameMs, passes }: RendererDials): void {
    if (frameMs !== undefined) this.resolution.targetMs = frameMs;
    if (passes !== undefined) this.picture.passesMax = passes;
  }

  /** Takes a new form of the view; false where it is the same as before. */
  change(view: View, now: number): boolean {
    const text = JSON.stringify(view);
    if (text === this.#text) return false;
    this.#text = text;
    this.view = view;
    if (view.kind === 'volume') this.motion.add(view.camera, now);
    this.planDirty = true;
    this.redraw(now);
    return true;
  }

  /** Id of the perspective view that it stands in, of a slice that does. */
  get within(): string | undefined {
    return this.view.kind === 'slice' ? this.view.within : undefined;
  }

  /** Whether the picture is complete at full resolution, in its box, and nothing of the one before is left. */
  get full(): boolean {
    return this.picture.full && !this.fade.active && !this.lacksBox;
  }

  /**
   * Before a picture is drawn: keeps the one that is on the canvas, for the new one to blend in, where it shows the same from coarser
   * bricks, the device draws pictures at full quality in a frame, and there is room for both.
   */
  keepForFade(now: number): void {
    const { onScreen, altered } = this;
    this.altered = false;
    this.fade.end();
    const { scale, coarser } = this.resolution.quality;
    if (altered || !onScreen || scale < 1 || coarser > 0) return;
    const isFull = onScreen.texture === this.#full?.texture;
    const target = isFull ? this.#full : this.#quick;
    if (!target || target.texture !== onScreen.texture) return;
    const bytes = bytesOf(target);
    if (this.budget.free < bytes) return;
    this.budget.release(`target/${this.view.id}/${isFull ? 'full' : 'quick'}`);
    if (isFull) this.#full = undefined;
    else this.#quick = undefined;
    this.fade.begin(onScreen, target, bytes, now);
  }

  /**
   * The picture must be made anew.
   *
   * @param refined it shows the same, from finer bricks
   */
  redraw(now: number, refined = false): void {
    if (!refined) this.altered = true;
    this.drawDirty = true;
    this.picture.touch(now, refined);
  }

  /** The view's table for a volume. */
  table(handle: number): PageTable {
    const known = this.tables.get(handle);
    if (known) return known;
    const made = new PageTable(`table/${this.view.id}/${handle}`, this.budget);
    this.tables.set(handle, made);
    return made;
  }

  /**
   * The target for a picture of this quality. Full ones are half floats where the device can: the mean of several passes in 8 bits shows steps.
   * Quick ones are bytes, which slow devices enlarge in half the time, and smaller.
   */
  pictureTarget(width: number, height: number, full: boolean): THREE.WebGLRenderTarget {
    if (full) {
      this.#full = this.#target(this.#full, 'full', width, height, this.halfTargets ? THREE.HalfFloatType : THREE.UnsignedByteType);
      return this.#full;
    }
    const part = (n: number) => Math.ceil(n * BEST_QUICK_SCALE);
    this.#quick = this.#target(this.#quick, 'quick', part(width), part(height), THREE.UnsignedByteType);
    return this.#quick;
  }

  /** The table of a volume for a picture whose pixels are 2^coarser of the plan's finest voxels wide. */
  tableFor(handle: number, coarser: number): PageTable {
    const full = this.table(handle);
    return coarser === 0 || !full.input ? full : this.#coarse.get(handle, full.input, coarser);
  }

  /** Forgets all but `handles`. */
  forgetOthers(handles: readonly number[]): void {
    this.#coarse.forgetOthers(handles);
    for (const [handle, table] of [...this.tables]) {
      if (handles.includes(handle)) continue;
      table.dispose();
      this.tables.delete(handle);
      this.plans.delete(handle);
      this.ahead.delete(handle);
      this.coming.delete(handle);
      this.windows.delete(handle);
    }
  }

  dispose(): void {
    this.forgetOthers([]);
    this.releaseTargets();
  }

  /** Gives up the pictures; they are made anew when they are drawn. */
  releaseTargets(): void {
    for (const [name, target] of [['full', this.#full], ['quick', this.#quick]] as const) {
      target?.dispose();
      this.budget.release(`target/${this.view.id}/${name}`);
    }
    this.#full = undefined;
    this.#quick = undefined;
    this.onCanvas = this.onScreen = undefined;
    this.fade.end();
  }

  #target(
    known: THREE.WebGLRenderTarget | undefined,
    name: string,
    width: number,
    height: number,
    type: THREE.TextureDataType,
  ): THREE.WebGLRenderTarget {
    if (known?.width === width && known.height === height) return known;
    known?.dispose();
    this.budget.take(`target/${this.view.id}/${name}`, bytesOf({ width, height, texture: { type } }));
    // A full picture stands pixel for pixel on the canvas: nothing is mixed, and one of four texels read.
    const filter = name === 'full' ? THREE.NearestFilter : THREE.LinearFilter;
    return new THREE.WebGLRenderTarget(width, height, { depthBuffer: false, type, minFilter: filter, magFilter: filter });
  }
}

const bytesOf = ({ width, height, texture }: { width: number; height: number; texture: { type: number } }): number =>
  width * height * (texture.type === THREE.HalfFloatType ? 8 : 4);

/** A rectangle of CSS pixels in device pixels from the canvas's lower left corner. */
export function deviceRect(rect: View['rect'], ratio: number, canvasHeight: number): DeviceRect {
  const [x0, x1] = [Math.round(rect.x * ratio), Math.round((rect.x + rect.width) * ratio)];
  const [y0, y1] = [Math.round(rect.y * ratio), Math.round((rect.y + rect.height) * ratio)];
  return { x: x0, y: canvasHeight - y1, width: Math.max(x1 - x0, 1), height: Math.max(y1 - y0, 1) };
}
