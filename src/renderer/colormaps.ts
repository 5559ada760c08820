/** Colour maps as seventeen evenly spaced sRGB stops, and the colours of labels. */

/** Red, green, blue in 0..1, sRGB. */
export type Rgb = readonly [number, number, number];

const STOPS: Readonly<Record<string, string>> = {
  gray: '000000101010202020303030404040505050606060707070808080909090a0a0a0b0b0b0c0c0c0d0d0d0e0e0e0f0f0f0ffffff',
  viridis: '44015448186a472d7b4240863b528b33638d2c728e26828e21918c1fa08828ae803fbc735ec96284d44baddc30d8e219fde725',
  magma: '0000040a08221d114736106b51127c6a1c818326819c2e7fb73779d0416fe75263f56b5cfc8961fea772fec488fde2a3fcfdbf',
  inferno: '0000040b0724210c4a3d096557106e71196e8a226aa32c61bc3754d24644e45a31f1731df98e09fcac11f9cb35f2ea69fcffa4',
  plasma: '0d08873105974c02a16600a77e03a89511a1aa2395bc3587cc4778da5a6ae66c5cf0804ef89540fdac33fdc527f8df25f0f921',
  cividis: '00224e002e6a1a386f32436d434e6c535a6d61656f6f70737d7c788c88789b9476aba072bcae6ccdbb63dec958f0d846fee838',
  turbo: '30123b4040a2466be34294ff28bceb18ddc232f2986dfe62a4fc3ccdec34eecf3afdac34fb7e21eb500ed02f05a916017a0403',
  bone: '0000000e0e131c1c272a2a3a38384e464661545574626882707b907e8f9e8ca2ac9ab5baa9c8c8bfd6d6d5e4e4eaf2f2ffffff',
  hot: '0b00003500005f0000890000b30000dd0000ff0800ff3200ff5c00ff8600ffb000ffda00ffff07ffff46ffff85ffffc4ffffff',
  coolwarm: '3b4cc04e68d86282ea779af78db0fea3c2feb9d0f9ccd9eddddcdcecd3c5f5c4acf7b093f4987aeb7d62dd5f4bca3b37b40426',
};

/** Colour maps of images. Labels have the one named `labels`. */
export const COLORMAPS: readonly string[] = Object.keys(STOPS);
export const LABEL_COLORMAP = 'labels';

const hexRgb = (hex: string): Rgb => {
  const n = Number.parseInt(hex, 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
};

/**
 * The stops of a colour map, evenly spaced over 0..1; those of `labels` are the colours of ids 1 to 12.
 * A name that is not known gives gray, so that a scene of a newer version still shows.
 */
export function colormapStops(name: string): readonly Rgb[] {
  if (name === LABEL_COLORMAP) return Array.from({ length: 12 }, (_, i) => labelColor(i + 1));
  const hex = (STOPS[name] ?? STOPS.gray) as string;
  return Array.from({ length: hex.length / 6 }, (_, i) => hexRgb(hex.slice(6 * i, 6 * i + 6)));
}

/** The colour at `t` in 0..1 between evenly spaced stops. */
export function colorAt(stops: readonly Rgb[], t: number): Rgb {
  const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
  const i = Math.min(Math.floor(at), stops.length - 2);
  const [a, b, f] = [stops[i] as Rgb, stops[i + 1] as Rgb, at - i];
  return [a[0] + (b[0] - a[0]) * f, a[1] + (b[1] - a[1]) * f, a[2] + (b[2] - a[2]) * f];
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
