import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AdaptiveResolution, QUALITIES, TARGET_MS } from '../../../src/renderer/adaptive_resolution.js';
import { PASSES, Picture } from '../../../src/renderer/picture.js';
import { AT_ONCE_MS, goOn, PARTS_AT_ONCE, PLAN_MS } from '../../../src/renderer/planning.js';
import { type Strip, type StripArea, Strips } from '../../../src/renderer/strips.js';
import { UploadQueue } from '../../../src/renderer/upload_queue.js';
import type { Brick } from '../../../src/session/types.js';

const cost = (q: { scale: number; coarser: number }) => q.scale ** 2 * 2 ** -q.coarser;
const run = (fullMs: number, frames = 40, fixed = 12) => {
  const resolution = new AdaptiveResolution();
  const used = Array.from({ length: frames }, () => {
    const quality = resolution.quality;
    resolution.record(fixed + fullMs * cost(quality), quality);
    return quality;
  });
  return { resolution, used };
};

test('a fast device gets full resolution, a slow one what keeps the frame time, whatever its speed', () => {
  expect(run(5).resolution.quality).toEqual(QUALITIES[0]);
  fc.assert(
    fc.property(fc.double({ min: 1, max: 3000, noNaN: true }), (fullMs) => {
      const { quality } = run(fullMs).resolution;
      const ms = 12 + fullMs * cost(quality);
      if (quality !== QUALITIES[QUALITIES.length - 1]) expect(ms).toBeLessThanOrEqual(TARGET_MS);
      const better = QUALITIES[QUALITIES.indexOf(quality) - 1];
      if (better) expect(fullMs * cost(better)).toBeGreaterThan((TARGET_MS - 20) * 0.79);
    }),
  );
});

test('the quality does not flicker, and one slow frame does not lower it', () => {
  const { used, resolution } = run(300);
  expect(new Set(used.slice(-20)).size).toBe(1);
  const before = resolution.quality;
  resolution.record(400, before);
  expect(resolution.quality).toBe(before);
  for (let i = 0; i < 4; i += 1) resolution.record(400, before);
  expect(cost(resolution.quality)).toBeLessThan(cost(before));
});

test('pictures are drawn in tiles where they take long, and not before that is known', () => {
  expect([new AdaptiveResolution(), run(5).resolution, run(1000).resolution].map(({ tiled }) => tiled)).toEqual([false, false, true]);
});

/** A picture whose volume covers so much of it. */
const area = (width: number, height: number, covered = { left: 0, top: 0, right: width, bottom: height }): StripArea => ({ width, height, covered });

/** The strips of one pass, drawn by what takes `cost` ms for a pixel; `late` of them are in hand when the next is chosen. */
function pass(strips: Strips, on: StripArea, cost: (x: number, y: number) => number, late = 1): { drawn: (Strip & { ms: number })[]; counts: Uint8Array } {
  const counts = new Uint8Array(on.width * on.height);
  const drawn: (Strip & { ms: number })[] = [];
  let [from, beside, heard] = [0, undefined as Strip | undefined, 0];
  for (let last = false; !last; ) {
    const strip = strips.next(on, from, beside);
    let ms = 1; // handing it over
    for (let y = strip.from; y < strip.from + strip.rows; y += 1) {
      for (let x = strip.left; x < strip.left + strip.columns; x += 1) {
        (counts[y * on.width + x] as number) += 1;
        ms += cost(x, y);
      }
    }
    drawn.push({ ...strip, ms });
    for (; heard < drawn.length - late; heard += 1) strips.record((drawn[heard] as { ms: number }).ms, drawn[heard] as Strip);
    ({ last } = strip);
    beside = strip.left + strip.columns < on.width ? strip : undefined;
    if (!beside) from = strip.from + strip.rows;
  }
  return { drawn, counts };
}

test('strips draw every pixel once, whatever they cost and wherever the volume is', () => {
  const edge = fc.integer({ min: 0, max: 200 });
  fc.assert(
    fc.property(fc.tuple(edge, edge, edge, edge), fc.double({ min: 0, max: 5000, noNaN: true }), fc.double({ min: 1e-6, max: 0.1, noNaN: true }), ([a, b, c, d], estimate, each) => {
      const [width, height] = [170, 130];
      const [[left, right], [top, bottom]] = [[Math.min(a, b, width), Math.min(Math.max(a, b), width)], [Math.min(c, d, height), Math.min(Math.max(c, d), height)]] as [[number, number], [number, number]];
      const on = area(width, height, { left, right, top, bottom });
      const strips = new Strips();
      strips.begin(estimate, on);
      const { counts, drawn } = pass(strips, on, () => each, 2);
      expect(counts.every((count) => count === 1)).toBe(true);
      expect(drawn.reduce((sum, { pixels }) => sum + pixels, 0)).toBe(right > left ? (right - left) * (bottom - top) : 0);
    }),
    { numRuns: 40 },
  );
});

test('a strip is of 24 rows at least, and where they take too long, of some columns of them; one that costs little is large', () => {
  const strips = new Strips();
  strips.begin(600, area(800, 600));
  expect(strips.next(area(800, 600), 0)).toMatchObject({ rows: 30, left: 0, columns: 800, last: false });
  strips.begin(4800, area(800, 600));
  expect(strips.next(area(800, 600), 0)).toMatchObject({ rows: 24, left: 0, columns: 64 });
  // Above and beside the volume is nothing that costs.
  expect(strips.next(area(800, 600, { left: 300, top: 100, right: 500, bottom: 500 }), 0)).toMatchObject({ rows: 124, left: 0, columns: 320 });
  strips.begin(10, area(800, 600));
  expect(strips.next(area(800, 600), 0)).toMatchObject({ rows: 600, columns: 800, last: true });
});

test('strips of a slow device take about the time they may also where nothing is followed by much, and in later pictures', () => {
  // A ball of 3 s in the middle of its box; estimates are far off.
  const on = area(800, 600, { left: 150, top: 50, right: 650, bottom: 550 });
  const cost = (x: number, y: number) => {
    const s = 1 - ((x - 400) ** 2 + (y - 300) ** 2) / 220 ** 2;
    return s > 0 ? 0.03 * Math.sqrt(s) : 0;
  };
  for (const estimate of [1500, 5000, 20000]) {
    const strips = new Strips();
    for (let picture = 0; picture < 3; picture += 1) {
      strips.begin(estimate, on);
      const { drawn } = pass(strips, on, cost, 2);
      expect(Math.max(...drawn.map(({ ms }) => ms))).toBeLessThan(picture === 0 ? 190 : 120);
      expect(drawn.filter(({ ms }) => ms < 5).length).toBeLessThan(75);
      expect(Math.min(...drawn.filter(({ last }) => !last).map(({ rows }) => rows))).toBeGreaterThanOrEqual(24);
    }
  }
});

test('strips that nobody waits for begin small, whatever is expected of them, and grow by three at most', () => {
  const on = area(800, 600, { left: 100, top: 50, right: 700, bottom: 550 });
  for (const [estimate, each] of [[20_000, 2e-3], [600, 2e-3], [20_000, 4e-2]] as const) {
    const strips = new Strips();
    strips.unhurried = true;
    strips.begin(estimate, on);
    const { drawn } = pass(strips, on, (x, y) => (x >= 100 && x < 700 && y >= 50 && y < 550 ? each : 0), 2);
    const sizes = drawn.map(({ pixels }) => pixels);
    // One is always drawn before the one before it is done.
    for (let i = 0; i < sizes.length; i += 1) expect(sizes[i]).toBeLessThanOrEqual(3 * Math.max(sizes[i - 2] ?? 0, 24 * 600));
    expect(Math.max(...drawn.map(({ ms }) => ms))).toBeLessThan(each > 1e-2 ? 600 : 160);
    if (each < 1e-2) expect(drawn.length).toBeLessThan(12);
  }
});

test('a picture: quick at once, then calm, then strips to the last row, then passes, then nothing', () => {
  const picture = new Picture();
  picture.touch(0);
  expect(picture.next(0, false, false, area(800, 600))).toEqual({ kind: 'quick' });
  picture.quickDrawn(0, { scale: 0.5, coarser: 0 }, 400, area(800, 600));
  expect(picture.next(20, false, false, area(800, 600))).toBeUndefined();
  expect(picture.idle(20)).toBe(false);
  let now = 200;
  const rows: number[] = [];
  const next = () => {
    now += 5;
    return picture.next(now, false, false, area(800, 600));
  };
  for (let step = next(); step?.kind === 'strip' && step.pass === 0; step = next()) {
    expect(step.from).toBe(rows.reduce((a, b) => a + b, 0));
    rows.push(step.rows);
    picture.stripDrawn(now, step, area(800, 600));
  }
  expect(rows.reduce((a, b) => a + b, 0)).toBe(600);
  expect(rows.length).toBeGreaterThan(5);
  expect(picture.full).toBe(true);
  for (let step = next(); step?.kind === 'strip'; step = next()) {
    expect(step.pass).toBeLessThan(PASSES);
    picture.stripDrawn(now, step, area(800, 600));
  }
  expect(picture.idle(now)).toBe(true);
  picture.touch(now);
  expect(picture.full).toBe(false);
  expect(picture.next(now, false, false, area(800, 600))).toEqual({ kind: 'quick' });
});

test('a full picture is begun at once where only finer bricks came, and a tenth of a second after anything else', () => {
  const picture = new Picture();
  const next = (now: number, loading = false) => picture.next(now, false, loading, area(800, 600))?.kind;
  picture.touch(0);
  picture.quickDrawn(0, { scale: 0.5, coarser: 0 }, 400, area(800, 600));
  picture.touch(300, true);
  picture.quickDrawn(300, { scale: 0.5, coarser: 0 }, 400, area(800, 600));
  expect(next(301, true)).toBeUndefined();
  expect(next(301)).toBe('strip');
  picture.touch(310);
  picture.quickDrawn(310, { scale: 0.5, coarser: 0 }, 400, area(800, 600));
  expect(next(320)).toBeUndefined();
  picture.touch(330, true);
  picture.quickDrawn(330, { scale: 0.5, coarser: 0 }, 400, area(800, 600));
  expect([next(400), next(411)]).toEqual([undefined, 'strip']);
});

test('a quick picture at full quality is the first pass; a slow polish ends by time, between passes', () => {
  const picture = new Picture();
  picture.touch(0);
  picture.quickDrawn(0, { scale: 1, coarser: 0 }, 10, area(100, 100));
  expect(picture.full).toBe(true);
  expect(picture.idle(5000)).toBe(true);
});

test('while it moves only quick pictures are drawn; while bricks arrive not more than a third of the time', () => {
  const picture = new Picture();
  picture.quickDrawn(0, { scale: 0.25, coarser: 0 }, 2000, area(800, 600));
  picture.quickTook(100);
  expect(picture.next(5000, true, false, area(800, 600))).toBeUndefined();
  picture.touch(5000);
  expect(picture.next(5000, true, true, area(800, 600))).toEqual({ kind: 'quick' });
  picture.quickDrawn(5000, { scale: 0.25, coarser: 0 }, 2000, area(800, 600));
  picture.touch(5010);
  expect(picture.next(5100, false, true, area(800, 600))).toBeUndefined();
  expect(picture.next(5300, false, true, area(800, 600))).toEqual({ kind: 'quick' });
});

const brick = (level: number, x = 0): Brick => ({ volume: 1, level, z: 0, y: 0, x, generation: 1, preview: false, dtype: 'u8', voxels: new Uint8Array() });

test('uploads end with their time, coarse ones first, and every brick is answered once', () => {
  const queue = new UploadQueue();
  let clock = 0;
  const answered: string[] = [];
  const order: string[] = [];
  for (const [level, x] of [[0, 0], [2, 0], [1, 0], [0, 1]] as const) queue.add(`${level}/${x}`, brick(level, x), () => answered.push(`${level}/${x}`));
  const upload = (b: Brick) => {
    order.push(`${b.level}/${b.x}`);
    clock += 3;
  };
  expect(queue.run(4, upload, Number.POSITIVE_INFINITY, () => clock)).toBe(2);
  expect(order).toEqual(['2/0', '1/0']);
  queue.add('0/0', brick(0), () => answered.push('again'));
  expect(answered).toContain('0/0');
  queue.drop((b) => b.x === 1);
  expect(queue.run(1, upload, () => clock)).toBe(1);
  expect(queue.size).toBe(0);
  expect([...answered].sort()).toEqual(['0/0', '0/1', '1/0', '2/0', 'again']);
});

test('an upload that throws is answered too', () => {
  const queue = new UploadQueue();
  let answered = 0;
  queue.add('a', brick(0), () => (answered += 1));
  expect(() => queue.run(1, () => { throw new RangeError('no'); })).toThrow('no');
  expect([answered, queue.size]).toEqual([1, 0]);
});

test('planning ends its turn with its time, makes small plans at once, and loses no part', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0.05, max: 4, noNaN: true }), (size, cost) => {
      let [clock, gone, turns] = [0, 0, 0];
      const parts = (function* () {
        for (; gone < size; gone += 1, clock += cost) yield;
      })();
      for (let done = false; !done; turns += 1) {
        const begun = clock;
        const turn = goOn(parts, PLAN_MS, () => clock);
        done = turn.done;
        expect(turn.ms).toBe(clock - begun);
        // The first few parts, or its time and the part in hand.
        expect(clock - begun).toBeLessThanOrEqual(Math.max(Math.min(PARTS_AT_ONCE * cost, AT_ONCE_MS + cost), PLAN_MS + cost) + 1e-9);
        if (size < PARTS_AT_ONCE && size * cost < AT_ONCE_MS) expect(done).toBe(true);
      }
      expect(gone).toBe(size);
      expect(turns).toBeLessThanOrEqual(Math.ceil((size + 1) / Math.min(PARTS_AT_ONCE, Math.ceil(AT_ONCE_MS / cost - 1e-9))) + 1);
    }),
  );
});
