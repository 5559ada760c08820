// Bricks kept in the browser's storage: a second visit, several tabs, damage, crashes, bounds and a full disk, all of them real.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { serveVolumes, Stage } from './robust_harness.mjs';
import { eventually } from './support.mjs';

const MIB = 2 ** 20;
/** Of 150³ voxels: 27, 8 and 1. */
const BRICKS = 36;
let stage;
let volumes;
before(async () => {
  volumes = await serveVolumes(150);
  stage = await Stage.open();
});
after(async () => {
  await stage?.close();
  await volumes?.close();
});
// What a failed test left open would hold its files.
afterEach(async () => {
  for (const page of stage.context.pages().slice(1)) await Promise.race([page.close().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, 20_000))]);
});

/** Asks a session for every brick of the volume, waits until all are here and what is to be written is, and tells what happened. */
const visit = (page, options = {}) => page.evaluate(async ({ url, options }) => {
  const { fetchAll, until } = globalThis.vox;
  const it = await fetchAll(url, options);
  const done = () => it.session.kept.state !== 'starting' && it.session.kept.waiting === 0
    && (!options.writes || it.session.kept.bricksWritten >= it.session.counters.bricksReceived)
    && (it.session.kept.state === 'off' || it.session.kept.bricksRead + it.session.counters.bricksReceived >= 36)
    && (options.reads === undefined || it.session.kept.bricksRead >= options.reads);
  await until('written', done);
  globalThis.it = it;
  return { kept: it.session.kept, counters: { ...it.session.counters }, sum: it.sum, constants: it.constants };
}, { url: volumes.url, options });

/** The files of the cache. */
const files = (page) => page.evaluate(async () => {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('voxbeam-bricks', { create: true });
  const out = [];
  for await (const [name, handle] of folder.entries()) {
    const file = await handle.getFile().catch(() => undefined); // removed meanwhile
    if (file) out.push({ name, size: file.size });
  }
  return out.filter(({ name }) => name.endsWith('.pack'));
});
/** Ends a visit, and waits until its files are closed; of several at once the next one to write may have opened them anew. */
const closeVisit = async (page, { last = true } = {}) => {
  await page.evaluate(async (last) => {
    globalThis.it?.close();
    if (last) await globalThis.vox.letGo();
  }, last);
  assert.deepEqual(page.problems, []);
  await page.close();
};

test('a second visit fetches no brick it has already, also after the browser was closed; clearing makes it the first again', async () => {
  let page = await stage.page(volumes);
  const first = await visit(page, { writes: true });
  assert.equal(first.counters.bricksReceived, BRICKS);
  assert.equal(first.kept.state, 'on');
  assert.equal(first.kept.bricksRead, 0);
  assert.ok(first.kept.bytes > 0 && first.kept.bytes <= first.kept.maxBytes);
  await closeVisit(page);

  page = await stage.page(volumes);
  const second = await visit(page, { reads: first.counters.bricksReceived });
  assert.equal(second.counters.bricksReceived, 0);
  assert.equal(second.sum, first.sum, 'the same voxels');
  assert.deepEqual([first.constants, second.constants], [1, 1], 'the far corner of the ball is empty: one voxel stands for that brick');
  assert.equal(second.kept.bricksRead, first.counters.bricksReceived);
  assert.equal(second.kept.bytesRead, first.kept.bytesWritten);
  await closeVisit(page);

  await stage.context.close();
  await stage.start();
  page = await stage.page(volumes);
  const third = await visit(page);
  assert.equal(third.counters.bricksReceived, 0);
  await page.evaluate(() => globalThis.it.session.clearKept());
  assert.deepEqual(await files(page), []);
  await closeVisit(page);
  page = await stage.page(volumes);
  const fourth = await visit(page, { writes: true });
  assert.equal(fourth.counters.bricksReceived, first.counters.bricksReceived);
  await closeVisit(page);
});

test('a first visit asks before the storage is open, and keeps what came by then; only the next one waits for it', async () => {
  let page = await stage.page(volumes);
  await visit(page);
  await page.evaluate(() => globalThis.it.session.clearKept());
  await closeVisit(page);
  /** Storage that opens when it is told to. */
  const slow = async () => {
    const made = await stage.page(volumes);
    await made.evaluate(() => {
      const make = globalThis.Blob;
      const late = `const open = StorageManager.prototype.getDirectory;
        const told = new Promise((resolve) => { new BroadcastChannel('test').onmessage = resolve; });
        StorageManager.prototype.getDirectory = function () { return told.then(() => open.call(this)); };`;
      globalThis.Blob = class extends make {
        constructor(parts, options) {
          super(options?.type === 'text/javascript' ? [late, ...parts] : parts, options);
        }
      };
      globalThis.tell = () => new BroadcastChannel('test').postMessage('open');
    });
    return made;
  };
  page = await slow();
  const first = await page.evaluate(async (url) => {
    const it = await globalThis.vox.fetchAll(url); // every brick comes while nothing is known of the storage
    const { state } = it.session.kept;
    globalThis.it = it;
    globalThis.tell();
    await globalThis.vox.until('all written', () => it.session.kept.bricksWritten === 36);
    return { state, received: it.session.counters.bricksReceived };
  }, volumes.url);
  assert.deepEqual(first, { state: 'starting', received: BRICKS });
  await closeVisit(page);
  page = await slow();
  const second = await page.evaluate(async (url) => {
    const fetched = globalThis.vox.fetchAll(url);
    // Time in which one that does not wait would have asked. If it is too short a fault is missed, and nothing fails.
    await new Promise((resolve) => setTimeout(resolve, 300));
    globalThis.tell();
    globalThis.it = await fetched;
    return { received: globalThis.it.session.counters.bricksReceived, sum: globalThis.it.sum };
  }, volumes.url);
  assert.equal(second.received, 0);
  await closeVisit(page);
});

test('flipped bits are found out: those bricks are fetched anew, the others are not', async () => {
  let page = await stage.page(volumes);
  const before = await visit(page);
  assert.equal(before.kept.bricksRead + before.counters.bricksReceived, BRICKS);
  await closeVisit(page);
  page = await stage.page(volumes);
  const flipped = await page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('voxbeam-bricks');
    let count = 0;
    for await (const [name, handle] of folder.entries()) {
      if (!name.endsWith('.pack')) continue;
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      const view = new DataView(bytes.buffer);
      // A voxel of the second record, the header of the third, and the entry of the fourth.
      for (const [record, where] of [[1, 'voxel'], [2, 'header'], [3, 'entry']]) {
        const entry = 64 + 64 * record;
        const at = where === 'entry' ? entry + 20 : view.getUint32(entry + 36, true) + (where === 'header' ? 20 : 5000);
        bytes[at] ^= 4;
        count += 1;
      }
      const stream = await handle.createWritable();
      await stream.write(bytes);
      await stream.close();
    }
    return count;
  });
  assert.equal(flipped, 3);
  const after = await visit(page, { reads: BRICKS - 3 });
  assert.equal(after.kept.damaged, 2, 'an entry that fails its checks is not even looked at');
  assert.equal(after.counters.bricksReceived, 3);
  assert.equal(after.counters.framesRefused, 0);
  await page.waitForFunction(() => globalThis.it.session.kept.bricksWritten === 3);
  await closeVisit(page);
  page = await stage.page(volumes);
  const healed = await visit(page, { reads: BRICKS });
  assert.equal(healed.counters.bricksReceived, 0, 'what came anew is kept in place of what was damaged');
  await closeVisit(page);
});

test('a worker that is ended while it writes leaves a valid cache', async () => {
  let page = await stage.page(volumes);
  await visit(page);
  await page.evaluate(() => globalThis.it.session.clearKept());
  await closeVisit(page);
  page = await stage.page(volumes);
  await page.evaluate((url) => {
    globalThis.vox.fetchAll(url).then((it) => Object.assign(globalThis, { it }));
  }, volumes.url);
  await page.waitForFunction(() => globalThis.it?.session.kept.bricksWritten >= 3);
  const crash = await stage.context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  crash.send('Page.crash').catch(() => undefined); // nobody is left to answer
  await crashed;
  page = await stage.page(volumes);
  const after = await visit(page);
  assert.ok(after.kept.bricksRead >= 3, `${after.kept.bricksRead} of the bricks that were written`);
  assert.equal(after.kept.damaged, 0);
  await page.waitForFunction((n) => globalThis.it.session.kept.bricksWritten >= n, after.counters.bricksReceived);
  await closeVisit(page);
  page = await stage.page(volumes);
  const last = await visit(page);
  assert.equal(last.counters.bricksReceived, 0);
  await closeVisit(page);
});

test('three tabs at once write each brick once, and no brick of theirs is damaged', async () => {
  let page = await stage.page(volumes);
  await visit(page);
  await page.evaluate(() => globalThis.it.session.clearKept());
  await closeVisit(page);
  const pages = [];
  for (let i = 0; i < 3; i += 1) pages.push(await stage.page(volumes));
  await Promise.all(pages.map((p) => visit(p)));
  const kept = await eventually('all is written', async () => {
    const now = await Promise.all(pages.map((p) => p.evaluate(() => globalThis.it.session.kept)));
    return now.every(({ waiting }) => waiting === 0) && now.reduce((n, { bricksWritten }) => n + bricksWritten, 0) >= BRICKS && now;
  });
  assert.equal(kept.reduce((n, { bricksWritten }) => n + bricksWritten, 0), BRICKS, JSON.stringify(kept));
  for (const [i, p] of pages.entries()) await closeVisit(p, { last: i === pages.length - 1 });
  page = await stage.page(volumes);
  const again = await visit(page);
  assert.equal(again.counters.bricksReceived, 0);
  assert.equal(again.kept.damaged, 0);
  await closeVisit(page);
});

test('the bound holds at every moment, also when it is lowered while the viewer is open; 0 keeps nothing', async () => {
  let page = await stage.page(volumes);
  await visit(page);
  await page.evaluate(() => globalThis.it.session.clearKept());
  await closeVisit(page);
  const maxCacheBytes = 8 * MIB;
  page = await stage.page(volumes);
  await page.evaluate(({ url, maxCacheBytes }) => {
    globalThis.vox.fetchAll(url, { session: { maxCacheBytes } }).then((it) => Object.assign(globalThis, { it }));
  }, { url: volumes.url, maxCacheBytes });
  let worst = 0;
  const kept = await eventually('more is written than fits, and nothing waits', async () => {
    worst = Math.max(worst, (await files(page)).reduce((n, { size }) => n + size, 0));
    const now = await page.evaluate(() => globalThis.it?.session.kept);
    return now && now.waiting === 0 && now.bricksWritten > 8 * MIB / (66 ** 3 * 2) && now;
  }, { every: 20 });
  worst = Math.max(worst, (await files(page)).reduce((n, { size }) => n + size, 0));
  assert.ok(kept.peak <= maxCacheBytes && worst <= maxCacheBytes, `peak ${kept.peak}, files ${worst}, bound ${maxCacheBytes}`);
  assert.ok(worst > maxCacheBytes / 2, `${worst} of ${maxCacheBytes} used`);
  await page.evaluate(() => {
    globalThis.it.session.maxCacheBytes = 2 * 2 ** 20;
  });
  await page.waitForFunction(() => globalThis.it.session.kept.maxBytes === 2 * 2 ** 20);
  const less = (await files(page)).reduce((n, { size }) => n + size, 0);
  assert.ok(less <= 2 * MIB, `${less} bytes`);
  await page.evaluate(() => {
    globalThis.it.session.maxCacheBytes = 0;
  });
  await page.waitForFunction(() => globalThis.it.session.kept.maxBytes === 0);
  assert.deepEqual(await files(page), []);
  await closeVisit(page);
});

test('a disk that is full turns writing off; the picture comes all the same', async () => {
  const page = await stage.page(volumes);
  await visit(page);
  await page.evaluate(async () => {
    await globalThis.it.session.clearKept();
    globalThis.it.close();
  });
  const cdp = await stage.context.newCDPSession(page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: stage.origin, quotaSize: 3 * MIB });
  const seen = await visit(page);
  await page.waitForFunction(() => globalThis.it.session.kept.state === 'full');
  const kept = await page.evaluate(() => globalThis.it.session.kept);
  assert.match(kept.reason, /room/);
  assert.equal(seen.counters.bricksReceived, BRICKS);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: stage.origin });
  await closeVisit(page);
});

test('storage that is refused is off, says why, and costs nothing else', async () => {
  const page = await stage.page(volumes);
  await page.evaluate(() => {
    // What a browser does in a frame without storage access; the worker is a blob, so its text is what can be prepared.
    const make = globalThis.Blob;
    globalThis.Blob = class extends make {
      constructor(parts, options) {
        super(options?.type === 'text/javascript' ? ['StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException("refused", "SecurityError"));', ...parts] : parts, options);
      }
    };
  });
  const seen = await visit(page);
  assert.equal(seen.kept.state, 'off');
  assert.equal(seen.kept.reason, 'refused');
  assert.equal(seen.counters.bricksReceived, BRICKS);
  await closeVisit(page);
});

test('a viewer that is opened again shows its picture from the browser alone', async () => {
  const look = async () => {
    const page = await stage.page(volumes);
    const seen = await page.evaluate(async (url) => {
      const it = globalThis.vox.open(url, { viewer: { layout: 'volume' } });
      globalThis.it = it;
      await globalThis.vox.until('settled', () => it.root.dataset.settled === 'true');
      // What came from the network is written, unless it was there already.
      const kept = () => it.session.kept;
      await globalThis.vox.until('written', () => kept().waiting === 0 && kept().bricksWritten >= it.session.counters.bricksReceived);
      return { ...it.session.counters, fromDisk: it.session.kept.bricksRead, written: it.session.kept.bricksWritten };
    }, volumes.url);
    await closeVisit(page);
    return seen;
  };
  const first = await look();
  assert.equal(first.bricksReceived, first.written, 'no brick came twice');
  const second = await look();
  // The corner where there is nothing is asked for as long as that is not known: it may come in one visit and not in the other.
  assert.ok(second.bricksReceived <= 1, `${second.bricksReceived} bricks`);
  assert.equal(second.bricksReceived, second.written, 'nothing came that was kept');
  assert.ok(second.fromDisk >= first.written - 1);
  const others = second.bytesReceived - second.bricksReceived * 2 * 66 ** 3;
  assert.ok(others < 66 ** 3, `${others} bytes besides: less than a brick`);
});

test('slices that were looked at before come from the browser alone, whatever number their planes have now', async () => {
  const look = async (spoil = false) => {
    const page = await stage.page(volumes);
    if (spoil) {
      await page.evaluate(async () => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('voxbeam-bricks');
        for await (const [name, handle] of folder.entries()) {
          if (!name.endsWith('.pack')) continue;
          const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
          const view = new DataView(bytes.buffer);
          // A texel of a tile, whose level stands beyond all levels of bricks: of the finest, without which no slice is complete.
          const levels = Array.from({ length: 512 }, (_, i) => view.getUint32(64 + 64 * i + 16, true)).filter((level) => level >= 128);
          if (levels.length === 0) continue;
          for (let entry = 64; entry < 64 + 64 * 512; entry += 64) {
            if (view.getUint32(entry + 16, true) !== Math.min(...levels)) continue;
            bytes[view.getUint32(entry + 36, true) + 9000] ^= 1;
            const file = await handle.createWritable();
            await file.write(bytes);
            await file.close();
            return;
          }
        }
        throw new Error('no tile is kept');
      });
    }
    const seen = await page.evaluate(async (url) => {
      const visits = [];
      // Twice on one page: a plane's number is never used again.
      for (let n = 0; n < 2; n += 1) {
        const it = globalThis.vox.open(url, { width: 640, height: 480, viewer: { layout: 'slices' } });
        globalThis.it = it;
        await globalThis.vox.until('settled', () => it.root.dataset.settled === 'true');
        const kept = () => it.session.kept;
        const { counters } = it.session;
        // The brick that holds all of the volume comes when the slices are there.
        const isWritten = () => kept().waiting === 0 && kept().tilesWritten >= counters.tilesReceived && kept().bricksWritten >= counters.bricksReceived;
        await globalThis.vox.until('written', () => isWritten() && kept().tilesRead + kept().tilesWritten >= 9 && kept().bricksRead + kept().bricksWritten >= 1);
        const { tilesReceived, bricksReceived, bytesReceived } = counters;
        const { tilesRead, damaged } = kept();
        visits.push({ tilesReceived, bricksReceived, bytesReceived, tilesRead, damaged, colours: globalThis.vox.coloursOf(it.root) });
        if (n === 0) {
          it.close();
          await globalThis.vox.letGo();
        }
      }
      return visits;
    }, volumes.url);
    await closeVisit(page);
    return seen;
  };
  const [first, again] = await look();
  assert.ok(first.tilesReceived >= 9, `${first.tilesReceived} tiles of three slices`);
  const later = await look();
  for (const visit of [again, ...later]) {
    assert.deepEqual([visit.tilesReceived, visit.bricksReceived, visit.damaged], [0, 0, 0]);
    assert.ok(visit.tilesRead >= 9, `${visit.tilesRead} tiles from the storage`);
    assert.equal(visit.colours, first.colours);
    assert.ok(visit.bytesReceived < 130 ** 2, `${visit.bytesReceived} bytes in all: less than half a tile`);
  }
  const [spoilt] = await look(true);
  assert.deepEqual([spoilt.tilesReceived, spoilt.damaged, spoilt.colours], [1, 1, first.colours]);
});

test('voxels that change void what is kept of their volume, for this visit and for those after it', async (t) => {
  const other = await serveVolumes(150);
  t.after(() => other.close());
  const own = volumes;
  volumes = other;
  t.after(() => {
    volumes = own;
  });
  let page = await stage.page(volumes);
  await visit(page, { writes: true });
  await volumes.ask('change');
  await page.waitForFunction(() => [...globalThis.it.session.volumes.values()][0].status.edited === true);
  await page.waitForFunction(() => globalThis.it.session.kept.waiting === 0);
  await closeVisit(page);
  page = await stage.page(volumes);
  const second = await visit(page);
  assert.equal(second.kept.bricksRead, 0);
  assert.equal(second.kept.bricksWritten, 0, 'nor is anything of it written');
  assert.equal(second.counters.bricksReceived, BRICKS);
  await closeVisit(page);
});
