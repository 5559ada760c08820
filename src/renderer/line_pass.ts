/** Thin soft lines in a perspective view: the box around a volume, in a back and a front part. */

import * as THREE from 'three';
import type { Vec3 } from '../volume/geometry.js';
import { cameraBasis, type OrbitCamera, projectionMatrix, viewMatrix } from './camera.js';
import type { Rgb } from './colormaps.js';
import { type DeviceRect, type Fullscreen, HEAD } from './fullscreen.js';
import pictureGlsl from './shaders/picture.glsl';
import { pictureUniforms, type ShownPicture, setPicture } from './shown_picture.js';
import lineFragment from './shaders/line.frag.glsl';
import lineVertex from './shaders/line.vert.glsl';

/** A segment between two world points. */
export interface Segment {
  readonly start: Vec3;
  readonly end: Vec3;
}

/** Lines of one colour. */
export interface Lines {
  readonly segments: readonly Segment[];
  readonly color: Rgb;
  readonly opacity: number;
  /** Device pixels. */
  readonly width: number;
  /** Whether the picture hides them. */
  readonly behind: boolean;
}

/** The edges of a box, those behind it and those in front of it as seen from `eye`. */
export function boxEdges(min: Vec3, max: Vec3, eye: Vec3): { back: Segment[]; front: Segment[] } {
  const back: Segment[] = [];
  const front: Segment[] = [];
  const corners = [min, max];
  for (let axis = 0; axis < 3; axis += 1) {
    const [b, c] = [(axis + 1) % 3, (axis + 2) % 3];
    for (let side = 0; side < 4; side += 1) {
      const start: [number, number, number] = [...min];
      start[b] = corners[side & 1]?.[b] as number;
      start[c] = corners[side >> 1]?.[c] as number;
      const end: [number, number, number] = [...start];
      end[axis] = max[axis] as number;
      // An edge is in front where one of its two faces looks at the eye.
      const faces = (i: number, high: boolean) => (high ? (eye[i] as number) > (max[i] as number) : (eye[i] as number) < (min[i] as number));
      const seen = faces(b, (side & 1) === 1) || faces(c, side >> 1 === 1);
      (seen ? front : back).push({ start, end });
    }
  }
  return { back, front };
}

/** The pass for lines. */
export class LinePass {
  readonly #scene = new THREE.Scene();
  readonly #material: THREE.RawShaderMaterial;
  #mesh: THREE.Mesh | undefined;

  constructor(readonly screen: Fullscreen) {
    this.#material = new THREE.RawShaderMaterial({
      glslVersion: THREE.GLSL3,
      vertexShader: HEAD + lineVertex,
      fragmentShader: HEAD + pictureGlsl + lineFragment,
      uniforms: {
        uClip: { value: new THREE.Matrix4() },
        uHalfSize: { value: new THREE.Vector2() },
        uWidth: { value: 1 },
        uBehind: { value: 0 },
        ...pictureUniforms(),
      },
      depthTest: false,
      depthWrite: false,
      transparent: true,
      blending: THREE.CustomBlending,
      blendSrc: THREE.OneFactor,
      blendDst: THREE.OneMinusSrcAlphaFactor,
      side: THREE.DoubleSide,
    });
  }

  /** Whether lines can be drawn without waiting for their shader. */
  get ready(): boolean {
    return this.screen.has(this.#material);
  }

  /** Draws lines over `rect` of the canvas, behind or before the picture that is there. */
  draw(lines: Lines, picture: ShownPicture, camera: OrbitCamera, rect: DeviceRect): void {
    const { segments, color, opacity, width } = lines;
    if (segments.length === 0) return;
    // World points may be large and close together: the GPU gets them relative to the target.
    const centered = { ...camera, target: [0, 0, 0] as Vec3 };
    const clip = new THREE.Matrix4().fromArray(projectionMatrix(camera, rect.width / rect.height));
    clip.multiply(new THREE.Matrix4().fromArray(viewMatrix(centered)));
    const near = (p: Vec3) => p.map((n, i) => n - (camera.target[i] as number));
    const u = this.#material.uniforms as Record<string, THREE.IUniform>;
    (u.uClip as THREE.IUniform).value = clip;
    (u.uHalfSize as THREE.IUniform<THREE.Vector2>).value.set(rect.width / 2, rect.height / 2);
    (u.uWidth as THREE.IUniform).value = width;
    (u.uBehind as THREE.IUniform).value = lines.behind ? 1 : 0;
    setPicture(u, picture, rect);
    this.#fill(segments.flatMap((s) => near(s.start)), segments.flatMap((s) => near(s.end)), segments.flatMap(() => [...color, opacity]));
    this.screen.object(this.#scene, rect);
  }

  dispose(): void {
    this.#mesh?.geometry.dispose();
    this.#material.dispose();
  }

  #fill(starts: number[], ends: number[], tints: number[]): void {
    const geometry = new THREE.InstancedBufferGeometry();
    geometry.setAttribute('position', new THREE.Float32BufferAttribute([0, -1, 0, 1, -1, 0, 1, 1, 0, 0, 1, 0], 3));
    geometry.setIndex([0, 1, 2, 0, 2, 3]);
    geometry.setAttribute('start', new THREE.InstancedBufferAttribute(new Float32Array(starts), 3));
    geometry.setAttribute('end', new THREE.InstancedBufferAttribute(new Float32Array(ends), 3));
    geometry.setAttribute('tint', new THREE.InstancedBufferAttribute(new Float32Array(tints), 4));
    geometry.instanceCount = starts.length / 3;
    if (this.#mesh) {
      this.#mesh.geometry.dispose();
      this.#mesh.geometry = geometry;
      return;
    }
    this.#mesh = new THREE.Mesh(geometry, this.#material);
    this.#mesh.frustumCulled = false;
    this.#scene.add(this.#mesh);
  }
}

/** Where the eye of a camera is; for `boxEdges`. */
export const eyeOf = (camera: OrbitCamera): Vec3 => cameraBasis(camera).eye;
