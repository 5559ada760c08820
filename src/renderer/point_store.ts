/** Bricks of one cloud on the GPU: a texture of integers cut into slots of equal size. */

import * as THREE from 'three';
import type { PointRows } from '../protocol/arrow.js';
import type { GpuBudget } from './gpu_budget.js';

/** Texels in a row of the texture. */
const WIDTH = 2048;
const TEXEL_BYTES = 16;
/** Points that one cloud may have on the GPU, whatever the budget. */
export const MAX_POINTS = 3 * 2 ** 20;
/** Part of what is free that one cloud takes. */
const SHARE = 1 / 4;
/** In place of x: there is no point. */
const NONE = 0xffffffff;

/** The slots of one cloud. */
export class PointStore {
  readonly texture: THREE.DataTexture;
  /** Texels of a slot. */
  readonly stride: number;
  readonly slots: number;
  readonly #resident = new Map<number, number>();
  readonly #free: number[];
  readonly #source: THREE.DataTexture;
  readonly #texels: Uint32Array;

  /**
   * @param rows most points in a brick
   * @param bricks of the cloud
   * @throws RangeError where not even one slot fits the budget
   */
  constructor(
    readonly renderer: THREE.WebGLRenderer,
    readonly budget: GpuBudget,
    readonly name: string,
    rows: number,
    bricks: number,
  ) {
    this.stride = Math.ceil(rows / WIDTH) * WIDTH;
    const lines = this.stride / WIDTH;
    const gl = renderer.getContext() as WebGL2RenderingContext;
    const most = [
      bricks,
      Math.floor(MAX_POINTS / this.stride),
      Math.floor((budget.free * SHARE) / (this.stride * TEXEL_BYTES)),
      Math.floor((gl.getParameter(gl.MAX_TEXTURE_SIZE) as number) / lines),
    ];
    this.slots = Math.max(Math.min(...most), 1);
    budget.take(name, this.slots * this.stride * TEXEL_BYTES);
    this.texture = integers(null, this.slots * lines);
    this.texture.source.dataReady = false; // storage only
    this.texture.needsUpdate = true;
    renderer.initTexture(this.texture);
    this.#free = Array.from({ length: this.slots }, (_, i) => this.slots - 1 - i);
    this.#texels = new Uint32Array(this.stride * 4);
    this.#source = integers(this.#texels, lines);
  }

  get bytes(): number {
    return this.slots * this.stride * TEXEL_BYTES;
  }

  has(number: number): boolean {
    return this.#resident.has(number);
  }

  slotOf(number: number): number | undefined {
    return this.#resident.get(number);
  }

  /** Uploads a brick in place of one that is not among `needed`; false where all are. */
  upload(number: number, points: PointRows, needed: ReadonlySet<number>): boolean {
    let slot = this.#resident.get(number) ?? this.#free.pop();
    if (slot === undefined) {
      for (const [other, at] of this.#resident) {
        if (needed.has(other)) continue;
        this.#resident.delete(other);
        slot = at;
        break;
      }
    }
    if (slot === undefined) return false;
    this.#fill(points);
    this.renderer.copyTextureToTexture(this.#source, this.texture, null, new THREE.Vector2(0, (slot * this.stride) / WIDTH));
    this.#resident.set(number, slot);
    return true;
  }

  dispose(): void {
    this.texture.dispose();
    this.#source.dispose();
    this.budget.release(this.name);
  }

  #fill({ x, y, z, value }: PointRows): void {
    const texels = this.#texels;
    const count = Math.min(x.length, this.stride);
    const bits = new Uint32Array(value.buffer, value.byteOffset, value.length);
    for (let i = 0; i < count; i += 1) {
      texels[4 * i] = x[i] as number;
      texels[4 * i + 1] = y[i] as number;
      texels[4 * i + 2] = z[i] as number;
      texels[4 * i + 3] = bits[i] as number;
    }
    for (let i = count; i < this.stride; i += 1) texels[4 * i] = NONE;
  }
}

function integers(data: Uint32Array | null, lines: number): THREE.DataTexture {
  const texture = new THREE.DataTexture(data as Uint32Array<ArrayBuffer> | null, WIDTH, lines, THREE.RGBAIntegerFormat, THREE.UnsignedIntType);
  texture.internalFormat = 'RGBA32UI';
  texture.minFilter = texture.magFilter = THREE.NearestFilter;
  texture.unpackAlignment = 4;
  return texture;
}
