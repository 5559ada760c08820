/** Which way frames travel, by what the link and the codecs were measured to be. With Zstandard, and so with the Node that `sqlite_node` is of. */

import { expect, test } from '@jest/globals';
import type { Hello } from '../../../../src/protocol/index.js';
import { CodecRates } from '../../../../src/sidecar/codec/codec_rates.js';
import { HAS_ZSTD } from '../../../../src/sidecar/codec/encode.js';
import { LinkCodec } from '../../../../src/sidecar/codec/link_codec.js';
import type { VolumeRecord } from '../../../../src/sidecar/volume_record.js';

const BRICK = 575_000;
const record = (stored = 'u16', kind = 'image') => ({ description: { kind, stored } }) as unknown as VolumeRecord;

/** A link as if it had been measured. */
function link(rate: number | undefined, { rtt = 1, samples = 8, hello = {}, rates = new CodecRates(), mayBeHere = false }: { rtt?: number; samples?: number; hello?: Partial<Hello>; rates?: CodecRates; mayBeHere?: boolean } = {}) {
  const codec = new LinkCodec({ codecs: ['lz4', 'zstd', 'preview'], ...hello }, rates, undefined, mayBeHere);
  Object.defineProperties(codec.meter, { rate: { get: () => rate, configurable: true }, rtt: { value: rtt }, samples: { value: samples }, answers: { value: 1 } });
  return codec;
}
const way = (codec: LinkCodec, volume = record(), { bytes = BRICK, queued = BRICK, exact = true } = {}) => {
  const manner = codec.choose(volume, bytes, queued, exact);
  return manner ? (manner.lossy ? 'preview' : 'smaller') : 'raw';
};

test('a fast link and one of which nothing is known carry frames as they are, a slow one smaller ones', () => {
  expect(way(link(1e9))).toBe('raw');
  expect(way(link(undefined))).toBe('raw');
  expect(way(link(1e6, { samples: 2 }))).toBe('raw'); // few samples of a near link may be a busy machine's
  for (const rate of [250e3, 1.25e6, 12.5e6]) expect(way(link(rate))).toBe('smaller');
  expect(way(link(undefined, { rtt: 100, samples: 0 }))).toBe('smaller'); // so far away that the first flight is slow
  expect(way(link(1e9, { rtt: 100 }))).toBe('raw');
});

/** Answers as many probes as are asked for, each in as many ms as `took` says of the bytes before it. */
function answer(codec: LinkCodec, took: (bytes: number, nth: number) => number, most = 1000): number {
  let at = 0;
  let count = 0;
  for (; count < most; count += 1) {
    const bytes = codec.near.next(at);
    if (bytes === undefined) break;
    at += took(bytes, count);
    codec.near.answered(at);
  }
  return count;
}

test('a viewer on the same machine gets frames as they are, however slow its busy processors make the link look', () => {
  const rush = { exact: false, queued: 400 * BRICK };
  for (const rate of [250e3, 4e6, 12.5e6]) {
    const busy = link(rate, { rtt: 30, mayBeHere: true });
    expect(way(busy, record(), rush)).toBe('raw'); // nothing is known yet
    // One quick answer in three of a few bytes, one in six of many.
    expect(answer(busy, (bytes, nth) => ((bytes > 0 ? nth % 18 === 0 : nth % 3 === 2) ? 1.5 : 9))).toBeLessThan(60);
    expect(busy.near.here).toBe(true);
    expect(way(busy, record(), rush)).toBe('raw');
    expect(way(link(rate, { rtt: 0.7 }))).toBe('smaller'); // the next machine's
  }
  expect(way(link(4e6, { rtt: 0.7, mayBeHere: true, hello: { codec: 'lz4' } }))).toBe('smaller'); // asked for
});

test('a tunnel or a slow relay that ends on this machine is measured like any other link', () => {
  for (const rate of [250e3, 4e6, 12.5e6]) {
    const tunnel = link(rate, { rtt: 2.5, mayBeHere: true });
    expect(answer(tunnel, () => 2.5, 5)).toBe(5);
    expect(way(tunnel)).toBe('raw'); // a busy machine's first answers may take as long
    answer(tunnel, () => 2.5, 1);
    expect(way(tunnel)).toBe('smaller');
    expect(answer(tunnel, () => 2.5)).toBe(94); // a hundred, and then no more
    // Quick as it is with a few bytes, many take their time.
    const relay = link(rate, { rtt: 0.4, mayBeHere: true });
    expect(answer(relay, (bytes) => 0.4 + (1000 * bytes) / rate, 15)).toBe(15);
    expect(way(relay)).toBe('raw');
    expect(answer(relay, (bytes) => 0.4 + (1000 * bytes) / rate)).toBe(85);
    expect(relay.near.here).toBe(false);
    expect(way(relay)).toBe('smaller');
  }
  // What takes so long is begun with at once: there a first brick would take seconds.
  const far = link(undefined, { rtt: 100, samples: 0, mayBeHere: true });
  answer(far, () => 100, 1);
  expect(way(far)).toBe('smaller');
  expect(answer(link(undefined), () => 1)).toBe(0); // of another machine it is not asked
});

test('where the codec gains nothing, frames go as they are, until it is tried again', () => {
  const [rates, volume] = [new CodecRates(), record()];
  const codec = link(5e6, { rates });
  const seen: string[] = [];
  for (let i = 0; i < 400; i += 1) {
    const manner = codec.choose(volume, BRICK, BRICK, true);
    seen.push(manner ? 'tried' : 'raw');
    if (manner) rates.saw(volume, manner, BRICK, BRICK, 3); // no smaller
  }
  const tried = seen.filter((word) => word === 'tried').length;
  expect(tried).toBeGreaterThan(2);
  expect(tried).toBeLessThan(HAS_ZSTD ? 120 : 60); // so many for each codec
  expect(seen.lastIndexOf('tried')).toBeGreaterThan(100);
  expect(way(codec, record())).toBe('smaller'); // another volume's bricks may be of another kind
});

test('the ways are changed only for a clear gain: a rate that wavers does not make them waver', () => {
  const rates = new CodecRates();
  const volume = record();
  let rate = 5e6;
  const codec = link(rate, { rates });
  Object.defineProperty(codec.meter, 'rate', { get: () => rate });
  let changes = 0;
  let before = way(codec, volume);
  // Where both ways are as fast, by halves.
  let [low, high] = [5e6, 1e9];
  for (let i = 0; i < 40; i += 1) {
    const middle = Math.sqrt(low * high);
    if (way(link(middle, { rates }), volume) === 'raw') high = middle;
    else low = middle;
  }
  const even = low;
  for (let i = 0; i < 200; i += 1) {
    rate = even * (i % 2 ? 1.04 : 0.96);
    const now = way(codec, volume);
    changes += Number(now !== before);
    before = now;
  }
  expect(changes).toBeLessThanOrEqual(1);
});

test('a slow decoder at the other end counts too', () => {
  const codec = link(10e6);
  expect(way(codec)).toBe('smaller');
  for (let i = 0; i < 30; i += 1) codec.decoded(1e6, 200); // 5 MB/s
  expect(way(codec)).toBe('raw');
});

test('previews: over slow links, of images of more than 8 bits, unless the true voxels are asked for', () => {
  const slow = () => link(250e3, { rtt: 100 });
  expect(way(slow(), record(), { exact: false })).toBe('preview');
  expect(way(slow(), record('f32'), { exact: false })).toBe('preview');
  expect(way(slow(), record(), { exact: true })).toBe('smaller');
  expect(way(slow(), record('u8'), { exact: false })).toBe('smaller');
  expect(way(slow(), record('u32', 'labels'), { exact: false })).toBe('smaller');
  expect(way(slow(), record('u16', 'labels'), { exact: false })).toBe('smaller');
  expect(way(slow(), record('points', 'points'), { exact: false })).toBe('smaller');
  expect(way(link(12.5e6), record(), { exact: false, queued: 100 * BRICK })).toBe('smaller'); // quick enough
  expect(way(link(3e6), record(), { exact: false })).toBe('smaller');
  expect(way(link(3e6), record(), { exact: false, queued: 100 * BRICK })).toBe('preview'); // too many of them
  expect(way(link(250e3, { hello: { codecs: ['lz4', 'zstd'] } }), record(), { exact: false })).toBe('smaller');
});

test('what a viewer forces holds, and what it does not offer is never sent', () => {
  const of = (hello: Partial<Hello>, rate = 1e9, exact = false) => link(rate, { hello }).choose(record(), BRICK, BRICK, exact);
  expect(of({ codec: 'raw' }, 1e3)).toBeUndefined();
  expect(of({ codec: 'lz4' })).toEqual({ codec: 'lz4', lossy: false });
  expect(of({ codec: 'preview' })?.lossy).toBe(true);
  expect(of({ codec: 'preview' }, 1e9, true)).toBeUndefined();
  expect(of({ codecs: ['lz4'] }, 1e6)).toEqual({ codec: 'lz4', lossy: false });
  expect(of({ codecs: [] }, 1e3)).toBeUndefined();
  expect(of({ codecs: ['preview'] }, 1e3)).toBeUndefined(); // a preview is compressed, too
  expect(of({ codecs: ['zstd'], codec: 'zstd' })).toEqual(HAS_ZSTD ? { codec: 'zstd', lossy: false } : undefined);
});
