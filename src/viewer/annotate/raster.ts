/** Dots and lines written straight into pixels: a hundred thousand marks a frame, where a canvas would draw a thousand. Pure. */

import { sliceFrame } from '../../renderer/slice_view.js';
import { cameraBasis } from '../../renderer/camera.js';
import type { View } from '../../renderer/views.js';
import { BOX_EDGES } from '../../annotation/box.js';

/** Pixels of a view, as a canvas keeps them: red, green, blue, alpha. */
export class Raster {
  readonly pixels: Uint32Array;

  constructor(
    readonly bytes: Uint8ClampedArray<ArrayBuffer>,
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(bytes.buffer, bytes.byteOffset, width * height);
  }

  /** A square of `2 · half + 1` pixels; undefined places are left out. */
  dot(x: number, y: number, half: number, color: number): void {
    const cx = Math.round(x);
    const cy = Math.round(y);
    const left = Math.max(0, cx - half);
    const right = Math.min(this.width - 1, cx + half);
    const top = Math.max(0, cy - half);
    const bottom = Math.min(this.height - 1, cy + half);
    for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) this.pixels[row * this.width + column] = color;
  }

  /** A line one pixel wide; only what lies within is walked along. */
  line(x0: number, y0: number, x1: number, y1: number, color: number): void {
    const part = clipLine(x0, y0, x1, y1, this.width - 1, this.height - 1);
    if (!part) return;
    let [x, y] = [part[0], part[1]];
    const [dx, dy] = [part[2] - x, part[3] - y];
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(dx), Math.abs(dy))));
    const [sx, sy] = [dx / steps, dy / steps];
    for (let step = 0; step <= steps; step += 1, x += sx, y += sy) this.pixels[Math.round(y) * this.width + Math.round(x)] = color;
  }
}

/** The part of a line within 0 … width and 0 … height (Liang and Barsky); undefined where none is. */
export function clipLine(x0: number, y0: number, x1: number, y1: number, width: number, height: number): readonly [number, number, number, number] | undefined {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [from, to] = [0, 1];
  for (const [p, q] of [[-dx, x0], [dx, width - x0], [-dy, y0], [dy, height - y0]] as const) {
    if (p === 0) {
      if (q < 0) return undefined;
    } else if (p < 0) from = Math.max(from, q / p);
    else to = Math.min(to, q / p);
  }
  return from <= to ? [x0 + from * dx, y0 + from * dy, x0 + to * dx, y0 + to * dy] : undefined;
}

/** `#rrggbb` as a pixel of little-endian machines, which all browsers run on. */
export function pixelOf(color: string, alpha = 1): number {
  const n = Number.parseInt(color.slice(1), 16);
  return ((Math.round(alpha * 255) << 24) | ((n & 0xff) << 16) | (n & 0xff00) | (n >> 16)) >>> 0;
}

/** Where world points appear in a view, in pixels of its raster: x, y, and how far before the eye or beside the slice. */
export type FastProject = (x: number, y: number, z: number, out: Float64Array) => void;

/** A projection without allocations. In 3D what lies behind the eye has a depth of 0 or less. */
export function fastProjector(view: View, ratio: number): FastProject {
  const { width, height } = view.rect;
  const [cx, cy] = [(width / 2) * ratio, (height / 2) * ratio];
  const frame = view.kind === 'slice' ? sliceFrame(view) : undefined;
  const basis = view.kind === 'volume' ? cameraBasis(view.camera) : undefined;
  const [ox, oy, oz] = frame?.middle ?? basis!.eye;
  const [rx, ry, rz] = frame?.right ?? basis!.right;
  const [ux, uy, uz] = frame?.up ?? basis!.up;
  const [nx, ny, nz] = frame?.normal ?? basis!.forward;
  const scale = view.kind === 'slice' ? ratio / view.pixelSize : ((height / 2) * ratio) / Math.tan(view.camera.fovY / 2);
  const flat = view.kind === 'slice';
  return (x, y, z, out) => {
    const dx = x - ox;
    const dy = y - oy;
    const dz = z - oz;
    const depth = dx * nx + dy * ny + dz * nz;
    const by = flat ? scale : scale / depth;
    out[0] = cx + (dx * rx + dy * ry + dz * rz) * by;
    out[1] = cy - (dx * ux + dy * uy + dz * uz) * by;
    out[2] = depth;
  };
}

const CORNERS = new Float64Array(24);

/** The edges of a box in 3D; one that reaches behind the eye is left out. */
export function rasterBox(raster: Raster, project: FastProject, bounds: Float64Array, at: number, color: number): void {
  const out = CORNERS;
  for (let corner = 0; corner < 8; corner += 1) {
    const place = out.subarray(3 * corner, 3 * corner + 3);
    project(bounds[at + (corner & 1 ? 3 : 0)]!, bounds[at + (corner & 2 ? 4 : 1)]!, bounds[at + (corner & 4 ? 5 : 2)]!, place);
    if (place[2]! <= 0) return;
  }
  for (const [a, b] of BOX_EDGES) raster.line(out[3 * a]!, out[3 * a + 1]!, out[3 * b]!, out[3 * b + 1]!, color);
}
