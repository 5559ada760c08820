/**
 * The better of the two references of `orbit`: a march of one 3D texture that stops where nothing behind can be seen and steps over blocks of
 * 8³ voxels that show nothing, as far as the nearest block that does. Same rays, samples and transfer function as the bare march.
 */

import * as THREE from 'three';
import { cellRuns, RUN_ZERO } from '../../src/renderer/brick_cells.js';
import { cameraBasis, type OrbitCamera } from '../../src/renderer/camera.js';
import { type DeviceRect, type Fullscreen, shaderMaterial } from '../../src/renderer/fullscreen.js';
import { stepFraction, stepLength } from '../../src/renderer/source.js';
import { windowUniform } from '../../src/renderer/storage.js';
import { TransferTexture, TRANSFER_ROWS, transferUniform } from '../../src/renderer/transfer_function.js';
import type { VolumeState } from '../../src/renderer/volume_state.js';
import { aim } from '../browser/renderer_bare.js';
import type { TestVolume } from '../browser/renderer_volume.js';

const BLOCK = 8;

const FRAGMENT = `
out vec4 color;
uniform sampler3D uVolume, uBlocks;
uniform sampler2D uTransfer;
uniform vec2 uWindow;
uniform vec3 uEye, uForward, uRight, uUp, uPerWorld, uGrid;
uniform vec4 uViewport;
uniform float uStep;
void main() {
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 rd = normalize(uForward + ndc.x * uRight + ndc.y * uUp) * uPerWorld;
  rd = mix(rd, mix(vec3(1e-9), vec3(-1e-9), lessThan(rd, vec3(0.))), lessThan(abs(rd), vec3(1e-9)));
  vec3 inv = 1. / rd;
  vec3 a = -uEye * inv, b = (1. - uEye) * inv;
  vec3 lo = min(a, b), hi = max(a, b);
  float s = max(max(lo.x, lo.y), max(lo.z, 0.)) + .5 * uStep;
  float sEnd = min(min(hi.x, hi.y), hi.z);
  float n = ceil((sEnd - s) / uStep), k = 0.;
  vec3 first = uEye + rd * s, dx = rd * uStep, up = step(0., rd), pace = 1. / (dx * uGrid);
  vec4 acc = vec4(0.);
  for (int g = 0; g < MAX_RUNS && k < n; ++g) {
    vec3 x = first + dx * k;
    vec3 q = x * uGrid, block = floor(q);
    float run = floor(textureLod(uBlocks, (block + .5) / uGrid, 0.).r * 255. - RUN_ZERO + .5), reach = abs(run);
    vec3 t = (block + mix(vec3(1. - reach), vec3(reach), up) - q) * pace;
    float steps = clamp(ceil(min(t.x, min(t.y, t.z))), 1., n - k);
    int m = run > 0. ? 0 : int(steps);
    for (int i = 0; i < m; ++i) {
      float v = dot(textureLod(uVolume, x, 0.).rg, vec2(1. / 257., 256. / 257.));
      vec4 c = textureLod(uTransfer, vec2(v * uWindow.x + uWindow.y, 1.5 / float(TRANSFER_ROWS + 1)), 0.);
      acc += (1. - acc.a) * c;
      x += dx;
    }
    k += steps;
    if (acc.a > .996) break;
  }
  color = acc;
}`;

/** Of each block whether it is clear, by its voxels and one voxel around it. */
function clearBlocks(volume: TestVolume, state: VolumeState): { clear: Uint8Array; grid: [number, number, number] } {
  const { shape, data } = volume.levels[0] as TestVolume['levels'][number];
  const [nz, ny, nx] = shape;
  const grid = shape.map((n) => Math.ceil(n / BLOCK)) as [number, number, number];
  const low = new Float32Array(grid[0] * grid[1] * grid[2]).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(low.length).fill(Number.NEGATIVE_INFINITY);
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      const row = (z * ny + y) * nx;
      for (let bz = Math.max((z - 1) >> 3, 0); bz <= Math.min((z + 1) >> 3, grid[0] - 1); bz += 1) {
        for (let by = Math.max((y - 1) >> 3, 0); by <= Math.min((y + 1) >> 3, grid[1] - 1); by += 1) {
          const blocks = (bz * grid[1] + by) * grid[2];
          for (let bx = 0; bx < grid[2]; bx += 1) {
            let [least, most] = [low[blocks + bx] as number, high[blocks + bx] as number];
            for (let x = Math.max(bx * BLOCK - 1, 0), end = Math.min(bx * BLOCK + BLOCK + 1, nx); x < end; x += 1) {
              const v = data[row + x] as number;
              if (v < least) least = v;
              if (v > most) most = v;
            }
            low[blocks + bx] = least;
            high[blocks + bx] = most;
          }
        }
      }
    }
  }
  return { clear: Uint8Array.from(low, (v, i) => Number(state.isClear(v, high[i] as number))), grid };
}

/** The march of level 0 of a uint16 volume; `texture` holds its voxels. */
export function makeSkipping(screen: Fullscreen, volume: TestVolume, texture: THREE.Data3DTexture, state: VolumeState) {
  const { clear, grid } = clearBlocks(volume, state);
  const blocks = new THREE.Data3DTexture(cellRuns(clear, grid) as Uint8Array<ArrayBuffer>, grid[2], grid[1], grid[0]);
  blocks.format = THREE.RedFormat;
  blocks.unpackAlignment = 1;
  blocks.minFilter = blocks.magFilter = THREE.NearestFilter;
  blocks.needsUpdate = true;
  const transfer = new TransferTexture();
  transfer.update(state.settings, stepFraction(state.geometry));
  const window = transferUniform(windowUniform(state.storage, 1, 0, state.settings.window));
  const [nz, ny, nx] = volume.shape;
  const perWorld = new THREE.Vector3(1 / nx, 1 / ny, 1 / nz);
  const vec = () => ({ value: new THREE.Vector3() });
  const uniforms = {
    uVolume: { value: texture }, uBlocks: { value: blocks }, uTransfer: { value: transfer.texture }, uWindow: { value: window },
    uGrid: { value: new THREE.Vector3(nx, ny, nz).divideScalar(BLOCK) },
    uEye: vec(), uForward: vec(), uRight: vec(), uUp: vec(), uPerWorld: { value: perWorld },
    uViewport: { value: new THREE.Vector4() }, uStep: { value: stepLength(state.geometry) },
  };
  const defines = { TRANSFER_ROWS, RUN_ZERO: `${RUN_ZERO}.`, MAX_RUNS: 4 * Math.max(...grid) };
  const material = shaderMaterial([FRAGMENT], uniforms, 'replace', defines);
  return {
    draw(camera: OrbitCamera, rect: DeviceRect, target: THREE.WebGLRenderTarget | null): void {
      const { eye } = cameraBasis(camera);
      uniforms.uEye.value.set((eye[0] + 0.5) * perWorld.x, (eye[1] + 0.5) * perWorld.y, (eye[2] + 0.5) * perWorld.z);
      aim(uniforms, camera, rect);
      screen.draw(material, rect, target);
    },
    dispose(): void {
      for (const made of [blocks, transfer, material]) made.dispose();
    },
  };
}
