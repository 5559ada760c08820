/** The picture of a perspective view that is on the canvas, as shaders/picture.glsl takes it. */

import * as THREE from 'three';
import type { DeviceRect } from './fullscreen.js';

/** A picture: where it is, and which part of that it fills. */
export interface ShownPicture {
  readonly texture: THREE.Texture;
  readonly size: readonly [number, number];
  readonly used: readonly [number, number];
  /** Solid things behind it, at the view's full resolution. */
  readonly solid?: THREE.Texture | undefined;
  /** The part of the view outside of which it is clear. */
  readonly covers: DeviceRect;
}

/** Uniforms for `setPicture`. */
export const pictureUniforms = (): Record<string, THREE.IUniform> => ({
  uPicture: { value: null },
  uSolid: { value: null },
  uHasSolid: { value: 0 },
  uViewport: { value: new THREE.Vector4() },
  uUsed: { value: new THREE.Vector2() },
  uHalfTexel: { value: new THREE.Vector2() },
});

/** Gives a picture to a material that draws into `rect`. */
export function setPicture(u: Record<string, THREE.IUniform>, { texture, size, used, solid }: ShownPicture, rect: DeviceRect): void {
  (u.uPicture as THREE.IUniform).value = texture;
  (u.uSolid as THREE.IUniform).value = solid ?? texture;
  (u.uHasSolid as THREE.IUniform).value = solid ? 1 : 0;
  (u.uViewport as THREE.IUniform<THREE.Vector4>).value.set(rect.x, rect.y, 1 / rect.width, 1 / rect.height);
  (u.uUsed as THREE.IUniform<THREE.Vector2>).value.set(...used);
  (u.uHalfTexel as THREE.IUniform<THREE.Vector2>).value.set(0.5 / size[0], 0.5 / size[1]);
}

/** Uniforms for `setBefore`. */
export const beforeUniforms = (): Record<string, THREE.IUniform> => ({
  uBefore: { value: null },
  uBeforeUsed: { value: new THREE.Vector4() },
  uPart: { value: 1 },
});

/** Gives a material the picture before, of which all but `part` is still seen. */
export function setBefore(u: Record<string, THREE.IUniform>, { texture, size, used }: ShownPicture, part: number): void {
  (u.uBefore as THREE.IUniform).value = texture;
  (u.uBeforeUsed as THREE.IUniform<THREE.Vector4>).value.set(used[0], used[1], 0.5 / size[0], 0.5 / size[1]);
  (u.uPart as THREE.IUniform).value = part;
}
