/** What a view's clip leaves of the world, as planes seen from the eye. */

import * as THREE from 'three';
import type { Vec3 } from '../volume/geometry.js';
import { CUT_PLANES } from './plane_views.js';
import type { Clip, ClipPlane } from './views.js';

/** Most planes that a shader takes: six of a box and ten more. */
export const CLIP_PLANES = 16;

/** Uniforms of shaders/clip.glsl for planes that cut. */
export const cutUniforms = (): Record<string, THREE.IUniform> => ({
  uCut: { value: Array.from({ length: CUT_PLANES }, () => new THREE.Vector4()) },
  uCuts: { value: 0 },
});

/** Sets the planes that cut, as an eye sees them. */
export function setCut(u: Record<string, THREE.IUniform>, cuts: readonly ClipPlane[], eye: Vec3): void {
  const vectors = (u.uCut as THREE.IUniform<THREE.Vector4[]>).value;
  cuts.forEach(({ normal: [x, y, z], offset }, i) => {
    vectors[i]?.set(x, y, z, offset - (x * eye[0] + y * eye[1] + z * eye[2]));
  });
  (u.uCuts as THREE.IUniform).value = cuts.length;
}

/** A clip's planes: those of its box, then its own. */
export function planesOf(clip: Clip | undefined): ClipPlane[] {
  const planes: ClipPlane[] = [];
  for (let axis = 0; axis < 3 && clip?.box; axis += 1) {
    const normal = (sign: number): Vec3 => [0, 1, 2].map((i) => (i === axis ? sign : 0)) as unknown as Vec3;
    planes.push({ normal: normal(1), offset: clip.box.min[axis] as number }, { normal: normal(-1), offset: -(clip.box.max[axis] as number) });
  }
  return [...planes, ...(clip?.planes ?? [])].slice(0, CLIP_PLANES);
}

/** Uniforms of shaders/clip.glsl. */
export const clipUniforms = (): Record<string, THREE.IUniform> => ({
  uClip: { value: Array.from({ length: CLIP_PLANES }, () => new THREE.Vector4()) },
  uClips: { value: 0 },
  uDepth: { value: null },
});

/** Sets the planes as an eye sees them: what is large is subtracted in doubles. */
export function setClip(u: Record<string, THREE.IUniform>, planes: readonly ClipPlane[], eye: Vec3): void {
  const vectors = (u.uClip as THREE.IUniform<THREE.Vector4[]>).value;
  planes.forEach(({ normal: [x, y, z], offset }, i) => {
    vectors[i]?.set(x, y, z, offset - (x * eye[0] + y * eye[1] + z * eye[2]));
  });
  (u.uClips as THREE.IUniform).value = planes.length;
}
