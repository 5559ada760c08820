/**
 * The picture that the renderer's is measured against: one 3D texture of a whole level, marched step by step with nothing clever
 * about it. Same rays, same first sample, same step, same transfer function.
 */

import * as THREE from 'three';
import { cameraBasis, type OrbitCamera } from '../../src/renderer/camera.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from '../../src/renderer/fullscreen.js';
import { stepFraction, stepLength } from '../../src/renderer/source.js';
import { windowUniform } from '../../src/renderer/storage.js';
import { TransferTexture, TRANSFER_ROWS, transferUniform } from '../../src/renderer/transfer_function.js';
import type { LayerSettings } from '../../src/renderer/views.js';
import type { VolumeState } from '../../src/renderer/volume_state.js';
import type { TestVolume } from './renderer_volume.js';

/** A march through the box from 0 to 1: what it declares besides, and what it does at place `x` with the sum `acc`. */
export const bareMarch = (declarations: string, step: string): string => `
out vec4 color;
${declarations}
uniform vec3 uEye, uForward, uRight, uUp, uPerWorld;
uniform vec4 uViewport;
uniform float uStep;
void main() {
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 rd = normalize(uForward + ndc.x * uRight + ndc.y * uUp) * uPerWorld;
  vec3 inv = 1. / rd;
  vec3 a = -uEye * inv, b = (1. - uEye) * inv;
  vec3 lo = min(a, b), hi = max(a, b);
  float s = max(max(lo.x, lo.y), max(lo.z, 0.)) + .5 * uStep;
  float sEnd = min(min(hi.x, hi.y), hi.z);
  int n = int(ceil((sEnd - s) / uStep));
  vec3 x = uEye + rd * s, dx = rd * uStep;
  vec4 acc = vec4(0.);
  float v;
  for (int i = 0; i < n; ++i) {${step}
    x += dx;
  }
  color = acc;
}`;

/** Declares a volume and its transfer function, by the ending of their names. */
export const bareInputs = (n: number | '' = ''): string => `uniform sampler3D uVolume${n};\nuniform sampler2D uTransfer${n};\nuniform vec2 uWindow${n};`;

/** Lays what a volume shows at a place under what is there. */
export const bareStep = (n: number | '' = ''): string => `
    v = dot(textureLod(uVolume${n}, x, 0.).rg, vec2(1. / 257., 256. / 257.));
    acc += (1. - acc.a) * textureLod(uTransfer${n}, vec2(v * uWindow${n}.x + uWindow${n}.y, 1.5 / float(TRANSFER_ROWS + 1)), 0.);`;

/** Level 0 of a uint16 volume as one texture. */
export function bareTexture(volume: TestVolume): THREE.Data3DTexture {
  const { shape: [nz, ny, nx], data } = volume.levels[0] as TestVolume['levels'][number];
  const texture = new THREE.Data3DTexture(new Uint8Array(data.buffer as ArrayBuffer), nx, ny, nz);
  texture.format = THREE.RGFormat;
  texture.minFilter = texture.magFilter = THREE.LinearFilter;
  texture.unpackAlignment = 1;
  texture.needsUpdate = true;
  return texture;
}

/** A bare march of level 0 of a uint16 volume. `draw` puts its picture, over nothing, into a target. */
export function makeBare(screen: Fullscreen, volume: TestVolume, settings: Partial<LayerSettings>, state: VolumeState) {
  const level = volume.levels[0] as TestVolume['levels'][number];
  const [nz, ny, nx] = level.shape;
  const texture = bareTexture(volume);
  const transfer = new TransferTexture();
  transfer.update({ ...state.settings, ...settings }, stepFraction(state.geometry));
  const window = transferUniform(windowUniform(state.storage, 1, 0, { ...state.settings, ...settings }.window));
  const { voxelSize, origin } = state.geometry;
  const perWorld = new THREE.Vector3(1 / (nx * voxelSize[2]), 1 / (ny * voxelSize[1]), 1 / (nz * voxelSize[0]));
  const corner = [origin[2] - voxelSize[2] / 2, origin[1] - voxelSize[1] / 2, origin[0] - voxelSize[0] / 2] as const;
  const vec = () => ({ value: new THREE.Vector3() });
  const uniforms = {
    uVolume: { value: texture }, uTransfer: { value: transfer.texture }, uWindow: { value: window },
    uEye: vec(), uForward: vec(), uRight: vec(), uUp: vec(), uPerWorld: { value: perWorld },
    uViewport: { value: new THREE.Vector4() }, uStep: { value: stepLength(state.geometry) },
  };
  const material = shaderMaterial([bareMarch(bareInputs(), bareStep())], uniforms, 'replace', { TRANSFER_ROWS });
  return {
    texture,
    draw(camera: OrbitCamera, rect: DeviceRect, target: THREE.WebGLRenderTarget | null): void {
      const { eye } = cameraBasis(camera);
      uniforms.uEye.value.set(
        (eye[0] - corner[0]) * perWorld.x, (eye[1] - corner[1]) * perWorld.y, (eye[2] - corner[2]) * perWorld.z,
      );
      aim(uniforms, camera, rect);
      screen.draw(material, rect, target);
    },
    dispose(): void {
      for (const made of [texture, transfer, material]) made.dispose();
    },
  };
}

/** Uniforms of the rays of a camera. */
export interface Rays {
  readonly uForward: { readonly value: THREE.Vector3 };
  readonly uRight: { readonly value: THREE.Vector3 };
  readonly uUp: { readonly value: THREE.Vector3 };
  readonly uViewport: { readonly value: THREE.Vector4 };
}

/** Sets where the rays of a camera go through the pixels of `rect`; from where is for each march to say. */
export function aim({ uForward, uRight, uUp, uViewport }: Rays, camera: OrbitCamera, rect: DeviceRect): void {
  const { right, up, forward } = cameraBasis(camera);
  const tan = Math.tan(camera.fovY / 2);
  uForward.value.set(...(forward as [number, number, number]));
  uRight.value.set(...(right as [number, number, number])).multiplyScalar((tan * rect.width) / rect.height);
  uUp.value.set(...(up as [number, number, number])).multiplyScalar(tan);
  uViewport.value.set(rect.x, rect.y, 2 / rect.width, 2 / rect.height);
}
