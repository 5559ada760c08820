/** A slice that stands in a picture in perspective: where its pixels are there, as shaders/plane.vert.glsl and plane_place.glsl take it. */

import * as THREE from 'three';
import { cameraBasis } from './camera.js';
import type { DeviceRect, Fullscreen } from './fullscreen.js';
import { sliceFrame } from './slice_view.js';
import type { SliceView, VolumeView } from './views.js';

/** What is set of every material that draws a slice in space. */
export const PLANE_UNIFORMS = [
  'uForward', 'uRight', 'uUp', 'uViewport', 'uShift', 'uNormal', 'uAway', 'uMiddle', 'uCentre', 'uPerX', 'uPerY', 'uAlongX', 'uAlongY',
] as const;

/** Where a slice is drawn, and how it is seen from there. */
export interface SliceInSpace {
  readonly uniforms: Readonly<Record<(typeof PLANE_UNIFORMS)[number], unknown>>;
  /** The picture in the target. */
  readonly rect: DeviceRect;
  readonly target: THREE.WebGLRenderTarget;
}

/** How a slice is seen in a view: what is large is subtracted in doubles. Its pixels count from its lower left corner. */
export function sliceInSpace(
  slice: SliceView,
  { camera }: VolumeView,
  rect: DeviceRect,
  jitter: readonly [number, number],
): SliceInSpace['uniforms'] {
  const { eye, right, up, forward } = cameraBasis(camera);
  const frame = sliceFrame(slice);
  const tan = Math.tan(camera.fovY / 2);
  const vector = (v: readonly number[], by = 1) => new THREE.Vector3(v[0]! * by, v[1]! * by, v[2]! * by);
  const middle = vector(frame.middle.map((n, i) => n - eye[i]!));
  const normal = vector(frame.normal);
  return {
    uForward: vector(forward),
    uRight: vector(right, (tan * rect.width) / rect.height),
    uUp: vector(up, tan),
    uViewport: new THREE.Vector4(rect.x - jitter[0], rect.y - jitter[1], 2 / rect.width, 2 / rect.height),
    uShift: new THREE.Vector2((2 * jitter[0]) / rect.width, (2 * jitter[1]) / rect.height),
    uNormal: normal,
    uAway: normal.dot(middle),
    uMiddle: middle,
    uCentre: new THREE.Vector2(slice.rect.width / 2, slice.rect.height / 2),
    uPerX: vector(frame.right, 1 / slice.pixelSize),
    uPerY: vector(frame.up, 1 / slice.pixelSize),
    uAlongX: vector(frame.right, slice.pixelSize),
    uAlongY: vector(frame.up, slice.pixelSize),
  };
}

/** A rectangle as two triangles. */
export const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 0], [1, 1], [0, 1]] as const;

/** Draws rectangles of slices in space. */
export class PlaneQuads {
  readonly #scene = new THREE.Scene();
  readonly #mesh = new THREE.Mesh();

  constructor() {
    this.#mesh.frustumCulled = false;
    this.#scene.add(this.#mesh);
    this.#scene.matrixWorldAutoUpdate = false;
  }

  /** Draws rectangles (low x, low y, high x, high y, in pixels of the slice); `more` are attributes of their six corners each. */
  draw(
    screen: Fullscreen,
    material: THREE.Material,
    { rect, target }: SliceInSpace,
    windows: readonly (readonly [number, number, number, number])[],
    more: Readonly<Record<string, readonly number[]>> = {},
  ): void {
    const geometry = new THREE.BufferGeometry();
    const positions = windows.flatMap((w) => CORNERS.flatMap(([i, j]) => [w[2 * i] as number, w[2 * j + 1] as number, 0]));
    geometry.setAttribute('position', new THREE.Float32BufferAttribute(positions, 3));
    for (const [name, values] of Object.entries(more)) geometry.setAttribute(name, new THREE.Float32BufferAttribute([...values], 4));
    this.#mesh.geometry.dispose();
    this.#mesh.geometry = geometry;
    this.#mesh.material = material;
    screen.object(this.#scene, rect, target);
  }

  dispose(): void {
    this.#mesh.geometry.dispose();
  }
}
