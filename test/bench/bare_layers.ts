/**
 * The reference of `layers`: several volumes of one shape, each a single 3D texture of its own, in one march with nothing clever about it. At every
 * step every texture and its transfer function are read, the highest layer first. Same rays, first sample and step as one layer's bare march.
 */

import * as THREE from 'three';
import { cameraBasis, type OrbitCamera } from '../../src/renderer/camera.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from '../../src/renderer/fullscreen.js';
import { stepLength, type VolumeSource } from '../../src/renderer/source.js';
import { TRANSFER_ROWS, transferUniform } from '../../src/renderer/transfer_function.js';
import { aim, bareInputs, bareMarch, bareStep, bareTexture } from '../browser/renderer_bare.js';
import type { TestVolume } from '../browser/renderer_volume.js';

/** The highest layer first. */
const fragment = (count: number): string => {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return bareMarch(numbers.map(bareInputs).join('\n'), numbers.toReversed().map(bareStep).join(''));
};

/** Bare marches of the first volumes, by their number; volumes are uint16, of one shape and with voxels of 1. */
export function makeBareLayers(screen: Fullscreen, volumes: readonly TestVolume[], sources: readonly VolumeSource[]) {
  const textures = volumes.map(bareTexture);
  const materials = new Map<number, { material: THREE.RawShaderMaterial; uniforms: Record<string, THREE.IUniform> }>();
  const of = (count: number) => {
    const known = materials.get(count);
    if (known) return known;
    const [nz, ny, nx] = (volumes[0] as TestVolume).shape;
    const uniforms: Record<string, THREE.IUniform> = {
      uPerWorld: { value: new THREE.Vector3(1 / nx, 1 / ny, 1 / nz) }, uStep: { value: stepLength((sources[0] as VolumeSource).geometry) },
      uViewport: { value: new THREE.Vector4() },
    };
    for (const name of ['uEye', 'uForward', 'uRight', 'uUp']) uniforms[name] = { value: new THREE.Vector3() };
    sources.slice(0, count).forEach((source, i) => {
      uniforms[`uVolume${i}`] = { value: textures[i] };
      uniforms[`uTransfer${i}`] = { value: source.transfer.texture };
      uniforms[`uWindow${i}`] = { value: transferUniform(source.window) };
    });
    const made = { material: shaderMaterial([fragment(count)], uniforms, 'replace', { TRANSFER_ROWS }), uniforms };
    materials.set(count, made);
    return made;
  };
  return {
    draw(count: number, camera: OrbitCamera, rect: DeviceRect, target: THREE.WebGLRenderTarget | null): void {
      const { material, uniforms } = of(count);
      const { eye } = cameraBasis(camera);
      const perWorld = (uniforms.uPerWorld as THREE.IUniform).value as THREE.Vector3;
      ((uniforms.uEye as THREE.IUniform).value as THREE.Vector3).set(...(eye.map((n) => n + 0.5) as [number, number, number])).multiply(perWorld);
      aim(uniforms as unknown as Parameters<typeof aim>[0], camera, rect);
      screen.draw(material, rect, target);
    },
  };
}
