/** How a sidecar starts and ends, and that nothing is left of it. */

import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { FrameType } from '../../../src/protocol/index.js';
import { logLine } from '../../../src/sidecar/log.js';
import { bundled } from '../../conformance/bundle.js';
import { Client } from '../../conformance/client.js';
import { GoodProducer } from '../../conformance/good_producer.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

const linux = process.platform === 'linux';
/** Files of a sidecar, of whichever it is. */
const filesOf = (pid: number) => (linux ? readdirSync('/dev/shm').filter((name) => name.includes(`-${pid}-`)) : []);

describe('the store', () => {
  test('is one sparse file of exactly its budget, for its user alone, with no name', async () => {
    const sidecar = await SidecarProcess.start({ store_bytes: 100_000_000 });
    const producer = await GoodProducer.connect(sidecar);
    const { store, store_bytes } = producer.client.welcome;
    const fd = openSync(store.path, 'r+');
    const stat = fstatSync(fd);
    closeSync(fd);
    expect(stat.size).toBe(store.bytes);
    expect(store.bytes).toBe(store_bytes);
    expect(store.bytes).toBe(Math.floor(100_000_000 / 1_163_264) * 1_163_264);
    expect(stat.mode & 0o777).toBe(0o600);
    expect(stat.blocks).toBe(0);
    if (linux) expect(stat.nlink).toBe(0);
    expect(filesOf(sidecar.started.pid)).toEqual([]);
    const viewer = await Client.greet(sidecar, 'viewer', 'owner');
    expect(viewer.welcome.store).toBeUndefined();
    await sidecar.stop();
  });

  test('takes a share of memory unless told', async () => {
    const sidecar = await SidecarProcess.start({ store_bytes: null });
    const bytes = Number((await sidecar.status()).store_bytes);
    const { totalmem } = await import('node:os');
    expect(bytes).toBeGreaterThan(16 * 1_163_264);
    expect(bytes).toBeLessThanOrEqual(totalmem() / 4);
    await sidecar.stop();
  });

  test('larger than the free space is refused with both numbers', async () => {
    const { started, exited } = await SidecarProcess.start({ store_bytes: 2 ** 50 });
    expect(started.error).toMatch(/store_bytes \d+ is more than the \d+ bytes free/);
    expect(started.remedy).toBeTruthy();
    expect(await exited).toBe(1);
  });
});

describe('it ends', () => {
  const ended = async (sidecar: SidecarProcess, act: () => unknown, code: number | string = 0) => {
    const viewer = await Client.greet(sidecar, 'viewer', 'view');
    const producer = await GoodProducer.connect(sidecar);
    await producer.declare();
    await act();
    expect(await sidecar.exited).toBe(code);
    if (code === 0) expect(await viewer.closed()).toBe(1001);
    expect(filesOf(sidecar.started.pid)).toEqual([]);
    await sidecar.stop();
  };

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('on %s', async (signal) => {
    const sidecar = await SidecarProcess.start();
    await ended(sidecar, () => {
      sidecar.child.kill(signal);
    });
  });

  test('when the one who started it closes its stdin', async () => {
    const sidecar = await SidecarProcess.start();
    await ended(sidecar, () => {
      sidecar.child.stdin?.end();
    });
  });

  test('on POST /v1/stop of the owner', async () => {
    const sidecar = await SidecarProcess.start();
    await ended(sidecar, async () => {
      const answer = await sidecar.ask({ method: 'POST', path: '/v1/stop', headers: { Authorization: `Bearer ${sidecar.token}` } });
      expect(answer.status).toBe(200);
    });
  });

  test('on STOP of the owner', async () => {
    const sidecar = await SidecarProcess.start();
    const owner = await Client.greet(sidecar, 'viewer', 'owner');
    await ended(sidecar, () => owner.control(FrameType.STOP, {}));
  });

  test('leaving nothing behind even when it is killed', async () => {
    const sidecar = await SidecarProcess.start();
    await ended(sidecar, () => sidecar.stop('SIGKILL'), 'SIGKILL');
  });

  test('not with its stdin when it has no parent', async () => {
    const sidecar = await SidecarProcess.start({ parent: false });
    sidecar.child.stdin?.end();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await sidecar.status()).pid).toBe(sidecar.started.pid);
    await sidecar.stop();
  });
});

describe('it does not start', () => {
  test('on a port that is taken, and says which', async () => {
    const server = http.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { started, exited } = await SidecarProcess.start({ port });
    expect(started.error).toBe(`port ${port} on 127.0.0.1 is already taken`);
    expect(started.remedy).toBeTruthy();
    expect(await exited).toBe(1);
    server.close();
  });

  test.each([
    ['the rule of loopback', { host: '0.0.0.0' }, /host.*0\.0\.0\.0/],
    ['the form of its configuration', { colour: 'red' }, /colour/],
  ])('with %s broken', async (_, config, message) => {
    const { started, exited } = await SidecarProcess.start(config);
    expect(started.error).toMatch(message);
    expect(await exited).toBe(1);
  });

  test.each([['no line', ''], ['half a line', '{"token":']])('with %s on stdin', async (_, text) => {
    const child = spawn(process.execPath, [await bundled('sidecar')], { stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stdin.end(text);
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: expect.any(String), remedy: expect.any(String) });
  });
});

test('its log tells of no secret', async () => {
  const sidecar = await SidecarProcess.start();
  const tickets = [await sidecar.ticket('view'), await sidecar.ticket('view', 'self', 'page')];
  await (await Client.withTicket(sidecar, tickets[0] as string)).close();
  const client = await Client.greet(sidecar, 'viewer', 'view');
  client.send('text');
  await client.closed();
  await sidecar.ask({ path: `/v1/stream?ticket=${tickets[1]}` });
  await sidecar.stop();
  expect(sidecar.log).toContain('ends: SIGTERM');
  for (const secret of [...tickets, sidecar.token, client.welcome.resume]) expect(sidecar.log).not.toContain(secret);
});

test('what comes from outside cannot forge a line of the log', () => {
  expect(logLine('a\nvoxbeam sidecar: ends\r\u2028\u001b[31m')).toBe('voxbeam sidecar: a?voxbeam sidecar: ends???[31m\n');
  expect(logLine('x'.repeat(1e6)).length).toBeLessThan(3_000);
});

test('memory stays flat while much is sent', async () => {
  const sidecar = await SidecarProcess.start();
  const producer = await GoodProducer.connect(sidecar);
  const volume = await producer.declare({ shape: [192, 192, 192], stored: 'u16' });
  const client = await Client.greet(sidecar, 'viewer', 'view', { credit_bytes: 64 * 2 ** 20 });
  const keys = Array.from({ length: 27 }, (_, i) => [0, Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3, i]);
  const resident = () => Number(readFileSync(`/proc/${sidecar.started.pid}/statm`, 'utf8').split(' ')[1]) * 4096;
  const round = async () => {
    const from = client.frames.length;
    client.control(FrameType.NEED, { volume, keys });
    await client.until(() => client.frames.slice(from).filter((f) => f.header.type === FrameType.BRICK).length === 27, 'a round');
    client.control(FrameType.CREDIT, { bytes: 27 * 575_448 });
    client.frames.length = 0;
  };
  if (!linux) return;
  for (let i = 0; i < 3; i += 1) await round();
  const before = resident();
  for (let i = 0; i < 20; i += 1) await round();
  expect(resident() - before).toBeLessThan(24 * 2 ** 20); // 311 MB were sent
  await sidecar.stop();
});
