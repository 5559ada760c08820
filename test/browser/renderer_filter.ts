/** Whether the GPU filters two bytes of a 16-bit number exactly enough to put them together afterwards, as the renderer does. */

import * as THREE from 'three';
import { shaderMaterial } from '../../src/renderer/fullscreen.js';
import { makeScreen } from './renderer_atlas.js';

const EDGE = 8;
const SAMPLES = 64;

const FRAGMENT = `
out vec4 color;
uniform sampler3D uVoxels;
void main() {
  int i = int(gl_FragCoord.x);
  vec3 p = .5 + (${EDGE}. - 1.) / ${SAMPLES}. * vec3((ivec3(5, 11, 23) * i + ivec3(1, 3, 7)) % ${SAMPLES});
  vec2 t = textureLod(uVoxels, p / ${EDGE}., 0.).rg;
  float v = dot(t, vec2(1. / 257., 256. / 257.)) * 65535.;
  float whole = floor(v);
  color = vec4(mod(whole, 256.) / 255., floor(whole / 256.) / 255., v - whole, 1.);
}`;

/** The largest error of linear filtering of 16-bit numbers, in steps of 1/65535. */
export function filterError(): number {
  const { screen } = makeScreen(SAMPLES, 1);
  const values = new Uint16Array(EDGE ** 3);
  for (let i = 0, seed = 12345; i < values.length; i += 1) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    values[i] = seed >>> 16;
  }
  const voxels = new THREE.Data3DTexture(new Uint8Array(values.buffer), EDGE, EDGE, EDGE);
  voxels.format = THREE.RGFormat;
  voxels.minFilter = voxels.magFilter = THREE.LinearFilter;
  voxels.needsUpdate = true;
  const target = new THREE.WebGLRenderTarget(SAMPLES, 1, { depthBuffer: false });
  const material = shaderMaterial([FRAGMENT], { uVoxels: { value: voxels } }, 'replace');
  screen.draw(material, { x: 0, y: 0, width: SAMPLES, height: 1 }, target);
  const bytes = new Uint8Array(SAMPLES * 4);
  screen.renderer.readRenderTargetPixels(target, 0, 0, SAMPLES, 1, bytes);
  let worst = 0;
  for (let i = 0; i < SAMPLES; i += 1) {
    const [low, high, part] = [bytes[4 * i], bytes[4 * i + 1], bytes[4 * i + 2]] as unknown as [number, number, number];
    worst = Math.max(worst, Math.abs(low + 256 * high + part / 255 - expected(values, i)));
  }
  for (const made of [voxels, target, material]) made.dispose();
  return worst;
}

/** What exact filtering gives at sample `i`. Positions are multiples of 1/64 of a texel: coarser than any filter's weights. */
function expected(values: Uint16Array, i: number): number {
  const p = [5 * i + 1, 11 * i + 3, 23 * i + 7].map((n) => ((EDGE - 1) / SAMPLES) * (n % SAMPLES));
  const low = p.map((n) => Math.min(Math.floor(n), EDGE - 2)) as [number, number, number];
  let sum = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const d = [corner & 1, (corner >> 1) & 1, corner >> 2];
    const weight = d.reduce((w, side, axis) => {
      const part = (p[axis] as number) - (low[axis] as number);
      return w * (side ? part : 1 - part);
    }, 1);
    const [x, y, z] = low.map((n, axis) => n + (d[axis] as number)) as [number, number, number];
    sum += weight * (values[(z * EDGE + y) * EDGE + x] as number);
  }
  return sum;
}
