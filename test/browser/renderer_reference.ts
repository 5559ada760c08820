/**
 * What the renderer's pictures of several layers are measured against: a march in plain TypeScript through the arrays themselves. No bricks,
 * no levels, no tables, no textures; transfer functions are worked out from their points, integrals over pieces of a ray by small steps.
 * Same rays, same first sample, same step.
 */

import { cameraBasis, type OrbitCamera } from '../../src/renderer/camera.js';
import { labelColor } from '../../src/renderer/colormaps.js';
import type { Clip, LayerSettings } from '../../src/renderer/views.js';
import type { Vec3 } from '../../src/volume/geometry.js';
import { placeOfShare, shareOfPlace } from '../../src/volume/opacity.js';
import { toLayer, toWorld } from '../../src/volume/placement.js';
import { add, axis, dot, Sampled, unit } from './renderer_sampled.js';
import type { TestVolume } from './renderer_volume.js';

type Rgba = [number, number, number, number];

export interface ReferenceLayer {
  readonly volume: TestVolume;
  readonly settings: LayerSettings;
}

const TETRA: readonly Vec3[] = [[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]];
const SIX: readonly Vec3[] = [0, 1, 2].flatMap((i) => [axis(i, 1), axis(i, -1)]);
const AROUND: readonly Vec3[] = [[0.8, 0.36, 0.48], [-0.6, 0.48, 0.64], [0, -0.8, 0.6]];

/** Where in a pixel its parts are. */
const PARTS = [0.125, 0.375, 0.625, 0.875];

export interface ReferenceFrame {
  readonly camera: OrbitCamera;
  readonly clip?: Clip;
  readonly light?: Vec3;
  /** Distance from the eye at which every ray ends. */
  readonly depth?: number;
  /** Planes through the layers that show their values: a place of each, its normal, and whether what lies before all such is cut away. */
  readonly planes?: readonly { readonly place: Vec3; readonly normal: Vec3; readonly cut?: boolean }[];
}

/** The picture, premultiplied, rows from below. Layers go from the lowest to the highest. */
export function referencePicture(width: number, height: number, given: readonly ReferenceLayer[], frame: ReferenceFrame): Float32Array {
  const { eye, right, up, forward } = cameraBasis(frame.camera);
  const tan = Math.tan(frame.camera.fovY / 2);
  const light = unit(frame.light ?? add(add(add([0, 0, 0], right, -0.35), up, 0.6), forward, -0.72));
  const view = add([0, 0, 0], forward, -1);
  const planes = planesOf(frame.clip);
  const out = new Float32Array(4 * width * height);
  const sampled = given.map(({ volume, settings }) => new Sampled(volume, settings));
  const base = Math.min(...sampled.map(({ step }) => step));

  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const through = (px: number, py: number): Vec3 =>
        unit(add(add(forward, right, (((px * 2) / width - 1) * tan * width) / height), up, ((py * 2) / height - 1) * tan));
      const covered = PARTS.flatMap((j) => PARTS.map((i) => through(x + i, y + j)));
      out.set(march(sampled.map((layer) => layer.begin()), through(x + 0.5, y + 0.5), covered), 4 * (y * width + x));
    }
  }
  return out;

  /** `covered` are rays through all of the pixel. */
  function march(layers: readonly Sampled[], ray: Vec3, covered: readonly Vec3[]): Rgba {
    const spans = layers.map((layer) => layer.span(eye, ray));
    let from = Math.max(Math.min(...spans.map((s) => s[0])), 0);
    let to = Math.max(...spans.map((s) => s[1]));
    for (const { normal, offset } of planes) {
      const [along, d] = [dot(normal, ray), offset - dot(normal, eye)];
      if (along > 0) from = Math.max(from, d / along);
      else to = Math.min(to, d / along);
    }
    to = Math.min(to, frame.depth ?? to);
    const crossed = (frame.planes ?? []).map(({ place, normal, cut }) => {
      const along = (d: Vec3) => dot(normal, add(place, eye, -1)) / dot(normal, d);
      const at = along(ray);
      return { at: at > 0 ? at : Number.POSITIVE_INFINITY, cut, places: () => covered.map((d) => add(eye, d, along(d))) };
    });
    if (crossed.some(({ cut }) => cut)) from = Math.max(from, Math.min(...crossed.flatMap(({ at, cut }) => (cut ? at : []))));
    const kept = crossed.filter(({ at }) => planes.every(({ normal, offset }) => dot(normal, add(eye, ray, at)) >= offset - 1e-9));
    const seen = kept.map(({ at, places }) => ({ at, color: planeColor(layers, add(eye, ray, at), places) })).filter(({ color }) => color[3] > 0);
    const solid = seen.sort((a, b) => a.at - b.at)[0];
    to = Math.min(to, solid?.at ?? to);
    // What is solid ends the last step.
    const ends = to === solid?.at || to === frame.depth;
    const acc: Rgba = [0, 0, 0, 0];
    const glow = [0, 0, 0];
    for (let s = from + base / 2; s < to; s += base) {
      const world = add(eye, ray, s);
      for (let i = layers.length - 1; i >= 0; i -= 1) {
        const layer = layers[i] as Sampled;
        const [near, far] = spans[i] as [number, number];
        if (s < near || s >= far) layer.previous = undefined;
        else lay(layer, stepOf(layer, layers, world, ray, ends && s + base >= to ? to - s + base / 2 : base));
      }
      if (acc[3] > 0.995) break;
    }
    let clear = 1 - acc[3];
    for (const layer of layers) clear *= 1 - layer.own;
    const under: Rgba = [0, 0, 0, 0];
    for (const layer of layers) {
      if (layer.length === 0) continue;
      const { mode, opacity, blend } = layer.s;
      const share = mode === 'mean' ? (layer.projected as number) / layer.length : (layer.projected as number);
      const t = placeOfShare(share, layer.steepness);
      const ramp = Math.min(t / 0.25, 1);
      const a = mode === 'minip' ? opacity : opacity * ramp * ramp * (3 - 2 * ramp);
      const rgb = layer.color(t);
      for (let c = 0; c < 3; c += 1) under[c] = (rgb[c] as number) * a + (blend === 'additive' ? 1 : 1 - a) * (under[c] as number);
      under[3] = 1 - (1 - under[3]) * (1 - a);
    }
    const rgb = [0, 1, 2].map((c) => Math.min((acc[c] as number) + (glow[c] as number) + clear * (under[c] as number), 1));
    const left = clear * (1 - under[3]);
    const back = solid?.color ?? [0, 0, 0, 0];
    return [...rgb.map((n, c) => n + left * (back[c] as number)), 1 - left * (1 - back[3])] as Rgba;

    function lay(layer: Sampled, c: Rgba | undefined): void {
      if (!c) return;
      const through = 1 - acc[3];
      if (layer.s.blend === 'additive') {
        for (let i = 0; i < 3; i += 1) glow[i] = (glow[i] as number) + through * (1 - layer.own) * (c[i] as number);
        layer.own += (1 - layer.own) * c[3];
      } else for (let i = 0; i < 4; i += 1) acc[i] = (acc[i] as number) + through * (c[i] as number);
    }
  }

  /** Whether a place lies on the eye's side of all planes that cut. */
  function isCut(world: Vec3): boolean {
    const cuts = (frame.planes ?? []).filter(({ cut }) => cut);
    const side = (at: Vec3, { place, normal }: (typeof cuts)[number]): number => dot(normal, add(at, place, -1));
    return cuts.length > 0 && cuts.every((plane) => side(world, plane) * side(eye, plane) > 0);
  }

  /** What a plane shows at a place: the mean of what the pixel there covers, one layer over the other, none of them through. */
  function planeColor(layers: readonly Sampled[], world: Vec3, covered: () => readonly Vec3[]): Rgba {
    const sum: Rgba = [0, 0, 0, 0];
    if (!world.every(Number.isFinite)) return sum;
    const places = covered();
    for (const layer of [...layers].reverse()) {
      const left = 1 - sum[3];
      const cover = (rgb: readonly [number, number, number], part: number) => [...rgb, 1].forEach((c, i) => {
        sum[i] = (sum[i] as number) + left * part * c;
      });
      if (layer.labels) {
        // Around what is no label there may be some.
        for (const id of places.map((place) => layer.id(place))) if (id) cover(labelColor(id), 1 / places.length);
        continue;
      }
      if (layer.share(world) === undefined) continue;
      const shares = places.flatMap((place) => layer.share(place) ?? []);
      const share = shares.reduce((all, n) => all + n, 0) / shares.length;
      // What is at the window's low end or below is clear.
      if (share > 0) cover(layer.color(placeOfShare(share, layer.steepness)), 1);
    }
    return sum;
  }

  function stepOf(layer: Sampled, all: readonly Sampled[], world: Vec3, ray: Vec3, length: number): Rgba | undefined {
    const { s } = layer;
    if (layer.labels) {
      const id = layer.id(world);
      if (!id) return undefined;
      const around = (p: Vec3) => SIX.some((d) => {
        const at = add(toLayer(layer.placement, p), [0, 1, 2].map((i) => (d[i] as number) * (layer.geometry.voxelSize[2 - i] as number)) as unknown as Vec3);
        return layer.id(toWorld(layer.placement, at)) !== id;
      });
      if (s.labelStyle === 'outline' && !around(world)) return undefined;
      const a = 1 - Math.exp(-layer.labelDensity(id) * length);
      const hex = s.labelColors[String(id)];
      const rgb = hex ? [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255) : labelColor(id);
      return [...rgb.map((n) => n * a), a] as Rgba;
    }
    const t = layer.share(world);
    const before = layer.previous;
    layer.previous = t;
    if (t === undefined) return undefined;
    if (s.mode === 'mip' || s.mode === 'minip' || s.mode === 'mean') {
      layer.length += length;
      const choose = s.mode === 'mip' ? Math.max : Math.min;
      if (s.mode === 'mean') layer.projected = (layer.projected ?? 0) + length * Math.min(Math.max(t, 0), 1);
      else layer.projected = layer.projected === undefined ? t : choose(layer.projected, t);
      return undefined;
    }
    if (s.mode === 'iso') return surface(layer, all, world, ray, t, before);
    const sum = [0, 0, 0, 0];
    const parts = before === undefined ? 1 : partsOf(layer, before, t);
    for (let i = 0; i < parts; i += 1) {
      const v = before === undefined ? t : before + ((t - before) * (i + 0.5)) / parts;
      const d = layer.density(v) / parts;
      const rgb = layer.color(placeOfShare(v, layer.steepness));
      for (let c = 0; c < 3; c += 1) sum[c] = (sum[c] as number) + (rgb[c] as number) * d;
      sum[3] = (sum[3] as number) + d;
    }
    const total = sum[3] as number;
    if (total <= 0) return [0, 0, 0, 0];
    const a = 1 - Math.exp((-total * length) / layer.step);
    const c = sum.map((n) => (n / total) * a) as Rgba;
    c[3] = a;
    if (s.shading === 'none') return c;
    const g = layer.gradient(world, TETRA, 0.5);
    const steep = g ? Math.hypot(...g) + 1e-6 : 1e-6;
    const [shade, gloss] = lit(g ? add([0, 0, 0], g, -1 / steep) : [0, 0, 0], steep / (steep + 0.06));
    const [f, h] = around(layer, all, world);
    for (let i = 0; i < 3; i += 1) c[i] = Math.min((c[i] as number) * shade * f + a * gloss * h, a);
    return c;
  }

  /** Parts of a piece of a ray: as many as make its values change by a 128th of the window at most, up to 64. */
  function partsOf({ steepness }: Sampled, from: number, to: number): number {
    const change = Math.max(Math.abs(to - from), Math.abs(placeOfShare(to, steepness) - placeOfShare(from, steepness)));
    return Math.min(Math.max(Math.ceil(128 * change), 1), 64);
  }

  /** The surface, where it lies between two samples. */
  function surface(layer: Sampled, all: readonly Sampled[], world: Vec3, ray: Vec3, t: number, before: number | undefined): Rgba | undefined {
    const iso = shareOfPlace(layer.s.iso, layer.steepness);
    const inside = t >= iso;
    if (before === undefined ? !inside : before >= iso === inside) return undefined;
    let [a, b] = [before === undefined ? 0 : -base, 0];
    for (let i = 0; i < 40; i += 1) {
      const m = (a + b) / 2;
      if ((layer.share(add(world, ray, m)) ?? -1) >= iso === inside) b = m;
      else a = m;
    }
    const hit = add(world, ray, b);
    const { opacity } = layer.s;
    const rgb = layer.color(layer.s.iso);
    if (layer.s.shading === 'none') return [...rgb.map((n) => n * opacity), opacity] as Rgba;
    const g = layer.gradient(hit, SIX, 1, iso) as Vec3;
    let outward = Math.hypot(...g) > 1e-6 ? unit(add([0, 0, 0], g, -1)) : add([0, 0, 0], ray, -1);
    if (dot(outward, ray) > 0) outward = add([0, 0, 0], outward, -1);
    const [shade, gloss] = lit(outward, 1);
    const [f, h] = around(layer, all, add(hit, outward, layer.step));
    return [...rgb.map((n) => Math.min(n * shade * f + gloss * h, 1) * opacity), opacity] as Rgba;
  }

  /** Factor of the colour, and gloss. */
  function lit(outward: Vec3, much: number): [number, number] {
    const n = dot(outward, light);
    const diffuse = 0.75 * Math.max(n, 0) + 0.25 * Math.abs(n);
    return [0.9 + (0.4 + 0.95 * diffuse - 0.9) * much, 0.16 * Math.max(dot(outward, unit(add(light, view))), 0) ** 24 * much];
  }

  /** How much light gets to a place: factors of colour and gloss. */
  function around(layer: Sampled, all: readonly Sampled[], world: Vec3): [number, number] {
    const thickness = (d: Vec3, grow: number, steps: number): number => {
      let [at, piece, sum] = [0, Math.max(layer.step, (frame.camera.distance * tan) / 256), 0];
      for (let i = 0; i < steps; i += 1, at += piece, piece *= grow) {
        const p = add(world, d, at + piece / 2);
        if (planes.some(({ normal, offset }) => dot(normal, p) < offset)) break;
        if (isCut(p)) continue;
        for (const other of all) sum += piece * other.solid(p);
      }
      return sum;
    };
    if (layer.s.shading === 'scattering') {
      const through = Math.exp(-thickness(light, 1.5, 12));
      return [0.27 + 0.8 * Math.min(1, 1.8 * through), through];
    }
    if (layer.s.shading === 'occlusion') {
      const all6 = AROUND.flatMap((d) => [d, add([0, 0, 0], d, -1)]);
      const open = all6.reduce((n, d) => n + Math.exp(-thickness(d, 2.2, 4)) / 6, 0);
      return [0.27 + 0.8 * Math.min(1, 3 * open), open];
    }
    return [1, 1];
  }
}

function planesOf(clip: Clip | undefined) {
  const box = clip?.box;
  const faces = box ? [0, 1, 2].flatMap((i) => [
    { normal: axis(i, 1), offset: box.min[i] as number },
    { normal: axis(i, -1), offset: -(box.max[i] as number) },
  ]) : [];
  return [...faces, ...(clip?.planes ?? [])];
}
