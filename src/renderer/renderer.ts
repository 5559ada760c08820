/** Draws volumes: the one class that the viewer talks to. README.md has the order of things in a frame. */

import type * as THREE from 'three';
import type { Brick, SessionVolume, WantedBrick } from '../session/types.js';
import { COARSEST, type LoadingPolicy, POLICIES, policyOf } from '../volume/policy.js';
import type { BrickRanges } from '../volume/ranges.js';
import { type BrickBox, BrickIntake, UPLOADS_STILL } from './brick_intake.js';
import { BrickNeeds } from './brick_needs.js';
import { CanvasSize, type HeldSize } from './canvas_size.js';
import type { Rgb } from './colormaps.js';
import { ContextWatch } from './context_watch.js';
import { type DebugState, debugState } from './debug_bricks.js';
import { FrameDrawing, type FrameScene } from './frame_drawing.js';
import { DEFAULT_GPU_BYTES, GpuBudget } from './gpu_budget.js';
import { GpuFence } from './gpu_fence.js';
import { pickAt } from './pick.js';
import type { RendererDials, RendererOptions } from './renderer_options.js';
import { makeReport, type RendererReport } from './report.js';
import type { ShaderReport } from './layer_shaders.js';
import { LABEL_LOOKUP_BYTES } from './label_lookup.js';
import type { SliceTiles } from './slice_tiles.js';
import { shaderProblem } from './shader_problem.js';
import { Residency } from './residency.js';
import { Room } from './room.js';
import { TableUpdates } from './table_updates.js';
import { TimeSteps } from './time_steps.js';
import { TRANSFER_BYTES } from './transfer_function.js';
import { ViewDrawing } from './view_drawing.js';
import { Planning } from './planning.js';
import { chooseShown, REPLAN_MS, type Shown } from './view_plans.js';
import { sameLayout, updateViews, withPlanes } from './view_list.js';
import { ViewState } from './view_state.js';
import type { LayerSettings, Picked, Pixel, View } from './views.js';
import { sameVoxels, VolumeState } from './volume_state.js';
import { type Device, deviceOf } from './device.js';
import { makeWebGl } from './web_gl.js';

export type { RendererReport, ShaderReport };

/** Renders volumes into one canvas. Nothing happens outside of its calls: call `frame` after any other call. */
export class VolumeRenderer {
  /** Tiles of slices: what of them is wanted, and where they are taken in. */
  readonly tiles: SliceTiles;
  readonly #gl: THREE.WebGLRenderer;
  readonly #size: CanvasSize;
  readonly #budget: GpuBudget;
  readonly #residency: Residency;
  readonly #drawing: ViewDrawing;
  readonly #fence: GpuFence;
  readonly #frames: FrameDrawing;
  readonly #intake: BrickIntake;
  readonly #tables: TableUpdates;
  readonly #needs: BrickNeeds;
  readonly #planning: Planning;
  /** Which time point is shown, and which come next. */
  readonly times: TimeSteps;
  #policy: LoadingPolicy;
  readonly #volumes = new Map<number, VolumeState>();
  #given: readonly View[] = [];
  #views: ViewState[] = [];
  #shown: Shown = { layers: [] };
  #moving = false;
  #problem: string | undefined;
  readonly #context: ContextWatch;
  readonly #room: Room;
  readonly #device: Device;
  #options: RendererOptions;

  /** @throws Error where the browser gives no WebGL 2 context */
  constructor(
    readonly canvas: HTMLCanvasElement,
    options: RendererOptions,
  ) {
    this.#policy = policyOf(options.policy ?? POLICIES.exploration);
    this.#options = options;
    this.#gl = makeWebGl(canvas);
    this.#device = deviceOf(this.#gl);
    this.#size = new CanvasSize(canvas);
    this.#budget = new GpuBudget(options.maxGpuBytes ?? DEFAULT_GPU_BYTES);
    this.#residency = new Residency(this.#gl, this.#budget);
    this.#drawing = new ViewDrawing(this.#gl, this.#residency, options);
    this.tiles = this.#drawing.tiles;
    if (options.background) this.#drawing.background = options.background;
    this.#fence = new GpuFence(this.#gl.getContext() as WebGL2RenderingContext);
    this.#frames = new FrameDrawing(this.#drawing, this.#fence, canvas, options);
    this.#tables = new TableUpdates(this.#residency);
    this.#planning = new Planning(this.#residency);
    this.#intake = new BrickIntake(this.#volumes, this.#residency, options.lookup);
    this.#needs = new BrickNeeds(this.#residency, this.#intake, this.#drawing.points, this.tiles);
    this.times = new TimeSteps(this.#residency, () => ({ views: this.#views, volumes: this.#shown.layers }), () => this.#replan(false));
    this.#room = new Room(this.#budget, this.#residency, () => this.#replan(true));
    this.#context = new ContextWatch(canvas, this.#restored);
  }

  /** Adds a volume, or takes its new description or status over; `rangesAt` gives the ranges of time points after the first. */
  setVolume(volume: SessionVolume, ranges: BrickRanges, rangesAt?: (time: number) => BrickRanges): void {
    const known = this.#volumes.get(volume.handle);
    const { description } = volume;
    if (this.#drawing.points.set(volume, ranges)) this.#replan(true);
    if (description.kind === 'points') return;
    if (known) {
      if (known.ranges === ranges && sameVoxels(known.volume.description, description)) return;
      this.removeVolume(volume.handle);
    }
    const made = new VolumeState(volume, ranges, rangesAt);
    if (known) made.set(known.settings);
    this.#drawing.shaders.take(made);
    this.#budget.take(`transfer/${volume.handle}`, made.isImage ? TRANSFER_BYTES : LABEL_LOOKUP_BYTES);
    this.#volumes.set(volume.handle, made);
    this.#replan(true);
  }

  /** Forgets a volume and its bricks. */
  removeVolume(handle: number): void {
    const volume = this.#volumes.get(handle);
    if (this.#drawing.points.remove(handle)) this.#replan(true);
    if (!volume) return;
    this.#intake.dropVolume(handle);
    this.#residency.remove(volume);
    this.tiles.remove(handle);
    volume.dispose();
    this.#budget.release(`transfer/${handle}`);
    this.#volumes.delete(handle);
    this.#drawing.shaders.forget(handle);
    this.#replan(true);
  }

  /** Takes over how a volume is drawn. */
  setLayer(handle: number, settings: LayerSettings): void {
    const volume = this.#volumes.get(handle);
    if (this.#drawing.points.setLayer(handle, settings)) this.#replan(true);
    if (!volume || JSON.stringify(volume.settings) === JSON.stringify(settings)) return;
    volume.set(settings);
    this.#drawing.shaders.take(volume);
    this.#replan(true);
  }

  /** Takes over what is shown where. Views keep their state by their ids. */
  setViews(views: readonly View[]): void {
    this.#given = views;
    if (!sameLayout(views, this.#views.map(({ view }) => view))) this.#frames.clearAll = true;
    this.#place();
  }

  /** The views, and the slices that stand in them. */
  #place(): void {
    const make = (view: View) => new ViewState(view, this.#budget, this.#options, this.#device.halfTargets);
    const { views, changed } = updateViews(this.#views, withPlanes(this.#given, this.#shown.layers), make);
    this.#views = views;
    this.#needs.dirty ||= changed;
  }

  /** Says whether the user is moving a view now: pictures are then drawn at the resolution that keeps up, and details wait. */
  setMoving(moving: boolean): void {
    if (moving === this.#moving) return;
    [this.#moving, this.#frames.touched] = [moving, true];
    this.#needs.dirty = true;
    for (const state of this.#views) state.planDirty = state.planDirty || state.ahead.size > 0;
  }

  /**
   * How bricks are asked for from now on.
   *
   * @throws RangeError for a policy that there is not
   */
  setPolicy(policy: string | LoadingPolicy): void {
    const next = policyOf(policy);
    if (next === this.#policy) return;
    this.#policy = next;
    this.#replan(false);
  }

  /** What is pointed at in a view counts most, as long as something is missing; nothing: the middle of the picture. */
  setFocus(viewId: string, px: Pixel | undefined): void {
    const state = this.#views.find(({ view }) => view.id === viewId);
    if (state?.view.kind !== 'volume') return;
    [state.focus, this.#frames.touched] = [px, true];
    if (this.#needs.missing > 0 && performance.now() - state.plannedAt > REPLAN_MS) state.planDirty = true;
  }

  /** Takes other dials over; a smaller budget holds at once. */
  setDials(dials: RendererDials): void {
    this.#options = { ...this.#options, ...dials };
    for (const state of this.#views) state.dial(dials);
    if (dials.maxGpuBytes !== undefined) this.#drawing.lose(); // made anew within the new bound
    this.#room.limit(this.#options.maxGpuBytes ?? this.#budget.max, this.#views);
  }

  /** Colour behind volumes, sRGB in 0..1. */
  setBackground(rgb: Rgb): void {
    this.#drawing.background = rgb;
    this.#frames.clearAll = true;
  }

  /** What the views lack, by volume; the same map until something has changed. */
  wanted(): Map<number, WantedBrick[]> {
    const fits = this.#room.problem === undefined && this.#room.try(() => this.#plan(performance.now()));
    const policy = this.#frames.early ? COARSEST : this.#policy;
    if (fits) this.#needs.update(this.#volumes.values(), this.#shown, this.#views, policy, this.#moving);
    return this.#needs.wanted;
  }

  /** Takes a brick. `uploaded` is called once: when it is on the GPU, or was dropped. */
  offer(brick: Brick, uploaded: () => void): void {
    if (brick.points) this.#drawing.points.offer(brick, uploaded);
    else this.#intake.offer(brick, uploaded);
    this.#needs.dirty = true;
  }

  /** Bricks in these boxes have changed at their source: they are shown until newer ones are here. */
  invalidate(handle: number, boxes: readonly BrickBox[], time = 0): void {
    const volume = this.#volumes.get(handle);
    this.#needs.dirty = true;
    if (volume) this.#intake.invalidate(volume, boxes, time);
  }

  /** The table of ranges of a volume has grown. */
  rangesChanged(handle: number): void {
    const volume = this.#volumes.get(handle);
    if (!volume && !this.#drawing.points.has(handle)) return;
    if (volume && !volume.refresh()) return; // of a time point that is neither shown nor next
    for (const state of this.#views) state.planDirty = state.planDirty || !volume || state.view.kind === 'volume';
    this.#needs.dirty = true;
  }

  /**
   * Draws what needs drawing.
   *
   * @param now time of the frame, as `requestAnimationFrame` and `performance.now` give it
   * @returns whether there is more to do; false: nothing will change until another method is called
   */
  frame(now: number): boolean {
    if (this.#context.lost || this.#gl.getContext().isContextLost()) return false;
    const look = (): boolean => !this.#moving && this.hasPicture && this.#intake.findCells(this.#shown.layers, this.#views);
    this.#frames.waits = this.busy;
    if (this.#frames.waits) return look() || true; // the GPU is at work meanwhile
    const begun = performance.now();
    if (!this.#drawn) this.#frames.final.see(false, begun);
    try {
      this.#frames.takeUp();
      if (this.#size.update()) this.#resize();
      this.#plan(now);
      const { uploadMs, uploads } = this.#policy.moving;
      const uploading = this.#moving ? { ms: uploadMs, most: uploads, cells: false } : UPLOADS_STILL;
      const came = this.#intake.run(uploading, this.#views) + this.#drawing.take(uploading.ms, this.#volumes, this.#views, now);
      this.#needs.dirty ||= came > 0;
      this.wanted();
      this.#updateTables();
      const drawn = this.#frames.draw(this.#scene(), now, begun);
      if (!drawn && came > 0) this.#fence.mark(begun, () => {});
      this.#frames.final.see(this.#drawn, begun);
      this.#room.fits();
    } catch (error) {
      return this.#room.make(error);
    }
    const more = look() || this.#fence.open > 0 || this.#needs.waiting > 0 || this.#planning.busy || !this.#frames.idle(this.#scene(), now);
    if (!more && this.#frames.firstPictureAt !== undefined) this.#problem = shaderProblem(this.#gl);
    return more;
  }

  /** Whether the GPU has so much in hand that a frame now would draw nothing: what is drawn over the picture waits with it. */
  get busy(): boolean {
    return this.#frames.busy(this.#moving);
  }

  /** Draws from now on, voxels or not. */
  release(): void {
    this.#frames.release();
  }

  /** Whether voxels have been seen. */
  get hasPicture(): boolean {
    return this.#frames.firstPictureAt !== undefined;
  }

  /** Whether every brick that the views should have is here, drawn or not. */
  get complete(): boolean {
    if (this.#context.lost || this.#planning.busy || this.#needs.dirty || this.#needs.missing > 0 || this.#needs.waiting > 0) return false;
    return !this.times.isBehind && this.#views.every((state) => !state.planDirty && !state.tableDirty && !state.planned);
  }

  /** Whether every view shows all it should at full resolution, on the canvas and not only on its way. Frames may still be drawn that make it smoother. */
  get settled(): boolean {
    return this.#drawn && this.#frames.final.done;
  }

  get #drawn(): boolean {
    if (!this.complete || this.#frames.clearAll) return false;
    return this.#views.every((state) => !state.drawDirty && (state.view.kind === 'slice' || state.full));
  }

  /** What there is to tell. */
  get report(): RendererReport {
    return makeReport(this.#volumes, this.#views, this.#shown.layers, this.#device, {
      needs: this.#needs, tiles: this.tiles, frames: this.#frames, drawing: this.#drawing, budget: this.#budget, residency: this.#residency, tables: this.#tables, planning: this.#planning,
      losses: this.#context.losses, problem: this.#room.problem ?? this.#drawing.problem ?? this.#problem,
    });
  }

  /** What is in hand, brick by brick. */
  get debug(): DebugState {
    return debugState(this.#views, this.#shown.layers, this.#residency, this.#intake);
  }

  /** What lies under a pixel of a view, or which labels; `px` is of the canvas, in CSS pixels. */
  pick(viewId: string, px: Pixel, of?: 'labels'): Picked | undefined {
    const state = this.#views.find(({ view }) => view.id === viewId);
    const picked = state && pickAt(state.view, px, of ? { ...this.#shown, image: undefined } : this.#shown, this.#options.lookup, this.tiles);
    return state && !of ? this.#drawing.points.pick(state.view, px, picked) : picked;
  }

  /** What became of the shader that a layer was given; undefined where it has none. */
  shaderReport(handle: number): ShaderReport | undefined {
    return this.#drawing.shaders.report(handle);
  }

  /** Makes pictures of this size, and only by `drawNow`; undefined: of the canvas as it is laid out, as they come. */
  holdSize(size: HeldSize | undefined): void {
    this.#size.hold(size);
    this.#frames.paused = size !== undefined;
  }

  /** Draws everything at once, at full resolution of what is here now. */
  drawNow(): void {
    if (this.#context.lost) return;
    const now = performance.now();
    if (this.#size.update()) this.#resize();
    // What is in hand may be of a moment ago.
    for (let i = this.#planning.busy ? 0 : 1; i < 2; i += 1) this.#plan(now, Number.POSITIVE_INFINITY);
    this.#updateTables();
    this.#frames.drawFull(this.#scene(), now);
  }

  /** Frees what is on the GPU. The canvas cannot be used again. */
  dispose(): void {
    this.#context.dispose();
    this.#intake.dropAll();
    this.#fence.dispose();
    for (const state of this.#views) state.dispose();
    for (const volume of this.#volumes.values()) volume.dispose();
    this.#residency.dispose();
    this.#drawing.dispose();
    this.#size.dispose();
    this.#gl.dispose();
    this.#gl.forceContextLoss();
  }

  /** The GPU forgot everything: bricks come back from browser memory, coarse ones first, and what is not there is wanted again. */
  readonly #restored = (): void => {
    this.#gl.autoClear = false;
    this.#intake.restore();
    this.#drawing.lose();
    this.#frames.clearAll = true;
    this.#replan(true);
  };

  #scene(): FrameScene {
    const loading = this.#needs.missing > 0 || this.#needs.waiting > 0;
    return { views: this.#views, shown: this.#shown, size: this.#size, moving: this.#moving, loading };
  }

  #resize(): void {
    this.#gl.setSize(this.#size.width, this.#size.height, false);
    this.#frames.clearAll = true;
    for (const state of this.#views) state.planDirty = true;
  }

  /** Plans are out of date, and so are the pictures where `redraw`. */
  #replan(redraw: boolean): void {
    const now = performance.now();
    this.#shown = chooseShown(this.#volumes.values());
    this.#place();
    this.#needs.dirty = true;
    for (const state of this.#views) {
      state.planDirty = state.altered = true;
      if (redraw) state.redraw(now);
    }
  }

  #plan(now: number, ms = this.#options.planMs): void {
    if (this.#context.lost || this.#views.length === 0) return;
    const { layers } = this.#shown;
    if (!this.#planning.busy) {
      for (const volume of layers) volume.refresh();
      this.times.step();
    }
    // A large texture takes the better part of a second to make: it must not stand before the first picture.
    const options = { now, moving: this.#moving, mayGrow: this.hasPicture, policy: this.#policy, tiles: this.tiles };
    const planned = this.#planning.go(this.#views, this.#shown, this.#size.ratio, options, ms);
    if (planned.length > 0) {
      this.#drawing.plan(planned, this.#views, this.#size.ratio);
      this.#needs.dirty = true;
    }
  }

  #updateTables(): void {
    this.#tables.run(this.#views, this.#shown.layers, this.#moving, this.#policy, performance.now());
  }
}
