/** The picture of what is solid in a perspective view, points and planes: colours, the mean of a still picture's passes, and how far from the eye they are. */

import * as THREE from 'three';
import { type Fullscreen, shaderMaterial } from './fullscreen.js';
import type { GpuBudget } from './gpu_budget.js';
import copyGlsl from './shaders/copy.frag.glsl';

/** Bytes of a pixel: colour, distance and depth of one pass, and the mean. */
const PIXEL_BYTES = 4 + 4 + 4 + 8;

/** Targets of one view. */
export class SolidTarget {
  /** Of the last pass; distances are 0 where there is nothing. */
  readonly pass: THREE.WebGLRenderTarget;
  readonly #mean: THREE.WebGLRenderTarget;
  readonly #copy = shaderMaterial([copyGlsl], { uSource: { value: null } }, 'replace');

  constructor(
    readonly name: string,
    readonly budget: GpuBudget,
    readonly width: number,
    readonly height: number,
    /** Whether the device draws floats; else there are no distances, and rays go on behind what is solid. */
    floats: boolean,
  ) {
    budget.take(name, width * height * PIXEL_BYTES);
    const filter = THREE.NearestFilter;
    this.pass = new THREE.WebGLRenderTarget(width, height, { count: floats ? 2 : 1, depthBuffer: true, minFilter: filter, magFilter: filter });
    const distance = this.distances;
    if (distance) {
      distance.format = THREE.RedFormat;
      distance.type = THREE.FloatType;
    }
    const type = floats ? THREE.HalfFloatType : THREE.UnsignedByteType;
    const linear = THREE.LinearFilter;
    this.#mean = new THREE.WebGLRenderTarget(width, height, { depthBuffer: false, type, minFilter: linear, magFilter: linear });
    this.#copy.blendSrc = this.#copy.blendSrcAlpha = THREE.ConstantAlphaFactor;
    this.#copy.blendDst = this.#copy.blendDstAlpha = THREE.OneMinusConstantAlphaFactor;
  }

  /** Premultiplied colours. */
  get colors(): THREE.Texture {
    return this.#mean.texture;
  }

  /** World lengths along each pixel's ray; 0: nothing. */
  get distances(): THREE.Texture | undefined {
    return this.pass.textures[1];
  }

  /** Nothing is there, infinitely far. */
  clear(renderer: THREE.WebGLRenderer): void {
    this.pass.scissorTest = false;
    renderer.setRenderTarget(this.pass);
    renderer.setClearColor(0, 0);
    renderer.clear(true, true, false);
  }

  /** Takes the pass into the mean; the first one replaces it. */
  add(screen: Fullscreen, pass: number): void {
    const weight = 1 / (pass + 1);
    (this.#copy.uniforms.uSource as THREE.IUniform).value = this.pass.textures[0];
    this.#copy.blending = weight < 1 ? THREE.CustomBlending : THREE.NoBlending;
    this.#copy.transparent = weight < 1;
    this.#copy.blendAlpha = weight;
    screen.draw(this.#copy, { x: 0, y: 0, width: this.width, height: this.height }, this.#mean);
  }

  dispose(): void {
    this.pass.dispose();
    this.#mean.dispose();
    this.#copy.dispose();
    this.budget.release(this.name);
  }
}
