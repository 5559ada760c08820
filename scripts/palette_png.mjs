// Small PNG files: a picture's colours brought to at most 256 by median cut, one byte a pixel, deflated as far as it goes.
import { crc32, deflateSync } from 'node:zlib';

/** Splits the colours into `count` boxes, always that which spreads most over its widest channel; gives lists of colours. */
function medianCut(colours, count) {
  const boxes = [measured(colours)];
  while (boxes.length < count) {
    const at = boxes.reduce((best, box, i) => (box.weight > boxes[best].weight ? i : best), 0);
    const { colours: list, channel, weight } = boxes[at];
    if (weight === 0) break;
    list.sort((a, b) => a.rgb[channel] - b.rgb[channel]);
    const half = list.reduce((sum, { n }) => sum + n, 0) / 2;
    let cut = 0;
    for (let seen = 0; cut < list.length - 1 && seen + list[cut].n <= half; cut += 1) seen += list[cut].n;
    boxes.splice(at, 1, measured(list.slice(0, Math.max(1, cut))), measured(list.slice(Math.max(1, cut))));
  }
  return boxes.map(({ colours: list }) => list);
}

/** Colours with their widest channel; the weight is how wide that is, times the root of the pixels in the box. */
function measured(colours) {
  const spans = [0, 1, 2].map((c) => {
    let [low, high] = [255, 0];
    for (const { rgb } of colours) [low, high] = [Math.min(low, rgb[c]), Math.max(high, rgb[c])];
    return high - low;
  });
  const widest = Math.max(...spans);
  return { colours, channel: spans.indexOf(widest), weight: widest * Math.sqrt(colours.reduce((sum, { n }) => sum + n, 0)) };
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG file of `colours` colours at most, from RGBA bytes. */
export function palettePng({ width, height, data }, colours = 256) {
  const counts = new Map();
  for (let i = 0; i < data.length; i += 4) {
    const key = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const all = [...counts].map(([key, n]) => ({ key, n, rgb: [key >> 16, (key >> 8) & 255, key & 255] }));
  const boxes = medianCut(all, Math.min(colours, all.length));
  const palette = Buffer.alloc(boxes.length * 3);
  const index = new Map();
  boxes.forEach((box, i) => {
    const pixels = box.reduce((sum, { n }) => sum + n, 0);
    for (let c = 0; c < 3; c += 1) palette[i * 3 + c] = Math.round(box.reduce((sum, { rgb, n }) => sum + rgb[c] * n, 0) / pixels);
    for (const { key } of box) index.set(key, i);
  });
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const i = (y * width + x) * 4;
      rows[y * (width + 1) + 1 + x] = index.get((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3], 8); // eight bits, an index into the palette
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', header), chunk('PLTE', palette), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}
