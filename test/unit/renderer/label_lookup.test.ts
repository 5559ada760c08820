/** The table of labels of which something is said: every id is found as the shader looks, and no other. */

import { expect, test } from '@jest/globals';
import { labelHash } from '../../../src/renderer/colormaps.js';
import { hasLabelLook, LABEL_PROBES, labelTable, MAX_SAID, restWeight } from '../../../src/renderer/label_lookup.js';

/** What the shader does. */
function find(table: Uint32Array, id: number): number | undefined {
  const width = table.length / 2;
  for (let i = 0; i < LABEL_PROBES; i += 1) {
    const at = ((labelHash(id) + i) >>> 0) & (width - 1);
    if (table[2 * at] === 0) return undefined;
    if (table[2 * at] === id) return table[2 * at + 1];
  }
  return undefined;
}

test('thousands of ids are found, with their colours, and others are not', () => {
  const ids = Array.from({ length: 4096 }, (_, i) => (i * 2654435761 + 1) >>> 0).filter((id) => id > 0);
  const labelColors = Object.fromEntries(ids.slice(0, 3000).map((id, i) => [String(id), `#${(i * 5003 + 1).toString(16).padStart(6, '0').slice(-6)}`]));
  const table = labelTable({ labelColors, selected: ids.slice(2000).map(String), isolate: false });
  ids.forEach((id, i) => {
    const bits = find(table, id)!;
    expect((bits & 0x2000000) !== 0).toBe(i >= 2000);
    expect((bits & 0x1000000) !== 0).toBe(i < 3000);
    if (i < 3000) {
      const rgb = Number.parseInt(labelColors[String(id)]!.slice(1), 16);
      expect([bits & 255, (bits >> 8) & 255, (bits >> 16) & 255]).toEqual([rgb >> 16, (rgb >> 8) & 255, rgb & 255]);
    }
  });
  const said = new Set(ids);
  for (let id = 1; id < 20000; id += 1) if (!said.has(id)) expect(find(table, id)).toBeUndefined();
});

test('ids that no voxel can have are left out: 0, more than 32 bits, more than are taken', () => {
  const table = labelTable({ labelColors: { 0: '#ffffff', 18446744073709551615: '#ffffff', 4294967295: '#010203' }, selected: ['4294967296'], isolate: true });
  expect(table.filter((n, i) => i % 2 === 0 && n !== 0)).toEqual(Uint32Array.of(4294967295));
  const many = labelTable({ labelColors: {}, selected: Array.from({ length: MAX_SAID + 50 }, (_, i) => String(i + 1)), isolate: false });
  expect(many.filter((n, i) => i % 2 === 0 && n !== 0)).toHaveLength(MAX_SAID);
});

test('labels that are not picked out are dimmed, or hidden; without any picked all are whole', () => {
  const settings = { labelColors: {}, selected: ['5'], isolate: false };
  expect(restWeight(settings)).toBeCloseTo(0.25);
  expect(restWeight({ ...settings, isolate: true })).toBe(0);
  expect(restWeight({ ...settings, selected: [], isolate: true })).toBe(1);
  expect([hasLabelLook(settings), hasLabelLook({ ...settings, selected: [] })]).toEqual([true, false]);
});
