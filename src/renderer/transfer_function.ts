/** Colour and opacity over the window of values, as a texture that the shaders look up. */

import * as THREE from 'three';
import { type OpacityPoint, opacityAt, opacityOfStep, steepnessOf } from '../volume/opacity.js';
import { colormapFunction } from './colormaps.js';
import logGlsl from './shaders/log_place.glsl';
import type { WindowUniform } from './storage.js';

/** Texels over the window: so many that none need be mixed, and a look-up reads one texel in place of four. */
export const TRANSFER_SIZE = 2048;
/** Rows of steps: row n is for steps of 2^n voxels of level 0. */
export const TRANSFER_ROWS = 16;
export const TRANSFER_BYTES = TRANSFER_SIZE * (TRANSFER_ROWS + 1) * 16;

/** Takes a texel's number to its place in the texture: the window's low end is the middle of the first texel, its high end that of the last. */
export function transferUniform({ scale, offset, power }: WindowUniform): THREE.Vector3 {
  const part = (TRANSFER_SIZE - 1) / TRANSFER_SIZE;
  return new THREE.Vector3(scale * part, offset * part + 0.5 / TRANSFER_SIZE, power);
}

/** Takes it to a share of the window. */
export const plainUniform = ({ scale, offset, power }: WindowUniform): THREE.Vector3 => new THREE.Vector3(scale, offset, power);

/** How steep a logarithmic window is, as shaders/log_place.glsl takes it; undefined where places are shares. */
export function logUniform(settings: Pick<TransferSettings, 'window' | 'log'>): THREE.Vector2 | undefined {
  const steepness = steepnessOf(settings);
  return Math.abs(steepness) < 1e-6 ? undefined : new THREE.Vector2(steepness, 1 / Math.log2(1 + steepness));
}

/** The uniforms by which a shader with TRANSFER_AT finds a number's texel. */
export function transferUniforms(
  window: WindowUniform,
  settings: Pick<TransferSettings, 'window' | 'log'>,
): { uWindow: THREE.Vector3; uLog: THREE.Vector2 | null } {
  const log = logUniform(settings);
  return { uWindow: log ? plainUniform(window) : transferUniform(window), uLog: log ?? null };
}

/**
 * The head of such a shader: TRANSFER_AT(number in `uWindow`) is a place in the texture, TRANSFER_LOW the number of the window's low end;
 * SHARE_OF and PLACE_OF are the share of the window and the place in it.
 */
const linearPlace = `(((t) - ${0.5 / TRANSFER_SIZE}) * ${TRANSFER_SIZE / (TRANSFER_SIZE - 1)})`;
const LINEAR = `#define SHARE_OF(t) ${linearPlace}\n#define PLACE_OF(t) ${linearPlace}\n`;
export const transferHead = (log: boolean): string =>
  log
    ? `${logGlsl}uniform vec2 uLog;\n#define TRANSFER_AT(t) (logPlace(t, uLog) * ${(TRANSFER_SIZE - 1) / TRANSFER_SIZE} + ${0.5 / TRANSFER_SIZE})\n#define TRANSFER_LOW 1e-7\n#define SHARE_OF(t) (t)\n#define PLACE_OF(t) logPlace(t, uLog)\n`
    : `#define TRANSFER_AT(t) (t)\n#define TRANSFER_LOW ${0.5 / TRANSFER_SIZE + 1e-7}\n${LINEAR}`;

/** What a transfer function is made of. */
export interface TransferSettings {
  readonly colormap: string;
  readonly points: readonly OpacityPoint[];
  readonly opacity: number;
  readonly mode: string;
  readonly window: readonly [number, number];
  readonly gamma: number;
  readonly log: boolean;
}

/** The place in the window from which a maximum projection is solid; below it fades out. */
const MIP_SOLID = 0.25;

/** Opacity of steps of 1, 2, 4, ... voxels from that of one: the clear part is squared again and again. */
export function opacityRows(one: number, rows = TRANSFER_ROWS): number[] {
  const opacities: number[] = [];
  for (let clear = 1 - one, row = 0; row < rows; row += 1, clear *= clear) opacities.push(1 - clear);
  return opacities;
}

/**
 * Texels by rows, over places of the window: shares of it, or by logarithm, which the shader takes, so that the dark end is as fine as the
 * bright one; gamma is in the texels. Place t has the opacity of the points at t, and the colour of the map at t to the power of gamma.
 * Row 0 holds the plain colours, for slices. Row 1 + n holds what a step of 2^n voxels of level 0 adds: colour times
 * opacity, and opacity; so a coarser level needs no correction in the shader. A maximum projection reads row 1 once: it is laid
 * over the background by an opacity of its own, so that dark values stay clear on a light page.
 *
 * @param stepFraction length of a voxel of level 0 as a fraction of the length that the points' opacities are for
 * @param rowCount rows of steps that are filled; a volume of few levels needs few
 */
export function transferTexels(settings: TransferSettings, stepFraction: number, rowCount = TRANSFER_ROWS): Float32Array {
  const color = colormapFunction(settings.colormap);
  const texels = new Float32Array(TRANSFER_SIZE * (TRANSFER_ROWS + 1) * 4);
  for (let i = 0; i < TRANSFER_SIZE; i += 1) {
    const t = i / (TRANSFER_SIZE - 1);
    const [r, g, b] = color(t ** settings.gamma);
    texels.set([r, g, b, 1], 4 * i);
    const ramp = Math.min(t / MIP_SOLID, 1);
    const rows =
      settings.mode === 'mip'
        ? new Array<number>(1).fill(settings.opacity * ramp * ramp * (3 - 2 * ramp))
        : opacityRows(opacityOfStep(opacityAt(settings.points, t) * settings.opacity, stepFraction), rowCount);
    rows.forEach((a, row) => {
      texels.set([r * a, g * a, b * a, a], 4 * ((row + 1) * TRANSFER_SIZE + i));
    });
  }
  return texels;
}

/** Part of the window over which a transfer function is compared with its own mean. */
const NEIGHBOURHOOD = 1 / 16;
/** By how much of its highest opacity it may differ from that. */
const SMOOTH = 0.2;

/**
 * Whether a row of a transfer function has peaks or steps that a ray may step over: somewhere what one texel adds is far from the mean of
 * those around it. Of the presets and of what a new layer has, none has.
 */
export function isPeaked(row: Float32Array): boolean {
  const size = row.length / 4;
  const reach = Math.round((size * NEIGHBOURHOOD) / 2);
  let highest = 0;
  for (let i = 3; i < row.length; i += 4) highest = Math.max(highest, row[i] as number);
  const at = (i: number, c: number) => row[4 * Math.min(Math.max(i, 0), size - 1) + c] as number;
  for (let c = 0; c < 4; c += 1) {
    let sum = 0;
    for (let i = -reach; i <= reach; i += 1) sum += at(i, c);
    for (let i = 0; i < size; i += 1) {
      if (Math.abs(sum / (2 * reach + 1) - at(i, c)) > SMOOTH * highest) return true;
      sum += at(i + reach + 1, c) - at(i - reach, c);
    }
  }
  return false;
}

/**
 * The texture of a transfer function. Floats: in 8 bits the small opacities of a single step would fall on a few
 * values, and the picture would move by several of 255; half floats are dear to read where a processor draws.
 */
export class TransferTexture {
  readonly texture: THREE.DataTexture;
  /** It changes so fast with the value that what lies between two samples counts. */
  peaked = false;
  #made = '';

  constructor() {
    const data = new Float32Array(TRANSFER_SIZE * (TRANSFER_ROWS + 1) * 4);
    this.texture = new THREE.DataTexture(data, TRANSFER_SIZE, TRANSFER_ROWS + 1, THREE.RGBAFormat, THREE.FloatType);
    this.texture.minFilter = this.texture.magFilter = THREE.NearestFilter;
  }

  /** Makes the texels anew where the settings differ from those in the texture. */
  update(settings: TransferSettings, stepFraction: number, rowCount = TRANSFER_ROWS): void {
    const { colormap, points, opacity, mode, gamma } = settings;
    const wanted = JSON.stringify([colormap, points, opacity, mode, gamma, stepFraction, rowCount]);
    if (wanted === this.#made) return;
    this.#made = wanted;
    const texels = transferTexels(settings, stepFraction, rowCount);
    this.peaked = isPeaked(texels.subarray(4 * TRANSFER_SIZE, 8 * TRANSFER_SIZE));
    (this.texture.image.data as unknown as Float32Array).set(texels);
    this.texture.needsUpdate = true;
  }

  dispose(): void {
    this.texture.dispose();
  }
}
