// Edits of labels through a live sidecar that keeps them in a file: a dab of a brush until everybody knows and shows it, a fill of ten million voxels; beside bare messages and a bare scan.
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { WebSocket, WebSocketServer } from 'ws';
import { end, Failure, python, root, run as runProgram } from '../../scripts/process.mjs';
import { run as markRows } from './many_marks.mjs';
import { run as sceneRows } from './scene_edits.mjs';
import { median, quantile, row } from './support.mjs';

const DABS = 200;
const FILLS = 5;
const SIDE = 512;
/** A ball of ten million voxels. */
const BALL = 134;

/** The protocol's own module, so that frames are those of the product. */
async function protocol() {
  const { outputFiles } = await build({ entryPoints: [`${root}/src/protocol/index.ts`], bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

async function startSidecar(folder) {
  // The Node that has SQLite, as Python finds it.
  const { output } = await runProgram(python, ['-c', 'from voxbeam.sidecar import find_node; print(find_node())'], {});
  const child = spawn(output.trim().split('\n').pop(), [join(root, 'python-bridge/voxbeam/static/sidecar.cjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const token = randomBytes(32).toString('base64url');
  child.stdin.write(`${JSON.stringify({ token, parent: true, store_bytes: 64 * 2 ** 20, scene_file: join(folder, 'bench.vxscene') })}\n`);
  const { value } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const started = JSON.parse(value);
  if (started.error) throw new Failure(started.error);
  const ticket = async (role) => {
    const answer = await fetch(`http://127.0.0.1:${started.port}/v1/ticket`, {
      method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify({ use: 'stream', role, origin: 'none' }),
    });
    return (await answer.json()).ticket;
  };
  return { child, ticket, url: `ws://127.0.0.1:${started.port}/v1/stream` };
}

/** A viewer that tells each frame, with its time, to who waits for one. */
async function viewer(p, sidecar) {
  const socket = new WebSocket(sidecar.url, [p.SUBPROTOCOL, p.TICKET_SUBPROTOCOL_PREFIX + (await sidecar.ticket('edit'))]);
  const waiting = new Set();
  const kept = [];
  socket.on('message', (data) => {
    const at = performance.now();
    const header = p.readHeader(data);
    const json = [p.FrameType.PING, p.FrameType.VOLUME, p.FrameType.CHANGED, p.FrameType.EDITED, p.FrameType.ERROR].includes(header.type) ? JSON.parse(data.subarray(p.HEADER_BYTES)) : undefined;
    if (header.type === p.FrameType.PING) socket.send(p.encodeControl(p.FrameType.PONG, json));
    if (header.type === p.FrameType.BRICK) socket.send(p.encodeControl(p.FrameType.CREDIT, { bytes: data.byteLength }));
    if (header.type === p.FrameType.ERROR) throw new Failure(json.message);
    const frame = { at, header, json };
    kept.push(frame);
    if (kept.length > 500) kept.shift();
    for (const one of [...waiting]) one(frame);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(p.encodeControl(p.FrameType.HELLO, { kind: 'viewer', client: 'bench', credit_bytes: 64 * 2 ** 20 }));
  return {
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
    /** The first frame, of those that came already too, for which `matches` holds. */
    heard: (matches) => {
      const found = kept.find(matches);
      if (found) return found;
      return new Promise((resolve) => {
        const look = (frame) => {
          if (!matches(frame)) return;
          waiting.delete(look);
          resolve(frame);
        };
        waiting.add(look);
      });
    },
  };
}

/** Round trips of bare messages of `bytes` through a relay that sends each back. */
async function bareRoundTrips(bytes) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await new Promise((resolve) => server.once('listening', resolve));
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}/`);
  await new Promise((resolve) => socket.once('open', resolve));
  const times = [];
  for (let i = 0; i < DABS; i += 1) {
    const before = performance.now();
    socket.send(Buffer.alloc(bytes));
    await new Promise((resolve) => socket.once('message', resolve));
    times.push(performance.now() - before);
  }
  socket.close();
  server.close();
  return times;
}

export async function run() {
  const p = await protocol();
  const folder = await mkdtemp(join(tmpdir(), 'voxbeam-bench-'));
  const sidecar = await startSidecar(folder);
  try {
    const [painter, other] = [await viewer(p, sidecar), await viewer(p, sidecar)];
    painter.send(p.encodeControl(p.FrameType.LABELS, { name: 'bench', shape: [SIDE, SIDE, SIDE], voxel_size: [1, 1, 1], origin: [0, 0, 0], dtype: 'u16' }));
    const { volume } = (await painter.heard(({ json }) => json?.description?.name === 'bench')).json;
    const edit = (op, label) => {
      const id = randomUUID();
      const frame = p.encodeHeadTail(p.FrameType.EDIT, { id, volume, author: 'bench', op, label, mode: { write: 'all' } });
      const before = performance.now();
      painter.send(frame);
      return { id, before, bytes: frame.byteLength };
    };
    const edited = (id, who = painter) => who.heard(({ header, json }) => header.type === p.FrameType.EDITED && json.id === id);

    const [told, changed, shown] = [[], [], []];
    let bytes = 0;
    for (let i = 0; i < DABS; i += 1) {
      const place = [0, 1, 2].map((axis) => 40 + ((i * (97 + 2 * axis)) % (SIDE - 80)));
      const dab = edit({ kind: 'stroke', points: [place], radius: [16, 16, 16] }, 1 + (i % 9));
      bytes = dab.bytes;
      const done = await edited(dab.id);
      told.push(done.at - dab.before);
      const news = await other.heard(({ header, json }) => header.type === p.FrameType.CHANGED && json.generation >= done.json.generation);
      changed.push(news.at - dab.before);
      const keys = news.json.boxes.filter(([level]) => level === 0).map(([level, z, y, x]) => [level, z, y, x, 0]);
      other.send(p.encodeControl(p.FrameType.NEED, { volume, keys }));
      const bricks = await Promise.all(keys.map(([, z, y, x]) => other.heard(({ header: h }) => h.type === p.FrameType.BRICK && h.level === 0 && h.generation >= done.json.generation && h.z === z && h.y === y && h.x === x)));
      shown.push(Math.max(...bricks.map(({ at }) => at)) - dab.before);
    }
    const bare = await bareRoundTrips(bytes);

    const ball = { kind: 'stroke', points: [[255, 255, 255]], radius: [BALL, BALL, BALL] };
    const wipe = edit({ kind: 'box', start: [0, 0, 0], stop: [SIDE, SIDE, SIDE] }, 0);
    await edited(wipe.id);
    await edited(edit(ball, 1).id);
    const fills = [];
    let voxels = 0;
    for (let i = 0; i < FILLS; i += 1) {
      const fill = edit({ kind: 'fill', seed: [255, 255, 255], box: [[0, 0, 0], [SIDE, SIDE, SIDE]], dims: 3 }, 2 + i);
      const done = await edited(fill.id);
      voxels = done.json.voxels;
      fills.push(done.at - fill.before);
    }
    const scans = Array.from({ length: FILLS }, () => scan(voxels));
    painter.close();
    other.close();
    const dab = (name, times, share, limit) =>
      row(`brush dab of 33³: EDIT to ${name}, ${share === 0.5 ? 'median' : 'p95'} (bare round trip ${quantile(bare, share).toFixed(2)} ms)`, quantile(times, share), 'ms', { limit });
    return [
      dab('EDITED', told, 0.5, null),
      dab('EDITED', told, 0.95, ['<=', 60]),
      dab('CHANGED at another viewer', changed, 0.95, ['<=', 60]),
      dab('the new bricks at another viewer', shown, 0.5, null),
      dab('the new bricks at another viewer', shown, 0.95, ['<=', 60]),
      row(`fill of ${(voxels / 1e6).toFixed(1)} million voxels, to EDITED (a bare scan of as many: ${median(scans).toFixed(0)} ms)`, median(fills), 'ms', { limit: ['<=', 1000] }),
      row('fill rate', voxels / median(fills) / 1000, 'million voxels/s'),
      ...(await sceneRows()),
      ...(await markRows()),
    ];
  } finally {
    end(sidecar.child);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds to look at so many voxels once and write them. */
function scan(voxels) {
  const array = new Uint16Array(voxels).fill(1);
  const before = performance.now();
  for (let i = 0; i < voxels; i += 1) if (array[i] === 1) array[i] = 2;
  return performance.now() - before;
}
