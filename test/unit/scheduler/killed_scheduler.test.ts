/** A scheduler that is killed with instances running, and the one that comes after it. */

import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { adoptProcess } from '../../../src/scheduler/adopted_process.js';
import { processBegan } from '../../../src/scheduler/process_identity.js';
import { type Answer, eventually, lives, SchedulerProcess } from './scheduler_process.js';

const QUERY = 'VIS_SERVER_QUERY_USER_INSTANCE';
const INITIALIZE = 'VIS_SERVER_INITIALIZE';
const SHAPE = { shape: [64, 64, 64], dtype: 'uint8' };

const pidOf = async ({ port, token }: Answer): Promise<number> => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/status`, { headers: { Authorization: `Bearer ${token}` } });
  return ((await answer.json()) as { pid: number }).pid;
};

test('the next one has every instance that lives, with its address and token, and knows which were killed meanwhile', async () => {
  const first = await SchedulerProcess.start();
  const [ada, bob] = [await first.ask(INITIALIZE, SHAPE), await first.ask(INITIALIZE, SHAPE, { username: 'bob' })];
  const [adas, bobs] = [await pidOf(ada.instance), await pidOf(bob.instance)];
  expect(lstatSync(first.instances).mode & 0o777).toBe(0o600);
  await first.stop('SIGKILL');
  process.kill(bobs, 'SIGKILL');
  await eventually(() => !lives(bobs), 'the end of the other instance');
  const next = await first.again();
  expect((await next.ask(QUERY)).instance).toEqual(ada.instance);
  expect(await next.ask(INITIALIZE, SHAPE)).toMatchObject({ instance: { id: ada.instance.id } });
  expect(await pidOf(ada.instance)).toBe(adas);
  expect((await next.ask(QUERY, {}, { username: 'bob' })).response).toBe('VIS_SERVER_UNSUCCESSFUL');
  expect(next.log).toContain(`${bob.instance.id} of "bob" is gone`);
  const anew = await next.ask(INITIALIZE, SHAPE, { username: 'bob' });
  expect(anew.instance.id).not.toBe(bob.instance.id);

  process.kill(adas, 'SIGKILL');
  await eventually(async () => (await next.ask(QUERY)).response === 'VIS_SERVER_UNSUCCESSFUL', 'the loss of one that was taken up to be noticed');
  const last = await pidOf(anew.instance);
  await next.stop();
  await eventually(() => !lives(last), 'the instance to end with the scheduler');
  expect(existsSync(next.instances)).toBe(false);
});

test('one that was taken up is told to go on, again and again, and is stopped when asked', async () => {
  const id = '0123456789abcdef';
  let words = 0;
  const server = http.createServer((request, response) => {
    expect([request.method, request.url, request.headers.authorization]).toEqual(['POST', '/v1/keep', 'Bearer secret']);
    words += 1;
    response.end(JSON.stringify({ instance: id }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  try {
    const handle = { pid: child.pid, began: processBegan(child.pid as number), orphan_ms: 100 };
    const saved = { id, host: '127.0.0.1', port: (server.address() as AddressInfo).port, token: 'secret', storeBytes: 1, handle };
    expect(await adoptProcess({ ...saved, id: 'another' }, 1000)).toBeUndefined();
    expect(await adoptProcess({ ...saved, handle: { ...handle, began: 'earlier' } }, 1000)).toBeUndefined();
    const running = await adoptProcess(saved, 1000);
    const before = words;
    await eventually(() => words >= before + 5, 'five more words');
    await running?.stop();
    expect(processBegan(child.pid as number)).toBeUndefined();
    expect(await running?.ended).toBe('has ended');
  } finally {
    child.kill('SIGKILL');
    server.close();
  }
});

test('a process that has the number of an instance, and another start, is neither taken up nor touched', async () => {
  const first = await SchedulerProcess.start();
  const { instance } = await first.ask(INITIALIZE, SHAPE);
  const pid = await pidOf(instance);
  await first.stop('SIGKILL');
  const state = JSON.parse(readFileSync(first.instances, 'utf8'));
  expect(state.instances).toMatchObject([{ running: { id: instance.id, handle: { pid } } }]);
  state.instances[0].running.handle.began = `1${state.instances[0].running.handle.began}`;
  writeFileSync(first.instances, JSON.stringify(state));
  const next = await first.again();
  expect((await next.ask(QUERY)).response).toBe('VIS_SERVER_UNSUCCESSFUL');
  await next.stop();
  expect(lives(pid)).toBe(true);
  process.kill(pid, 'SIGKILL');
});

test.each([
  ['others may read', (file: string) => chmodSync(file, 0o644), 'mode 644'],
  ['is damaged', (file: string) => writeFileSync(file, '{"version": 1, "instances": [{"reque'), 'JSON'],
  ['says what cannot be', (file: string) => writeFileSync(file, JSON.stringify({ version: 1, instances: [{ running: { port: 1e9 } }] })), 'instances.0.request'],
])('a file of instances that %s is not believed, and said so', async (_, spoil, words) => {
  const first = await SchedulerProcess.start(['--port', '0', '--orphan-seconds', '1']);
  await first.ask(INITIALIZE, SHAPE);
  await first.stop('SIGKILL');
  spoil(first.instances);
  const next = await first.again();
  expect((await next.ask(QUERY)).response).toBe('VIS_SERVER_UNSUCCESSFUL');
  expect(next.log).toContain('is not used');
  expect(next.log).toContain(words);
  await next.stop();
});
