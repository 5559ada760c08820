/** What all passes of rays have in common: where rays begin and go, where the light is, and how a drawing meets those before it. */

import * as THREE from 'three';
import { cameraBasis } from './camera.js';
import { type Fullscreen, tilesOf } from './fullscreen.js';
import type { RayFrame } from './volume_pass.js';

const vec3 = (): THREE.IUniform => ({ value: new THREE.Vector3() });

/** Uniforms for `setRays`. */
export const rayUniforms = (): Record<string, THREE.IUniform> => ({
  uForward: vec3(),
  uRight: vec3(),
  uUp: vec3(),
  uLight: vec3(),
  uHalf: vec3(),
  uViewport: { value: new THREE.Vector4() },
  uStart: { value: 0 },
});

/** Sets rays and light. */
export function setRays(u: Record<string, THREE.IUniform>, { camera, rect, jitter, light }: RayFrame): void {
  const { right, up, forward } = cameraBasis(camera);
  const tan = Math.tan(camera.fovY / 2);
  const [jx, jy, start] = jitter ?? [0, 0, 0.5];
  const vector = (name: string) => (u[name] as THREE.IUniform<THREE.Vector3>).value;
  const [r, a, f] = [right, up, forward].map((v) => new THREE.Vector3(...v)) as [THREE.Vector3, THREE.Vector3, THREE.Vector3];
  vector('uForward').copy(f);
  vector('uRight').copy(r).multiplyScalar((tan * rect.width) / rect.height);
  vector('uUp').copy(a).multiplyScalar(tan);
  if (light) vector('uLight').set(...(light as [number, number, number])).normalize();
  // From above the viewer's left shoulder, whatever the camera.
  else vector('uLight').set(0, 0, 0).addScaledVector(r, -0.35).addScaledVector(a, 0.6).addScaledVector(f, -0.72).normalize();
  vector('uHalf').copy(vector('uLight')).sub(f).normalize();
  (u.uViewport as THREE.IUniform<THREE.Vector4>).value.set(rect.x - jx, rect.y - jy, 2 / rect.width, 2 / rect.height);
  (u.uStart as THREE.IUniform).value = start;
}

/** Makes a material that `drawRays` can weigh. */
export function weighed(material: THREE.RawShaderMaterial): THREE.RawShaderMaterial {
  material.blendSrc = material.blendSrcAlpha = THREE.ConstantAlphaFactor;
  material.blendDst = material.blendDstAlpha = THREE.OneMinusConstantAlphaFactor;
  return material;
}

/**
 * Pixels of a tile. A row of rays through a whole volume reads more than a processor's cache holds, and the next row reads most of it again; rays of a tile
 * stay together. As high as what software shares out row by row.
 */
const TILE = { width: 64, height: 32 } as const;

/** Draws, in place of what is there or mixed with it. */
export function drawRays(screen: Fullscreen, material: THREE.RawShaderMaterial, { weight = 1, rect, target, part = rect, tiled = false }: RayFrame): void {
  material.blending = weight < 1 ? THREE.CustomBlending : THREE.NoBlending;
  material.transparent = weight < 1;
  material.blendAlpha = weight;
  for (const tile of tiled ? tilesOf(part, TILE) : [part]) screen.draw(material, rect, target, tile);
}
