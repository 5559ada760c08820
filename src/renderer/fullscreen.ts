/** Draws a fragment shader over a part of the canvas or of a render target. */

import * as THREE from 'three';
import { ReadyShaders } from './ready_shaders.js';
import fullscreenVertex from './shaders/fullscreen.vert.glsl';

/** A part of the picture, in device pixels from the lower left corner. */
export interface DeviceRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A rectangle as tiles of at most this size, row by row. */
export function* tilesOf({ x, y, width, height }: DeviceRect, tile: { readonly width: number; readonly height: number }): Generator<DeviceRect> {
  for (let v = 0; v < height; v += tile.height) {
    for (let u = 0; u < width; u += tile.width) {
      yield { x: x + u, y: y + v, width: Math.min(tile.width, width - u), height: Math.min(tile.height, height - v) };
    }
  }
}

/** Precisions, for the head of every shader. */
export const HEAD = 'precision highp float;\nprecision highp int;\nprecision highp sampler2D;\nprecision highp sampler3D;\nprecision highp usampler2D;\n';

/** How a pass's result meets what is there: in place of it, or laid over it (premultiplied). */
export type Blend = 'replace' | 'over';

/** A material of one fragment shader, given in parts. */
export function shaderMaterial(
  fragment: readonly string[],
  uniforms: Record<string, THREE.IUniform>,
  blend: Blend,
  defines: Record<string, string | number> = {},
): THREE.RawShaderMaterial {
  const over = blend === 'over';
  return new THREE.RawShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: HEAD + fullscreenVertex,
    fragmentShader: HEAD + fragment.join('\n'),
    uniforms,
    defines,
    depthTest: false,
    depthWrite: false,
    transparent: over,
    blending: over ? THREE.CustomBlending : THREE.NoBlending,
    blendSrc: THREE.OneFactor,
    blendDst: THREE.OneMinusSrcAlphaFactor,
  });
}

/** Draws materials over rectangles. One for each WebGL context. */
export class Fullscreen {
  /** Draws since the start. */
  draws = 0;
  /** While it is set, draws whose shader would have to be waited for are left out. */
  patient = false;
  /** Draws that were left out. */
  leftOut = 0;
  readonly shaders: ReadyShaders;
  #rehearsing = false;
  readonly #scene = new THREE.Scene();
  readonly #mesh: THREE.Mesh;
  readonly #camera = new THREE.Camera();

  constructor(readonly renderer: THREE.WebGLRenderer) {
    this.shaders = new ReadyShaders(renderer);
    const triangle = new THREE.BufferGeometry();
    triangle.setAttribute('position', new THREE.Float32BufferAttribute([-1, -1, 0, 3, -1, 0, -1, 3, 0], 3));
    this.#mesh = new THREE.Mesh(triangle);
    this.#mesh.frustumCulled = false;
    this.#scene.add(this.#mesh);
    this.#scene.matrixWorldAutoUpdate = false;
  }

  /** Draws into `rect` of the canvas, or of `target`, and nowhere outside `clip`. */
  draw(material: THREE.Material, rect: DeviceRect, target: THREE.WebGLRenderTarget | null = null, clip: DeviceRect = rect): void {
    this.#mesh.material = material;
    this.object(this.#scene, rect, target, clip);
  }

  /** Draws a scene of one's own in the same way. */
  object(scene: THREE.Scene, rect: DeviceRect, target: THREE.WebGLRenderTarget | null = null, clip: DeviceRect = rect): void {
    const { renderer } = this;
    if ((this.patient || this.#rehearsing) && !this.#has(scene)) {
      this.leftOut += 1;
      return;
    }
    if (this.#rehearsing) return;
    if (target) {
      target.viewport.set(rect.x, rect.y, rect.width, rect.height);
      target.scissor.set(clip.x, clip.y, clip.width, clip.height);
      target.scissorTest = true;
    }
    renderer.setRenderTarget(target);
    if (!target) {
      renderer.setViewport(rect.x, rect.y, rect.width, rect.height);
      renderer.setScissor(clip.x, clip.y, clip.width, clip.height);
      renderer.setScissorTest(true);
    }
    renderer.render(scene, this.#camera);
    this.draws += 1;
  }

  /** Whether nothing that `draw` draws would be left out; nothing is drawn. */
  rehearse(draw: () => void): boolean {
    const before = this.leftOut;
    this.#rehearsing = true;
    try {
      draw();
    } finally {
      this.#rehearsing = false;
    }
    return this.leftOut === before;
  }

  /** Whether a material can be drawn with at once; where not, it can be soon. */
  has(material: THREE.Material): boolean {
    this.#mesh.material = material;
    return this.shaders.has(this.#scene, this.#mesh, this.#camera);
  }

  #has(scene: THREE.Scene): boolean {
    return scene.children.every((child) => !(child instanceof THREE.Mesh) || this.shaders.has(scene, child, this.#camera));
  }

  dispose(): void {
    this.#mesh.geometry.dispose();
  }
}
