/** Decides what each view draws in a frame, draws it, and hears from the GPU how long it took. */

import { FinalFrame } from './final_frame.js';
import type { DeviceRect } from './fullscreen.js';
import type { GpuFence } from './gpu_fence.js';
import type { RendererOptions } from './renderer_options.js';
import { FrameRate } from './report.js';
import type { ViewDrawing } from './view_drawing.js';
import type { Shown } from './view_plans.js';
import { drawWithin } from './view_list.js';
import { deviceRect, type ViewState } from './view_state.js';

/** What a frame draws. */
export interface FrameScene {
  readonly views: readonly ViewState[];
  readonly shown: Shown;
  readonly size: { readonly width: number; readonly height: number; readonly ratio: number };
  readonly moving: boolean;
  /** Bricks are missing or on their way. */
  readonly loading: boolean;
}

/** The drawing part of a frame. */
export class FrameDrawing {
  readonly rate = new FrameRate();
  /** The whole canvas must be drawn anew. */
  clearAll = true;
  /** Pictures are drawn only by `drawFull`: the bricks come first. */
  paused = false;
  #held = false;
  #early: boolean;
  /** Epoch milliseconds at which the first picture with voxels was done. */
  firstPictureAt: number | undefined;
  #firstPending = false;
  /** Another frame's work follows on the last one's: bricks to upload, or a strip. */
  #going = false;
  /** A strip follows on the last one: a short one is done long before the display's next turn. */
  #strips = false;
  /** Somebody has moved a view, or pointed into one. */
  touched = false;
  /** The last frame drew nothing, for the GPU was at work. */
  waits = false;
  readonly final: FinalFrame;

  constructor(
    readonly drawing: ViewDrawing,
    readonly fence: GpuFence,
    readonly canvas: HTMLCanvasElement,
    readonly options: Pick<RendererOptions, 'early' | 'fades' | 'freed' | 'held'> = {},
  ) {
    fence.freed = () => (this.waits || this.#strips) && options.freed?.();
    this.final = new FinalFrame(fence);
    this.#early = options.early ?? false;
    this.#hold(options.held ?? false);
  }

  /**
   * Whether the GPU has so much in hand that a frame now would draw nothing. It is waited for to be done with everything where a new shader
   * is to be taken up.
   */
  busy(moving: boolean): boolean {
    if (this.drawing.screen.shaders.due) return this.fence.isFull('still');
    return this.fence.isFull(!moving && this.#going ? 'going' : 'still');
  }

  /** Takes up shaders that were compiled meanwhile, where that waits for nothing. */
  takeUp(): void {
    if (this.fence.open === 0) this.drawing.screen.shaders.takeUp();
  }

  /** Whether the first picture is still awaited, and nothing else is to be asked for before it. */
  get early(): boolean {
    return this.#early && this.firstPictureAt === undefined;
  }

  /** Draws from now on, voxels or not. */
  release(): void {
    this.#early = false;
    if (this.#held) this.clearAll = true;
    this.#hold(false);
  }

  /**
   * Held, nothing is put on the canvas before there are voxels to see: an empty picture would cost the page as much as a full one. A
   * canvas with nothing on it is black: it is not to be seen.
   */
  #hold(held: boolean): void {
    this.#held = held;
    this.canvas.style.visibility = held ? 'hidden' : '';
  }

  /**
   * Draws at most one piece of work for each view. What needs a shader that is not compiled yet is left for a later frame: nothing waits. But
   * the first picture of a view does: there is nothing else to see in it, and asking again each frame has it later.
   *
   * @param now time of the frame
   * @param begun when the frame's work began, uploads included
   * @returns whether something was drawn
   */
  draw(scene: FrameScene, now: number, begun: number): boolean {
    const { screen } = this.drawing;
    this.#going = scene.loading;
    this.#strips = false;
    if (this.paused || (this.#firstPending && !this.drawing.ready)) return false;
    const { leftOut } = screen;
    try {
      const drawn = this.#draw(scene, now, begun);
      if (screen.leftOut > leftOut && this.fence.open === 0) this.fence.mark(begun, () => {});
      return drawn;
    } finally {
      screen.patient = false;
    }
  }

  #draw(scene: FrameScene, now: number, begun: number): boolean {
    if (this.#held && !scene.views.some((state) => this.drawing.hasVoxels(state, scene.shown))) return this.#prepare(scene, begun);
    if (this.#held) this.#hold(false);
    this.#clear(scene, now);
    let drawn = false;
    let voxels = false;
    const { screen } = this.drawing;
    for (const state of scene.views) {
      screen.patient = state.hasShown;
      let did: boolean | undefined;
      if (state.view.kind !== 'slice') did = this.#picture(scene, state, now, begun);
      else if (state.drawDirty && (!screen.patient || this.#isReady(scene, state))) did = this.#slice(scene, state);
      drawn = drawn || did !== undefined;
      voxels = voxels || did === true;
      state.hasShown ||= did === true;
    }
    if (voxels) this.#markFirst(begun);
    if (drawn && this.fence.open === 0) this.fence.mark(begun, () => {});
    return drawn;
  }

  /** The canvas, where it must be drawn anew; and what stands in views is drawn with them. */
  #clear({ size, views }: FrameScene, now: number): void {
    if (this.clearAll) {
      this.clearAll = false;
      this.drawing.clear({ x: 0, y: 0, width: size.width, height: size.height });
      for (const state of views) {
        state.covered = undefined;
        state.redraw(now);
      }
    }
    drawWithin(views, now);
  }

  /**
   * Compiles what the first picture is drawn with, while its first brick is on its way. Nothing is drawn with it before it is compiled: the
   * brick is mostly here by then, and a draw would only be waited for.
   */
  #prepare(scene: FrameScene, begun: number): boolean {
    let drawn = false;
    this.drawing.screen.patient = true;
    this.drawing.compile();
    for (const state of scene.views) {
      if (!state.drawDirty) continue;
      const { leftOut } = this.drawing.screen;
      const rays = state.view.kind === 'volume' && (scene.shown.image ?? scene.shown.labels);
      if (rays) this.drawing.quick(state, scene.shown, this.#rect(scene, state), state.resolution.quality);
      if (this.drawing.screen.leftOut > leftOut) continue;
      state.drawDirty = false;
      drawn ||= rays !== undefined && rays !== false;
    }
    if (drawn) this.fence.mark(begun, () => {});
    return drawn;
  }

  /** Draws every view at full resolution, at once. */
  drawFull(scene: FrameScene, now: number): void {
    this.#clear(scene, now);
    for (const state of scene.views) {
      if (state.view.kind === 'slice') {
        if (!state.within) this.#slice(scene, state);
      } else if (!state.picture.full || state.lacksBox) {
        const rect = this.#rect(scene, state);
        this.drawing.strip(state, scene.shown, rect, { kind: 'strip', pass: 0, from: 0, rows: rect.height, left: 0, columns: rect.width, pixels: 0, last: true });
        state.picture.fullDrawn(now);
        state.shown = { scale: 1, coarser: 0 };
        state.fade.end();
        this.drawing.show(state, scene.shown, rect, scene.size.ratio, true, now);
        state.drawDirty = false;
      }
    }
  }

  /** Whether no view has anything left to draw. */
  idle(scene: FrameScene, now: number): boolean {
    if (this.clearAll && !this.drawing.ready) return false;
    return scene.views.every((state) => {
      if (state.planDirty || state.tableDirty || state.planned || state.drawDirty) return false;
      return state.view.kind === 'slice' || (state.picture.idle(now) && !state.fade.active && !state.lacksBox);
    });
  }

  #rect(scene: FrameScene, state: ViewState): DeviceRect {
    return deviceRect(state.view.rect, scene.size.ratio, scene.size.height);
  }

  /** Whether a slice can be drawn without waiting for a shader: its background is not to be seen alone. */
  #isReady(scene: FrameScene, state: ViewState): boolean {
    return this.drawing.screen.rehearse(() => this.drawing.slice(state, scene.shown, this.#rect(scene, state), scene.size.ratio));
  }

  #slice(scene: FrameScene, state: ViewState): boolean {
    state.drawDirty = false;
    return this.drawing.slice(state, scene.shown, this.#rect(scene, state), scene.size.ratio);
  }

  /** True: voxels were drawn; false: something else was; undefined: nothing. */
  #picture(scene: FrameScene, state: ViewState, now: number, begun: number): boolean | undefined {
    const rect = this.#rect(scene, state);
    const area = this.drawing.area(state, scene.shown, rect);
    state.picture.strips.unhurried = !this.touched;
    const step = state.picture.next(now, scene.moving, scene.loading, area);
    const boxed = this.firstPictureAt !== undefined;
    if (scene.moving) state.fade.end();
    // A picture that blends in is shown as a whole before the next is begun.
    if (!step || (step.kind === 'strip' && state.fade.active)) {
      const box = state.lacksBox && this.drawing.boxReady;
      if (!state.fade.active && !box) return undefined;
      if (!state.fade.active) state.onCanvas = state.onScreen;
      this.drawing.show(state, scene.shown, rect, scene.size.ratio, boxed, now);
      return false;
    }
    let any: boolean;
    const { screen } = this.drawing;
    const { leftOut } = screen;
    if (step.kind === 'quick') {
      if (scene.moving || !this.options.fades) state.altered = true;
      state.keepForFade(now);
      const { quality } = state.resolution;
      any = this.drawing.quick(state, scene.shown, rect, quality);
      if (screen.leftOut > leftOut) return undefined;
      state.shown = any ? quality : { scale: 1, coarser: 0 };
      state.picture.quickDrawn(now, state.shown, state.resolution.fullMs, area);
      this.fence.mark(begun, (ms) => {
        this.rate.tick(performance.now());
        if (!any) return;
        state.resolution.record(ms, quality);
        state.picture.quickTook(ms);
      });
    } else {
      any = this.drawing.strip(state, scene.shown, rect, step);
      if (screen.leftOut > leftOut) return undefined;
      state.picture.stripDrawn(now, step, rect);
      this.fence.mark(begun, (ms) => {
        if (step.last) this.rate.tick(performance.now());
        state.picture.stripTook(ms, step);
      });
      this.#strips ||= !step.last;
      this.#going ||= this.#strips;
      if (!step.last) return any;
      state.shown = { scale: 1, coarser: 0 };
    }
    // The box comes with the second picture, and blending after that: their shaders are not compiled before the first.
    if (boxed && this.options.fades) this.drawing.prepareBlend();
    this.drawing.show(state, scene.shown, rect, scene.size.ratio, !any || boxed, now);
    state.drawDirty = false;
    return any;
  }

  /** The first picture counts when the GPU has drawn it, not when it was told to. */
  #markFirst(begun: number): void {
    if (this.#firstPending) return;
    this.#firstPending = true;
    this.fence.mark(begun, () => {
      this.firstPictureAt = performance.timeOrigin + performance.now();
    });
  }
}
