/** Draws volumes: the one class that the viewer talks to. README.md has the order of things in a frame. */

import * as THREE from 'three';
import type { Brick, SessionVolume, WantedBrick } from '../session/types.js';
import type { BrickRanges } from '../volume/ranges.js';
import { CanvasSize } from './canvas_size.js';
import type { Rgb } from './colormaps.js';
import { EXACT_STEPS, probeFilterError } from './filter_probe.js';
import { DEFAULT_GPU_BYTES, GpuBudget } from './gpu_budget.js';
import { GpuFence } from './gpu_fence.js';
import { type BrickLookup, pickAt } from './pick.js';
import { FrameRate, type RendererReport } from './report.js';
import { Residency } from './residency.js';
import { chooseWindow } from './table_window.js';
import { TRANSFER_BYTES } from './transfer_function.js';
import { UPLOAD_MS_MOVING, UPLOAD_MS_STILL, UploadQueue } from './upload_queue.js';
import { ViewDrawing } from './view_drawing.js';
import { chooseShown, missingBricks, planViews, type Shown, shownVolumes } from './view_plans.js';
import { deviceRect, ViewState } from './view_state.js';
import type { LayerSettings, Picked, Pixel, View } from './views.js';
import { VolumeState } from './volume_state.js';

export type { BrickLookup } from './pick.js';
export type { RendererReport, VolumeReport } from './report.js';
export type { LayerSettings, Picked, Pixel, Rect, SliceView, View, VolumeView } from './views.js';

/** What a renderer is made with. */
export interface RendererOptions {
  /** Bytes that all textures and render targets together may take. */
  readonly maxGpuBytes?: number;
  /** Finds a brick in browser memory: for values under the pointer, and to fill a lost atlas again. */
  readonly lookup: BrickLookup;
  readonly background?: Rgb;
}

/** Half-open box of bricks: level, then z, y, x from and to. */
export type BrickBox = readonly [number, number, number, number, number, number, number];

/** Frames the GPU may have in hand: two while the picture moves, so that it is never idle; one while it is still. */
const OPEN_MOVING = 2;
const OPEN_STILL = 1;

/** Renders volumes into one canvas. Nothing happens outside of its calls: call `frame` after any other call. */
export class VolumeRenderer {
  readonly #gl: THREE.WebGLRenderer;
  readonly #size: CanvasSize;
  readonly #budget: GpuBudget;
  readonly #residency: Residency;
  readonly #drawing: ViewDrawing;
  readonly #fence: GpuFence;
  readonly #queue = new UploadQueue();
  readonly #rate = new FrameRate();
  readonly #volumes = new Map<number, VolumeState>();
  readonly #lookup: BrickLookup;
  #views: ViewState[] = [];
  #shown: Shown = {};
  #moving = false;
  #lost = false;
  #losses = 0;
  #clearAll = true;
  #wantedDirty = true;
  #wanted = new Map<number, WantedBrick[]>();
  #missing = 0;
  #firstPictureAt: number | undefined;
  #firstPending = false;
  #problem: string | undefined;
  readonly #filterError: number;

  /** @throws Error where the browser gives no WebGL 2 context */
  constructor(
    readonly canvas: HTMLCanvasElement,
    options: RendererOptions,
  ) {
    this.#lookup = options.lookup;
    this.#gl = new THREE.WebGLRenderer({
      canvas,
      antialias: false,
      alpha: false,
      depth: false,
      stencil: false,
      // Views that have not changed are not drawn again, and a screenshot can be taken at any time.
      preserveDrawingBuffer: true,
      powerPreference: 'high-performance',
    });
    this.#gl.autoClear = false;
    this.#gl.outputColorSpace = THREE.LinearSRGBColorSpace; // colours are written as they are
    this.#gl.info.autoReset = false;
    this.#size = new CanvasSize(canvas);
    this.#budget = new GpuBudget(options.maxGpuBytes ?? DEFAULT_GPU_BYTES);
    this.#residency = new Residency(this.#gl, this.#budget);
    this.#drawing = new ViewDrawing(this.#gl, this.#residency);
    if (options.background) this.#drawing.background = options.background;
    this.#fence = new GpuFence(this.#gl.getContext() as WebGL2RenderingContext);
    this.#gl.extensions.has('EXT_color_buffer_float');
    this.#gl.extensions.has('OES_texture_float_linear');
    this.#filterError = probeFilterError(this.#drawing.screen);
    canvas.addEventListener('webglcontextlost', this.#onLost);
    canvas.addEventListener('webglcontextrestored', this.#onRestored);
  }

  /** Adds a volume, or takes its new description or status over. */
  setVolume(volume: SessionVolume, ranges: BrickRanges): void {
    const known = this.#volumes.get(volume.handle);
    const { description } = volume;
    if (known) {
      const before = known.volume.description;
      if (known.ranges === ranges && before.fingerprint === description.fingerprint && before.stored === description.stored) return;
      this.removeVolume(volume.handle);
    }
    const made = new VolumeState(volume, ranges);
    if (known) made.set(known.settings);
    this.#budget.take(`transfer/${volume.handle}`, TRANSFER_BYTES);
    this.#volumes.set(volume.handle, made);
    this.#replan(true);
  }

  /** Forgets a volume and its bricks. */
  removeVolume(handle: number): void {
    const volume = this.#volumes.get(handle);
    if (!volume) return;
    this.#queue.drop((brick) => brick.volume === handle);
    this.#residency.remove(volume);
    volume.dispose();
    this.#budget.release(`transfer/${handle}`);
    this.#volumes.delete(handle);
    this.#replan(true);
  }

  /** Takes over how a volume is drawn. */
  setLayer(handle: number, settings: LayerSettings): void {
    const volume = this.#volumes.get(handle);
    if (!volume || JSON.stringify(volume.settings) === JSON.stringify(settings)) return;
    volume.set(settings);
    this.#replan(true);
  }

  /** Takes over what is shown where. Views keep their state by their ids. */
  setViews(views: readonly View[]): void {
    const now = performance.now();
    const before = new Map(this.#views.map((state) => [state.view.id, state]));
    const layout = (list: readonly View[]) => JSON.stringify(list.map(({ id, kind, rect }) => [id, kind, rect]));
    if (layout(views) !== layout(this.#views.map((state) => state.view))) this.#clearAll = true;
    this.#views = views.map((view) => {
      const known = before.get(view.id);
      if (known?.view.kind !== view.kind) return new ViewState(view, this.#budget);
      before.delete(view.id);
      if (known.change(view, now)) this.#wantedDirty = true;
      return known;
    });
    for (const state of before.values()) state.dispose();
  }

  /** Says whether the user is moving a view now: pictures are then drawn at the resolution that keeps up. */
  setMoving(moving: boolean): void {
    this.#moving = moving;
  }

  /** Colour behind volumes, sRGB in 0..1. */
  setBackground(rgb: Rgb): void {
    this.#drawing.background = rgb;
    this.#clearAll = true;
  }

  /** What the views lack, by volume; the same map until something has changed. */
  wanted(): Map<number, WantedBrick[]> {
    this.#plan(performance.now());
    if (!this.#wantedDirty) return this.#wanted;
    this.#wantedDirty = false;
    this.#wanted = new Map();
    this.#missing = 0;
    const shown = shownVolumes(this.#shown);
    for (const volume of this.#volumes.values()) {
      const waiting = (number: number) => this.#queue.has(`${volume.handle}/${number}`);
      const bricks = shown.includes(volume) ? missingBricks(this.#views, volume, this.#residency, waiting) : [];
      this.#wanted.set(volume.handle, bricks);
      this.#missing += bricks.length;
    }
    return this.#wanted;
  }

  /** Takes a brick. `uploaded` is called once: when it is on the GPU, or was dropped. */
  offer(brick: Brick, uploaded: () => void): void {
    const volume = this.#volumes.get(brick.volume);
    if (!volume || brick.level >= volume.numbering.levels) {
      uploaded();
      return;
    }
    const number = volume.numbering.pack(brick.level, brick.z, brick.y, brick.x);
    this.#queue.add(`${brick.volume}/${number}`, brick, uploaded);
    this.#wantedDirty = true;
  }

  /** Bricks in these boxes have changed at their source: they are shown until newer ones are here. */
  invalidate(handle: number, boxes: readonly BrickBox[]): void {
    const volume = this.#volumes.get(handle);
    if (!volume) return;
    const inside = (key: { level: number; z: number; y: number; x: number }): boolean =>
      boxes.some(
        ([level, z0, y0, x0, z1, y1, x1]) =>
          key.level === level && key.z >= z0 && key.z < z1 && key.y >= y0 && key.y < y1 && key.x >= x0 && key.x < x1,
      );
    this.#queue.drop((brick) => brick.volume === handle && inside(brick));
    this.#residency.invalidate(volume, inside);
    this.#wantedDirty = true;
  }

  /** The table of ranges of a volume has grown. */
  rangesChanged(handle: number): void {
    const volume = this.#volumes.get(handle);
    if (!volume) return;
    volume.refresh();
    for (const state of this.#views) state.planDirty = state.planDirty || state.view.kind === 'volume';
    this.#wantedDirty = true;
  }

  /**
   * Draws what needs drawing.
   *
   * @param now time of the frame, as `requestAnimationFrame` and `performance.now` give it
   * @returns whether there is more to do; false: nothing will change until another method is called
   */
  frame(now: number): boolean {
    if (this.#lost || this.#gl.getContext().isContextLost()) return false;
    this.#fence.poll();
    if (this.#fence.open >= (this.#moving ? OPEN_MOVING : OPEN_STILL)) return true;
    const begun = performance.now();
    try {
      if (this.#size.update()) this.#resize();
      this.#plan(now);
      const uploaded = this.#queue.run(this.#moving ? UPLOAD_MS_MOVING : UPLOAD_MS_STILL, (brick) => this.#upload(brick));
      if (uploaded > 0) this.#wantedDirty = true;
      this.wanted();
      this.#updateTables();
      const drawn = this.#draw(now, begun);
      if (!drawn && uploaded > 0) this.#fence.mark(begun, () => {});
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#problem = error.message;
      return false;
    }
    return this.#fence.open > 0 || this.#queue.size > 0 || !this.#idle(now);
  }

  /** Whether every view shows all it should at full resolution. Frames may still be drawn that make it smoother. */
  get settled(): boolean {
    if (this.#lost || this.#wantedDirty || this.#missing > 0 || this.#queue.size > 0 || this.#clearAll) return false;
    return this.#views.every(
      (state) => !state.planDirty && !state.tableDirty && !state.drawDirty && (state.view.kind === 'slice' || state.picture.full),
    );
  }

  /** What there is to tell. */
  get report(): RendererReport {
    const scene = this.#views.find((state) => state.view.kind === 'volume') ?? this.#views[0];
    const volumes = [...this.#volumes.values()].map((volume) => {
      const outcomes = this.#views.map((state) => state.tables.get(volume.handle)?.outcome).filter((o) => o?.any);
      return {
        volume: volume.handle,
        finest: outcomes.length ? Math.min(...outcomes.map((o) => o?.finest ?? 0)) : volume.numbering.levels - 1,
        coarsest: outcomes.length ? Math.max(...outcomes.map((o) => o?.coarsest ?? 0)) : volume.numbering.levels - 1,
        missing: this.#wanted.get(volume.handle)?.length ?? 0,
      };
    });
    const slots = this.#residency.slots;
    return {
      volumes,
      missing: this.#missing,
      fps: this.#rate.value,
      resolutionScale: scene?.shownScale ?? 1,
      stepBias: scene && scene.shownScale < 1 ? scene.resolution.quality.stepBias : 0,
      gpuBytes: this.#budget.total,
      gpuBytesPeak: this.#budget.peak,
      gpuBudget: this.#budget.max,
      slots: slots.total,
      slotsUsed: slots.used,
      uploads: this.#residency.uploads,
      evictions: this.#residency.evictions,
      drawCalls: this.#drawing.screen.draws,
      firstPictureAt: this.#firstPictureAt,
      filterError: this.#filterError,
      filterExact: this.#filterError <= EXACT_STEPS,
      floatLinear: this.#gl.extensions.has('OES_texture_float_linear'),
      contextLosses: this.#losses,
      problem: this.#problem,
    };
  }

  /** What lies under a pixel of a view; `px` is of the canvas, in CSS pixels. */
  pick(viewId: string, px: Pixel): Picked | undefined {
    const state = this.#views.find(({ view }) => view.id === viewId);
    return state && pickAt(state.view, px, this.#shown, this.#lookup);
  }

  /** The canvas as a PNG, at full resolution of what is here now. */
  async screenshot(): Promise<Blob> {
    const now = performance.now();
    if (!this.#lost) {
      this.#size.update() && this.#resize();
      this.#plan(now);
      this.#updateTables();
      for (const state of this.#views) {
        const rect = this.#rect(state);
        if (state.view.kind === 'slice') this.#drawSlice(state);
        else if (!state.picture.full) {
          const step = { kind: 'strip', pass: 0, from: 0, rows: rect.height, last: true } as const;
          this.#drawing.strip(state, this.#shown, rect, step);
          state.picture.fullDrawn(now);
          state.shownScale = 1;
          this.#drawing.show(state, this.#shown, rect, this.#size.ratio);
        }
      }
    }
    const blob = await new Promise<Blob | null>((resolve) => this.canvas.toBlob(resolve, 'image/png'));
    if (!blob) throw new Error(`the picture of ${this.canvas.width} x ${this.canvas.height} pixels could not be encoded; make the view smaller`);
    return blob;
  }

  /** Frees what is on the GPU. The canvas cannot be used again. */
  dispose(): void {
    this.canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.canvas.removeEventListener('webglcontextrestored', this.#onRestored);
    this.#queue.drop(() => true);
    this.#fence.dispose();
    for (const state of this.#views) state.dispose();
    for (const volume of this.#volumes.values()) volume.dispose();
    this.#residency.dispose();
    this.#drawing.dispose();
    this.#size.dispose();
    this.#gl.dispose();
    this.#gl.forceContextLoss();
  }

  readonly #onLost = (event: Event): void => {
    event.preventDefault();
    this.#lost = true;
    this.#losses += 1;
  };

  /** The GPU forgot everything: bricks come back from browser memory, coarse ones first, and what is not there is wanted again. */
  readonly #onRestored = (): void => {
    this.#lost = false;
    this.#gl.autoClear = false;
    for (const { volume: handle, number } of this.#residency.rebuild()) {
      const volume = this.#volumes.get(handle);
      const brick = volume && this.#lookup(handle, volume.numbering.unpack(number));
      if (brick) this.#queue.add(`${handle}/${number}`, brick, () => {});
    }
    this.#clearAll = true;
    this.#replan(true);
  };

  #rect(state: ViewState) {
    return deviceRect(state.view.rect, this.#size.ratio, this.#size.height);
  }

  #resize(): void {
    const { width, height } = this.#size;
    this.#gl.setSize(width, height, false);
    this.#clearAll = true;
    for (const state of this.#views) state.planDirty = true;
  }

  /** Plans are out of date, and so are the pictures where `redraw`. */
  #replan(redraw: boolean): void {
    const now = performance.now();
    this.#shown = chooseShown(this.#volumes.values());
    this.#wantedDirty = true;
    for (const state of this.#views) {
      state.planDirty = true;
      if (redraw) state.redraw(now);
    }
  }

  #plan(now: number): void {
    if (this.#lost || this.#views.length === 0) return;
    for (const volume of shownVolumes(this.#shown)) {
      volume.refresh();
      const inUse = new Set(shownVolumes(this.#shown).map(({ storage }) => storage.name));
      this.#residency.atlas(volume.storage, inUse);
    }
    // A large texture takes the better part of a second to make: it must not stand before the first picture.
    const mayGrow = this.#firstPictureAt !== undefined;
    const version = this.#residency.version;
    const planned = planViews(this.#views, this.#shown, this.#residency, this.#size.ratio, { now, moving: this.#moving, mayGrow });
    if (planned) this.#wantedDirty = true;
    if (version !== this.#residency.version) for (const state of this.#views) state.tableDirty = true;
  }

  #upload(brick: Brick): void {
    const volume = this.#volumes.get(brick.volume);
    if (!volume) return;
    const number = volume.numbering.pack(brick.level, brick.z, brick.y, brick.x);
    const planned = this.#views.filter((state) => state.plans.get(brick.volume)?.numbers.has(number));
    const { evictions } = this.#residency;
    if (!this.#residency.upload(volume, brick, planned.length > 0)) return;
    // A slot that went from one brick to another may still stand in any table.
    for (const state of this.#residency.evictions > evictions ? this.#views : planned) state.tableDirty = true;
  }

  #updateTables(): void {
    const now = performance.now();
    for (const state of this.#views) {
      if (!state.tableDirty) continue;
      state.tableDirty = false;
      state.redraw(now);
      for (const volume of shownVolumes(this.#shown)) {
        const plan = state.plans.get(volume.handle);
        if (!plan) continue;
        const here = this.#residency.of(volume);
        const atlas = this.#residency.atlas(volume.storage);
        state.table(volume.handle).update({
          numbering: volume.numbering,
          window: chooseWindow(volume.numbering, plan),
          plan,
          slotOf: (number) => {
            const entry = here.get(number);
            return entry && atlas.slotAt(entry.slot);
          },
          resident: here.keys(),
          isEmpty: state.view.kind === 'slice' ? () => false : volume.isEmpty,
          atlasSize: atlas.size,
        });
      }
    }
  }

  /** Draws at most one piece of work for each view; true where something was drawn. */
  #draw(now: number, begun: number): boolean {
    if (this.#clearAll) {
      this.#clearAll = false;
      this.#drawing.clear({ x: 0, y: 0, width: this.#size.width, height: this.#size.height });
      for (const state of this.#views) state.redraw(now);
    }
    let drawn = false;
    let voxels = false;
    for (const state of this.#views) {
      if (state.view.kind === 'slice') {
        if (!state.drawDirty) continue;
        voxels = this.#drawSlice(state) || voxels;
        drawn = true;
        continue;
      }
      const rect = this.#rect(state);
      const step = state.picture.next(now, this.#moving, this.#missing > 0 || this.#queue.size > 0, rect.height);
      if (!step) continue;
      drawn = true;
      if (step.kind === 'quick') {
        const { quality } = state.resolution;
        const any = this.#drawing.quick(state, this.#shown, rect, quality);
        voxels = voxels || any;
        state.picture.quickDrawn(now, any ? quality : { scale: 1, stepBias: 0 }, state.resolution.fullMs, rect.height);
        state.shownScale = any ? quality.scale : 1;
        this.#fence.mark(begun, (ms) => {
          if (!any) return;
          state.resolution.record(ms, quality);
          state.picture.quickTook(ms);
        });
      } else {
        this.#drawing.strip(state, this.#shown, rect, step);
        state.picture.stripDrawn(now, step);
        this.#fence.mark(begun, (ms) => state.picture.stripTook(ms, step.rows));
        if (!step.last) continue;
        state.shownScale = 1;
      }
      this.#drawing.show(state, this.#shown, rect, this.#size.ratio);
      state.drawDirty = false;
      this.#rate.tick(now);
    }
    if (drawn && voxels && this.#firstPictureAt === undefined && !this.#firstPending) {
      this.#firstPending = true;
      this.#fence.mark(begun, () => {
        this.#firstPictureAt = performance.timeOrigin + performance.now();
      });
    } else if (drawn && this.#fence.open === 0) {
      this.#fence.mark(begun, () => {});
    }
    return drawn;
  }

  #drawSlice(state: ViewState): boolean {
    state.drawDirty = false;
    state.picture.fullDrawn(performance.now());
    return this.#drawing.slice(state, this.#shown, this.#rect(state), this.#size.ratio);
  }

  #idle(now: number): boolean {
    return this.#views.every((state) => {
      if (state.planDirty || state.tableDirty || state.drawDirty) return false;
      return state.view.kind === 'slice' || state.picture.idle(now);
    });
  }
}
