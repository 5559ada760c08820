// Samples the colour maps of d3-scale-chromatic into src/renderer/colormap_stops.ts and their names into Python's colormaps.py,
// so that the viewer carries a few kilobytes of stops in place of the library. Run after a change here: `node scripts/colormaps.mjs`.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { rgb } from 'd3-color';
import * as chromatic from 'd3-scale-chromatic';

/** Taken as they are; the library has others under some of these names, or none. */
const OWN = {
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
/** Names by group; a map is the library's `interpolate…` or `scheme…` of that name unless said otherwise. */
const GROUPS = {
  perceptual: ['gray', 'viridis', 'magma', 'inferno', 'plasma', 'cividis', 'turbo', 'bone', 'hot', 'warm', 'cool', 'cubehelix'],
  sequential: [
    'Blues', 'Greens', 'Greys', 'Oranges', 'Purples', 'Reds', 'BuGn', 'BuPu', 'GnBu', 'OrRd', 'PuBuGn', 'PuBu', 'PuRd', 'RdPu', 'YlGnBu', 'YlGn',
    'YlOrBr', 'YlOrRd',
  ],
  diverging: ['coolwarm', 'BrBG', 'PRGn', 'PiYG', 'PuOr', 'RdBu', 'RdGy', 'RdYlBu', 'RdYlGn', 'Spectral'],
  cyclic: ['rainbow', 'sinebow'],
  categorical: ['tab10', 'tableau10', 'observable10', 'Accent', 'Dark2', 'Paired', 'Pastel1', 'Pastel2', 'Set1', 'Set2', 'Set3'],
};
const RENAMED = { cubehelix: 'cubehelixDefault', tab10: 'category10' };
/** A colour channel between stops may be this far from the library's own. */
const TOLERANCE = 3;

const library = new Map(Object.entries(chromatic));

/** The library's function from 0..1 to a CSS colour, or its list of colours. */
export function libraryMap(name) {
  const found = RENAMED[name] ?? name;
  const capital = found[0].toUpperCase() + found.slice(1);
  return library.get(`interpolate${capital}`) ?? library.get(`scheme${capital}`);
}

const channels = (css) => [rgb(css).r, rgb(css).g, rgb(css).b].map(Math.round);
const hexOf = (colors) => colors.map((color) => channels(color).map((c) => c.toString(16).padStart(2, '0')).join('')).join('');

/** As few evenly spaced stops as keep to the tolerance. */
function sampled(map) {
  for (let steps = 8; ; steps *= 2) {
    const stops = Array.from({ length: steps + 1 }, (_, i) => channels(map(i / steps)));
    const worst = (t) => {
      const [i, f] = [Math.min(Math.floor(t * steps), steps - 1), t * steps - Math.min(Math.floor(t * steps), steps - 1)];
      return Math.max(...channels(map(t)).map((c, k) => Math.abs(c - stops[i][k] - (stops[i + 1][k] - stops[i][k]) * f)));
    };
    if (steps === 64 || Array.from({ length: 257 }, (_, i) => worst(i / 256)).every((error) => error <= TOLERANCE)) {
      return hexOf(Array.from({ length: steps + 1 }, (_, i) => map(i / steps)));
    }
  }
}

function stopsOf(name) {
  const map = libraryMap(name);
  return OWN[name] ?? (typeof map === 'function' ? sampled(map) : hexOf(map));
}

/** The text of both files. */
export function colormapFiles() {
  const groups = Object.entries(GROUPS).map(([group, names]) => `  ${group}: {\n${names.map((name) => `    ${name}: '${stopsOf(name)}',`).join('\n')}\n  },`);
  const lines = [];
  for (const name of Object.values(GROUPS).flat()) {
    const word = `"${name}",`;
    if (lines.length > 0 && `${lines.at(-1)} ${word}`.length <= 124) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  }
  return {
    'src/renderer/colormap_stops.ts': `/** Colour maps by group: evenly spaced sRGB stops, or the colours of a categorical one. Written by scripts/colormaps.mjs. */

export const COLORMAP_STOPS = {
${groups.join('\n')}
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;
`,
    'python-bridge/voxbeam/colormaps.py': `"""Names of the colour maps that viewers know. Written by scripts/colormaps.mjs, with the viewers' own list."""

from __future__ import annotations

COLORMAPS = (
${lines.map((line) => `    ${line}`).join('\n')}
)
`,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, text] of Object.entries(colormapFiles())) await writeFile(new URL(`../${file}`, import.meta.url), text);
}
