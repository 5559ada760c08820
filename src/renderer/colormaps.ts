/** Colour maps by name, and the colours of labels. */

import { COLORMAP_STOPS } from './colormap_stops.js';

/** Red, green, blue in 0..1, sRGB. */
export type Rgb = readonly [number, number, number];

export type ColormapGroup = keyof typeof COLORMAP_STOPS;
/** Names by group, in the order in which they are offered. Each also has a reversed form: the name and `_r`. */
export const COLORMAP_GROUPS = Object.fromEntries(
  Object.entries(COLORMAP_STOPS).map(([group, maps]) => [group, Object.keys(maps)]),
) as unknown as Readonly<Record<ColormapGroup, readonly string[]>>;
/** Colour maps of images. Labels have the one named `labels`; `#rrggbb` is a ramp from black to that colour. */
export const COLORMAPS: readonly string[] = Object.values(COLORMAP_GROUPS).flat();
export const LABEL_COLORMAP = 'labels';

const STOPS: ReadonlyMap<string, string> = new Map(Object.values(COLORMAP_STOPS).flatMap((maps) => Object.entries<string>(maps)));
const STEPPED: ReadonlySet<string> = new Set([...COLORMAP_GROUPS.categorical, LABEL_COLORMAP]);
const RAMP = /^#([0-9a-f]{6})$/i;
const REVERSED = /_r$/;

const hexRgb = (hex: string): Rgb => {
  const n = Number.parseInt(hex, 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
};

/** Whether a colour map is made of separate colours, each of an equal part of the window, with nothing between them. */
export const isStepped = (name: string): boolean => STEPPED.has(name.replace(REVERSED, ''));

/**
 * The stops of a colour map, evenly spaced over 0..1; those of `labels` are the colours of ids 1 to 12.
 * A name that is not known gives gray, so that a scene of a newer version still shows.
 */
export function colormapStops(name: string): readonly Rgb[] {
  if (name === LABEL_COLORMAP) return Array.from({ length: 12 }, (_, i) => labelColor(i + 1));
  if (REVERSED.test(name)) return [...colormapStops(name.replace(REVERSED, ''))].reverse();
  const ramp = RAMP.exec(name)?.[1];
  const hex = ramp ? `000000${ramp}` : (STOPS.get(name) ?? (STOPS.get('gray') as string));
  return Array.from({ length: hex.length / 6 }, (_, i) => hexRgb(hex.slice(6 * i, 6 * i + 6)));
}

/** The colour at `t` in 0..1 between evenly spaced stops. */
export function colorAt(stops: readonly Rgb[], t: number): Rgb {
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const [a, b, f] = [stops[i] as Rgb, stops[i + 1] as Rgb, at - i];
  return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f];
}

/** The colours of a map as a function of the place 0..1 in the window. */
export function colormapFunction(name: string): (t: number) => Rgb {
  const stops = colormapStops(name);
  if (!isStepped(name)) return (t) => colorAt(stops, t);
  return (t) => stops[Math.min(Math.max(Math.floor(t * stops.length), 0), stops.length - 1)] as Rgb;
}

/** Colours that labels are drawn from: the shader looks a label up by its hash. */
export const LABEL_COLORS = 1024;

const LEAST_LUMA = 0.45;

/** Mixes the bits of an id; shaders/labels.glsl has the same lines. */
export function labelHash(id: number): number {
  let h = Math.imul(id ^ (id >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Entry `index` of the label palette: hues a golden angle apart, in three tones. */
export function labelPaletteColor(index: number): Rgb {
  const hue = (index * 0.6180339887498949) % 1;
  const tone = index % 3;
  const [saturation, value] = [[0.72, 0.95], [0.55, 1], [0.85, 0.8]][tone] as [number, number];
  const channel = (n: number): number => {
    const k = (n + hue * 6) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  const [r, g, b] = [channel(5), channel(3), channel(1)];
  // Deep blues would drown in a dark picture: what is darker than the others is lightened.
  const luma = 0.3 * r + 0.59 * g + 0.11 * b;
  const white = Math.max(0, (LEAST_LUMA - luma) / (1 - luma));
  return [r + (1 - r) * white, g + (1 - g) * white, b + (1 - b) * white];
}

/** The colour of a label; 0 is the background and has none. The same id has the same colour in every session. */
export function labelColor(id: number): Rgb {
  return labelPaletteColor(labelHash(id) % LABEL_COLORS);
}
