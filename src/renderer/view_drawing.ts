/** Draws one view: its background, its slices or its picture, and the box around its volume. */

import * as THREE from 'three';
import { worldBounds } from '../volume/geometry.js';
import { toLayer, toWorld } from '../volume/placement.js';
import type { Quality } from './adaptive_resolution.js';
import { around, coveredPart } from './covered_part.js';
import { closeness } from './closeness.js';
import { LABEL_COLORS, type Rgb } from './colormaps.js';
import { type DeviceRect, Fullscreen, shaderMaterial } from './fullscreen.js';
import { LayerShaders } from './layer_shaders.js';
import { boxEdges, eyeOf, LinePass, type Segment } from './line_pass.js';
import type { PictureStep } from './picture.js';
import { passJitter } from './picture.js';
import { type PlaneLayer, PlanePass } from './plane_pass.js';
import { cutsOf } from './plane_views.js';
import { PointClouds } from './point_clouds.js';
import { plainPair, RayDrawing } from './ray_drawing.js';
import type { Residency } from './residency.js';
import backgroundGlsl from './shaders/background.frag.glsl';
import compositeGlsl from './shaders/composite.frag.glsl';
import pictureGlsl from './shaders/picture.glsl';
import { beforeUniforms, pictureUniforms, setBefore, setPicture } from './shown_picture.js';
import { SliceDrawing } from './slice_drawing.js';
import type { RendererOptions } from './renderer_options.js';
import { SliceTiles } from './slice_tiles.js';
import { type PlaneLayers, Solids } from './solids.js';
import type { VolumeSource } from './source.js';
import type { Strip, StripArea } from './strips.js';
import type { ViewState } from './view_state.js';
import type { VolumeState } from './volume_state.js';
import type { Shown } from './view_plans.js';

const luma = ([r, g, b]: Rgb): number => 0.3 * r + 0.6 * g + 0.1 * b;

/** The passes, and what they draw with. */
export class ViewDrawing {
  readonly screen: Fullscreen;
  background: Rgb = [0.055, 0.063, 0.078];
  readonly shaders: LayerShaders;
  /** Drawn beside the volumes. */
  readonly points: PointClouds;
  readonly tiles: SliceTiles;
  readonly #rays: RayDrawing;
  readonly #slices: SliceDrawing;
  readonly #solids: Solids;
  readonly #lines: LinePass;
  readonly #composite: THREE.RawShaderMaterial;
  /** The same with the picture before; compiled when first used. */
  readonly #blending: THREE.RawShaderMaterial;
  readonly #backdrop: THREE.RawShaderMaterial;

  constructor(
    renderer: THREE.WebGLRenderer,
    readonly residency: Residency,
    { lookup, tileLookup }: Pick<RendererOptions, 'lookup' | 'tileLookup'>,
  ) {
    this.screen = new Fullscreen(renderer);
    this.tiles = new SliceTiles(renderer, residency.budget, tileLookup);
    this.points = new PointClouds(this.screen, residency.budget, lookup);
    residency.budget.take('palettes', 2 * 4 * LABEL_COLORS);
    this.shaders = new LayerShaders(this.screen);
    this.#rays = new RayDrawing(this.screen, residency.budget);
    this.#slices = new SliceDrawing(this.screen, this.tiles);
    this.#solids = new Solids(this.screen, residency.budget, this.points, new PlanePass(this.screen, residency.budget, this.#slices));
    this.#lines = new LinePass(this.screen);
    const color = () => ({ value: new THREE.Vector3() });
    const uniforms = () => ({ uColor: color(), uGlow: { value: 0 }, ...pictureUniforms() });
    this.#composite = shaderMaterial([pictureGlsl, compositeGlsl], uniforms(), 'replace');
    this.#blending = shaderMaterial([pictureGlsl, compositeGlsl], { ...uniforms(), ...beforeUniforms() }, 'replace', { BLENDING: 1 });
    this.#backdrop = shaderMaterial([backgroundGlsl], { uColor: color() }, 'replace');
  }

  /** Uploads points and tiles that came; how many. */
  take(budgetMs: number, volumes: ReadonlyMap<number, VolumeState>, views: readonly ViewState[], now: number): number {
    return this.points.run(views, now) + this.tiles.run(budgetMs, volumes, views, now);
  }

  /** Plans the points of views whose plans were due. */
  plan(due: readonly ViewState[], views: readonly ViewState[], ratio: number): void {
    this.points.plan(due, views, ratio);
    this.#solids.retain(new Set(views.map(({ view }) => view.id)));
  }

  /** Forgets what of points and tiles is on the GPU: it comes again. */
  lose(): void {
    this.points.lose();
    this.#solids.lose();
    this.tiles.release();
  }

  /** Fills a part of the canvas with the background. */
  clear(rect: DeviceRect): void {
    (this.#backdrop.uniforms.uColor as THREE.IUniform<THREE.Vector3>).value.set(...this.background);
    this.screen.draw(this.#backdrop, rect);
  }

  /** Compiles what every picture is put on the canvas with. */
  compile(): void {
    for (const material of [this.#backdrop, this.#composite]) this.screen.has(material);
  }

  /** Whether the canvas can be drawn on without waiting for a shader. */
  get ready(): boolean {
    const [backdrop, composite] = [this.screen.has(this.#backdrop), this.screen.has(this.#composite)];
    return backdrop && composite;
  }

  /** Whether a picture that was shown without its box can have it now. */
  get boxReady(): boolean {
    return this.#lines.ready;
  }

  /** Whether pictures can blend into each other; where not, they can soon. */
  prepareBlend(): boolean {
    return !this.screen.patient || this.screen.has(this.#blending);
  }

  /** Whether a view has voxels to show. */
  hasVoxels(state: ViewState, shown: Shown): boolean {
    const has = (volume: VolumeState) => state.table(volume.handle).outcome.any || this.tiles.count(state.view.id, volume).here > 0;
    return shown.layers.some(has) || this.points.shows(state.view);
  }

  /** Draws a slice of every layer, one over the other; false where no voxel was drawn. */
  slice(state: ViewState, shown: Shown, rect: DeviceRect, ratio: number): boolean {
    const { view } = state;
    if (view.kind !== 'slice') return false;
    // Of another plane nothing is here yet: the picture before stays until there is.
    const awaits = shown.layers.some((volume) => this.tiles.count(view.id, volume).lacking > 0);
    if (awaits && !this.hasVoxels(state, shown)) return false;
    this.clear(rect);
    state.covered = undefined;
    let any = false;
    for (const volume of shown.layers) {
      any = this.#slices.draw(this.#source(state, volume), volume, view, rect, ratio) || any;
    }
    return this.points.discs(view, rect, ratio) || any;
  }

  /** Draws a whole picture at reduced quality into the view's target. */
  quick(state: ViewState, shown: Shown, rect: DeviceRect, quality: Quality): boolean {
    const width = Math.max(Math.round(rect.width * quality.scale), 1);
    const height = Math.max(Math.round(rect.height * quality.scale), 1);
    return this.#march(state, shown, rect, { width, height, coarser: quality.coarser, pass: 0 });
  }

  /** Draws a strip of a full picture into the view's target. */
  strip(state: ViewState, shown: Shown, rect: DeviceRect, step: PictureStep & { kind: 'strip' }): boolean {
    const { width, height } = rect;
    const { tiled } = state.resolution;
    return this.#march(state, shown, rect, { ...step, width, height, coarser: 0, tiled });
  }

  /** Where in a full picture there are rays that meet a volume. */
  area({ view }: ViewState, shown: Shown, { width, height }: DeviceRect): StripArea {
    const rect = { x: 0, y: 0, width, height };
    const { x, y, ...size } = view.kind === 'volume' ? coveredPart(shown.layers, view.camera, rect, 2) : rect;
    return { width, height, covered: { left: x, top: height - y - size.height, right: x + size.width, bottom: height - y } };
  }

  /** Puts the view's picture on the canvas, in the volume's box. */
  show(state: ViewState, shown: Shown, rect: DeviceRect, ratio: number, boxed: boolean, now: number): void {
    const { view } = state;
    if (view.kind !== 'volume') return;
    const picture = state.onCanvas;
    if (!picture) {
      this.clear(rect);
      state.covered = undefined;
      return;
    }
    const dark = luma(this.background) < 0.5;
    state.onScreen = picture;
    const { before } = state.fade;
    const part = state.fade.part(now);
    const blends = before && part < 1 && this.prepareBlend();
    if (!blends) state.fade.end(); // it would only begin now, from a picture that is no longer there
    const composite = blends ? this.#blending : this.#composite;
    const u = composite.uniforms as Record<string, THREE.IUniform>;
    (u.uColor as THREE.IUniform<THREE.Vector3>).value.set(...this.background);
    (u.uGlow as THREE.IUniform).value = dark ? 0.05 : 0.035;
    setPicture(u, picture, rect);
    if (blends) setBefore(u, before, part);
    const volume = shown.image ?? shown.labels;
    // The canvas keeps what is on it: the backdrop around the volumes is drawn once, and where they were or are.
    const boxes = volume && boxed && view.outline !== false ? coveredPart([volume], view.camera, rect, ratio + 2) : picture.covers;
    const covers = around(picture.covers, boxes);
    const { leftOut } = this.screen;
    this.screen.draw(composite, rect, null, state.covered ? around(state.covered, covers) : rect);
    if (this.screen.leftOut > leftOut) return;
    state.covered = blends && state.covered ? around(state.covered, covers) : covers;
    state.lacksBox = false;
    if (!volume || !boxed || view.outline === false) return;
    if (this.screen.patient && !this.boxReady) {
      state.lacksBox = true;
      return;
    }
    const box = worldBounds(volume.geometry);
    const { placement } = volume;
    const edges = boxEdges(box.min, box.max, toLayer(placement, eyeOf(view.camera)));
    const [back, front] = [edges.back, edges.front].map((list) =>
      list.map(({ start, end }) => ({ start: toWorld(placement, start), end: toWorld(placement, end) })),
    ) as [Segment[], Segment[]];
    const color: Rgb = dark ? [0.62, 0.68, 0.76] : [0.3, 0.34, 0.4];
    this.#lines.draw({ segments: back, color, opacity: 0.3, width: ratio, behind: true }, picture, view.camera, rect);
    this.#lines.draw({ segments: front, color, opacity: 0.22, width: ratio, behind: false }, picture, view.camera, rect);
  }

  /** A sentence for the user where something could not be drawn as asked. */
  get problem(): string | undefined {
    return this.shaders.problem ?? this.#rays.problem;
  }

  dispose(): void {
    for (const part of [this.#solids, this.points, this.tiles, this.#rays, this.#slices, this.#lines, this.#composite, this.#blending, this.#backdrop, this.screen]) part.dispose();
  }

  #march(
    state: ViewState,
    shown: Shown,
    rect: DeviceRect,
    draw: { width: number; height: number; coarser: number; pass: number; tiled?: boolean } & Partial<Strip>,
  ): boolean {
    const { width, height, from = 0, rows = height, left = 0, columns = width, tiled = false } = draw;
    const full = width === rect.width && height === rect.height;
    const target = state.pictureTarget(rect.width, rect.height, full);
    const size = [target.width, target.height] as const;
    const solid = from === 0 && left === 0 ? this.#solids.draw(state.view, this.#planes(state, shown), rect, draw.pass) : this.#solids.drawn(state.view.id);
    // Mixed with what is clear, a picture's outermost pixels reach one further; those of later passes are shifted.
    const spill = Math.ceil(1.5 * Math.max(rect.width / width, rect.height / height)) + 1;
    const covers = solid || state.view.kind !== 'volume' ? rect : coveredPart(shown.layers, state.view.camera, rect, spill);
    state.onCanvas = { texture: target.texture, size, used: [width / size[0], height / size[1]], solid: solid?.colors, covers };
    if (state.view.kind !== 'volume' || shown.layers.length === 0) return this.#clearTarget(target) || solid !== undefined;
    const all = shown.layers.map((volume) => this.#source(state, volume, draw.coarser));
    const here = all.filter(({ table }) => table.outcome.any);
    const { camera, clip, light } = state.view;
    if (here.length === 0) {
      // One pixel, so that the shader is compiled while the first brick is still on its way.
      this.#rays.draw(all, { camera, clip, light, rect, part: { x: 0, y: 0, width: 1, height: 1 }, target });
      return this.#clearTarget(target) || solid !== undefined;
    }
    // Where the fast pass can draw them, layers come as they arrive; else the shader is that of all.
    return this.#rays.draw(plainPair(all) ? here : all, {
      camera,
      clip,
      light,
      rect: { x: 0, y: 0, width, height },
      part: { x: left, y: height - from - rows, width: columns, height: rows },
      target,
      tiled,
      jitter: passJitter(draw.pass),
      depth: solid?.distances,
      cuts: cutsOf(state.view),
      weight: 1 / (draw.pass + 1),
    });
  }

  /** What there is to see of the planes that stand in a view. */
  #planes(state: ViewState, { layers }: Shown): PlaneLayers[] {
    const planes = state.planes.map((plane) =>
      layers.flatMap((volume): PlaneLayer[] => {
        const has = plane.table(volume.handle).outcome.any || this.tiles.has(plane.view.id, volume.handle);
        return has && plane.view.kind === 'slice' ? [{ slice: plane.view, source: this.#source(plane, volume), volume }] : [];
      }),
    );
    return planes.filter(({ length }) => length > 0);
  }

  #clearTarget(target: THREE.WebGLRenderTarget): false {
    const { renderer } = this.screen;
    target.scissorTest = false;
    renderer.setRenderTarget(target);
    renderer.setClearColor(0, 0);
    renderer.clear(true, false, false);
    return false;
  }

  #source(state: ViewState, volume: VolumeState, coarser = 0): VolumeSource {
    const { view } = state;
    const near = view.kind === 'volume' ? closeness(volume.geometry, volume.placement, view.camera) : undefined;
    volume.updateTransfer(near);
    const atlas = this.residency.atlas(volume.storage);
    atlas.checkCells(volume);
    return {
      geometry: volume.geometry,
      numbering: volume.numbering,
      atlas,
      table: state.tableFor(volume.handle, coarser),
      transfer: volume.transfer,
      window: volume.window,
      raw: volume.raw,
      settings: volume.settings,
      placement: volume.placement,
      closeness: near ?? 1,
      lookup: volume.lookup,
      shader: volume.shader,
    };
  }
}
