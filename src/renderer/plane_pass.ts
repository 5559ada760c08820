/**
 * Draws a slice that stands in a perspective view: its layers one over the other, from tiles and bricks as a slice is, into a picture of
 * its own; that picture among the other solid things, with distances.
 */

import * as THREE from 'three';
import { cameraBasis } from './camera.js';
import { CLIP_PLANES, clipUniforms, planesOf, setClip } from './clip_planes.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import planeFragment from './shaders/plane.frag.glsl';
import type { SliceDrawing } from './slice_drawing.js';
import { sliceInSpace } from './slice_in_space.js';
import type { VolumeSource } from './source.js';
import type { SliceView, VolumeView } from './views.js';
import type { VolumeState } from './volume_state.js';

/** One layer of a slice that stands in a view. */
export interface PlaneLayer {
  readonly slice: SliceView;
  readonly source: VolumeSource;
  readonly volume: VolumeState;
}

const NAME = 'planes/picture';

export class PlanePass {
  readonly #material: THREE.RawShaderMaterial;
  #picture: THREE.WebGLRenderTarget | undefined;

  constructor(
    readonly screen: Fullscreen,
    readonly budget: GpuBudget,
    readonly slices: SliceDrawing,
  ) {
    const names = ['uPicture', 'uForward', 'uRight', 'uUp', 'uViewport', 'uNormal', 'uAway', 'uScale', 'uPass'];
    const uniforms = Object.fromEntries(names.map((name) => [name, { value: null } as THREE.IUniform]));
    this.#material = shaderMaterial([planeFragment], { ...uniforms, ...clipUniforms() }, 'replace', { CLIP_PLANES });
    this.#material.depthTest = this.#material.depthWrite = true;
  }

  /** Draws the layers of one slice into a target of colours and distances, in front of what is farther there. */
  draw(layers: readonly PlaneLayer[], view: VolumeView, rect: DeviceRect, target: THREE.WebGLRenderTarget, jitter: readonly [number, number], pass: number): void {
    const slice = layers[0]?.slice;
    if (!slice) return;
    const picture = this.#pictureOf(rect);
    const { renderer } = this.screen;
    picture.scissorTest = false;
    renderer.setRenderTarget(picture);
    renderer.setClearColor(0, 0);
    renderer.clear(true, false, false);
    const uniforms = sliceInSpace(slice, view, rect, jitter);
    const whole = { x: 0, y: 0, width: slice.rect.width, height: slice.rect.height };
    for (const { source, volume } of layers) this.slices.draw(source, volume, slice, whole, 1, { uniforms, rect, target: picture });
    const u = this.#material.uniforms as Record<string, THREE.IUniform>;
    const values: Record<string, unknown> = { ...uniforms, uPicture: picture.texture, uScale: view.camera.distance, uPass: pass };
    for (const [name, value] of Object.entries(values)) if (u[name]) u[name].value = value;
    setClip(u, planesOf(view.clip), cameraBasis(view.camera).eye);
    this.screen.draw(this.#material, rect, target);
  }

  /** Gives its picture back. */
  lose(): void {
    this.#picture?.dispose();
    this.#picture = undefined;
    this.budget.release(NAME);
  }

  dispose(): void {
    this.lose();
    this.#material.dispose();
  }

  #pictureOf({ width, height }: DeviceRect): THREE.WebGLRenderTarget {
    if (this.#picture?.width === width && this.#picture.height === height) return this.#picture;
    this.lose();
    this.budget.take(NAME, 4 * width * height);
    const filter = THREE.NearestFilter;
    this.#picture = new THREE.WebGLRenderTarget(width, height, { depthBuffer: false, minFilter: filter, magFilter: filter });
    return this.#picture;
  }
}
