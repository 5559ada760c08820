import { expect, test } from '@jest/globals';
import { parseConfig, StartError } from '../../../src/sidecar/config.js';
import { FillWalk } from '../../../src/sidecar/fill.js';
import { refusal } from '../../../src/sidecar/description_check.js';
import { brickCount } from '../../../src/volume/geometry.js';
import { DESCRIPTION } from '../../conformance/good_producer.js';
import type { VolumeDescription } from '../../../src/protocol/index.js';

const token = 'A'.repeat(43);

test('only the token is needed', () => {
  expect(parseConfig(JSON.stringify({ token }))).toEqual({
    token, host: '127.0.0.1', port: 0, upload_port: 0, store_bytes: null, spill_bytes: null, parent: false, orphan_ms: 0, allowed_hosts: [], unread_ms: 30_000,
  });
});

test.each([
  ['no JSON', 'hello', /not JSON/],
  ['no token', '{}', /^token/],
  ['a short token', JSON.stringify({ token: 'secret' }), /^token/],
  ['a host that others reach', JSON.stringify({ token, host: '0.0.0.0' }), /^host.*0\.0\.0\.0/],
  ['a certificate without its key', JSON.stringify({ token, tls_cert: 'cert.pem' }), /^tls_cert is given alone/],
  ['a tiny store', JSON.stringify({ token, store_bytes: 1000 }), /^store_bytes.*1000/],
  ['a port that is none', JSON.stringify({ token, port: 70000 }), /^port.*70000/],
  ['an unknown field', JSON.stringify({ token, colour: 1 }), /colour/],
])('%s: a message with the value, a remedy, and never the token', (_, line, message) => {
  let error: unknown;
  try {
    parseConfig(line);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(StartError);
  expect((error as StartError).message).toMatch(message);
  expect((error as StartError).remedy).toBeTruthy();
  expect((error as StartError).message).not.toMatch(/secret|AAAA/);
});

test('a fill walks every brick once, coarse to fine', () => {
  const shape = [200, 130, 64] as const;
  const walk = new FillWalk(shape);
  const keys = [];
  for (let key = walk.next(() => true); key; key = walk.next(() => true)) keys.push(key);
  expect(keys.length).toBe(brickCount(shape));
  expect(new Set(keys.map((k) => JSON.stringify(k))).size).toBe(keys.length);
  expect(keys.map((k) => k.level)).toEqual(keys.map((k) => k.level).sort((a, b) => b - a));
  expect(walk.ended).toBe(true);
  walk.again({ level: 0, z: 1, y: 0, x: 0 });
  expect(walk.ended).toBe(false);
  expect(walk.next(() => true)).toEqual({ level: 0, z: 1, y: 0, x: 0 });
});

test('a fill whose coarse levels are still being built walks level 0 first, then coarse to fine', () => {
  const shape = [200, 130, 64] as const;
  const walk = new FillWalk(shape, 1, 'finest');
  const levels = [];
  for (let key = walk.next(() => true); key; key = walk.next(() => true)) levels.push(key.level);
  expect(levels).toEqual([...Array(12).fill(0), 2, 1, 1, 1, 1]);
});

test('descriptions that cannot be served are refused with the value and a remedy', () => {
  const base = DESCRIPTION as unknown as VolumeDescription;
  expect(refusal(base)).toBeUndefined();
  expect(refusal({ ...base, kind: 'labels', stored: 'u32' })).toBeUndefined();
  for (const [fields, words] of [
    [{ stored: 'u32' }, /u32/],
    [{ kind: 'labels', stored: 'f32' }, /f32/],
    [{ kind: 'labels', scale: 2 }, /scale 2/],
    [{ scale: 0 }, /scale 0/],
    [{ shape: [2 ** 31, 2 ** 31, 2 ** 31] }, /2147483648/],
  ] as const) {
    const refused = refusal({ ...base, ...fields } as VolumeDescription);
    expect(refused?.message).toMatch(words);
    expect(refused?.remedy).toBeTruthy();
  }
});
