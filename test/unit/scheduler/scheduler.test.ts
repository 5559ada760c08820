import { existsSync, lstatSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Answer, eventually, lives, SchedulerProcess } from './scheduler_process.js';

const QUERY = 'VIS_SERVER_QUERY_USER_INSTANCE';
const INITIALIZE = 'VIS_SERVER_INITIALIZE';
const STOP = 'VIS_SERVER_STOP';
const SHAPE = { shape: [128, 128, 128], dtype: 'uint16' };

let scheduler: SchedulerProcess;
beforeAll(async () => {
  scheduler = await SchedulerProcess.start();
});
afterAll(() => scheduler?.stop());

function get(instance: { port: number; token?: string }, route: string): Promise<{ status: number; json: Answer }> {
  return new Promise((resolve, reject) => {
    const headers = instance.token ? { Authorization: `Bearer ${instance.token}` } : {};
    http
      .get({ host: '127.0.0.1', port: instance.port, path: route, headers, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }));
      })
      .on('error', reject);
  });
}

test('without an instance the query answers as the original does, field for field', async () => {
  expect(await scheduler.ask(QUERY)).toEqual({
    response: 'VIS_SERVER_UNSUCCESSFUL',
    error_msg: 'Unable to find visualization server for user',
    username: 'ada',
  });
});

test('an instance is started, found again by the same user only, and stopped', async () => {
  const first = await scheduler.ask(INITIALIZE, SHAPE);
  expect(first).toMatchObject({ response: 'VIS_SERVER_SUCCESSFUL', username: 'ada', instance: { host: '127.0.0.1', ...SHAPE } });
  const { instance } = first;
  const status = await get(instance, '/v1/status');
  expect(status.json).toMatchObject({ instance: instance.id, store_bytes: instance.store_bytes });
  expect((await get({ port: instance.port }, '/v1/status')).status).toBe(401);

  expect((await scheduler.ask(QUERY)).instance).toEqual(instance);
  expect((await scheduler.ask(INITIALIZE, { shape: [64, 64, 64], dtype: 'uint8' })).instance).toEqual(instance);
  expect((await scheduler.ask(QUERY, {}, { username: 'bob' })).response).toBe('VIS_SERVER_UNSUCCESSFUL');

  expect(await scheduler.ask(STOP)).toEqual({ response: 'VIS_SERVER_SUCCESSFUL', username: 'ada' });
  expect(lives(status.json.pid)).toBe(false);
  expect((await scheduler.ask(QUERY)).error_msg).toBe('Unable to find visualization server for user');
  expect((await scheduler.ask(STOP)).error_msg).toBe('Unable to find visualization server for user');
});

test('the store is sized for the volume, and told', async () => {
  const small = await scheduler.ask(INITIALIZE, { shape: [64, 64, 64], dtype: 'uint8' }, { username: 'small' });
  const given = await scheduler.ask(INITIALIZE, { ...SHAPE, store_bytes: 50 * 2 ** 20 }, { username: 'given' });
  const huge = await scheduler.ask(INITIALIZE, { shape: [20000, 20000, 20000], dtype: 'float32' }, { username: 'huge' });
  expect(small.instance.store_bytes).toBeLessThan(20 * 2 ** 20);
  expect(given.instance.store_bytes).toBeLessThanOrEqual(50 * 2 ** 20);
  expect(given.instance.store_bytes).toBeGreaterThan(48 * 2 ** 20);
  expect(huge.instance.store_bytes).toBeLessThanOrEqual(os.totalmem() / 4);
  for (const username of ['small', 'given', 'huge']) await scheduler.ask(STOP, {}, { username });
});

test('two requests at the same time start only one instance', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => scheduler.ask(INITIALIZE, SHAPE, { username: 'eve' })));
  expect(new Set(answers.map((a) => a.instance.id)).size).toBe(1);
  await scheduler.ask(STOP, {}, { username: 'eve' });
});

test('an instance that dies is forgotten, and can be started anew', async () => {
  const { instance } = await scheduler.ask(INITIALIZE, SHAPE, { username: 'dan' });
  const { json } = await get(instance, '/v1/status');
  process.kill(json.pid, 'SIGKILL');
  await eventually(async () => (await scheduler.ask(QUERY, {}, { username: 'dan' })).response === 'VIS_SERVER_UNSUCCESSFUL', 'the loss to be noticed');
  const again = await scheduler.ask(INITIALIZE, SHAPE, { username: 'dan' });
  expect(again.instance.id).not.toBe(instance.id);
  await scheduler.ask(STOP, {}, { username: 'dan' });
  expect(scheduler.log).toContain(instance.id);
});

test.each([
  ['no token', { token: undefined }],
  ['a wrong token', { token: 'A'.repeat(43) }],
  ['an empty token', { token: '' }],
  ['a token that is no text', { token: 7 }],
])('%s is refused', async (_, fields) => {
  const answer = await scheduler.ask(QUERY, {}, fields);
  expect(answer).toMatchObject({ response: 'VIS_SERVER_UNAUTHORIZED', username: 'ada' });
  expect(JSON.stringify(answer)).not.toContain(scheduler.token);
});

test.each([
  ['rank', { shape: [64, 64], dtype: 'uint8' }, '[64,64]'],
  ['empty axis', { shape: [64, 0, 64], dtype: 'uint8' }, '[64,0,64]'],
  ['axis of a fraction', { shape: [64, 1.5, 64], dtype: 'uint8' }, '1.5'],
  ['more bricks than can be counted', { shape: [2 ** 31, 2 ** 31, 2 ** 31], dtype: 'uint8' }, '2147483648'],
  ['dtype', { shape: [64, 64, 64], dtype: 'complex64' }, '"complex64"'],
  ['dtype that every object has', { shape: [64, 64, 64], dtype: 'toString' }, '"toString"'],
  ['no dtype', { shape: [64, 64, 64] }, 'dtype'],
  ['unknown parameter', { ...SHAPE, colour: 'red' }, 'colour'],
  ['store beyond memory', { ...SHAPE, store_bytes: 2 ** 50 }, String(2 ** 50)],
  ['store too small', { ...SHAPE, store_bytes: 1000 }, '1000'],
])('%s: a message with the value and a remedy, and no instance', async (_, params, value) => {
  const answer = await scheduler.ask(INITIALIZE, params, { username: 'bad' });
  expect(answer.response).toBe('VIS_SERVER_UNSUCCESSFUL');
  expect(answer.error_msg).toContain(value);
  expect(answer.remedy).toBeTruthy();
  expect((await scheduler.ask(QUERY, {}, { username: 'bad' })).response).toBe('VIS_SERVER_UNSUCCESSFUL');
});

test('what is no request gets an answer, not silence', async () => {
  for (const text of ['', 'hello', '[1]', 'null', '{"command":', '{}', '\u0000\u0001']) {
    const answer = JSON.parse(await scheduler.raw(text));
    expect(['VIS_SERVER_UNSUCCESSFUL', 'VIS_SERVER_UNAUTHORIZED']).toContain(answer.response);
    expect(answer.error_msg).toBeTruthy();
  }
  expect((await scheduler.ask('VIS_SERVER_DANCE')).error_msg).toContain('VIS_SERVER_DANCE');
  expect((await scheduler.ask('constructor')).error_msg).toContain('constructor');
  expect(JSON.parse(await scheduler.raw(Buffer.alloc(70_000, 0x20))).error_msg).toContain('65536');
});

test('a request ends when it is a whole object, also in pieces and without a half-close', async () => {
  const request = JSON.stringify({ command: QUERY, params: {}, username: 'ada', token: scheduler.token });
  expect(JSON.parse(await scheduler.raw(request, { end: false })).username).toBe('ada');
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = net.connect(scheduler.started.port, '127.0.0.1');
    socket.on('data', (chunk) => resolve(String(chunk)));
    socket.on('error', reject);
    const half = request.length >> 1;
    socket.write(request.slice(0, half), () => setTimeout(() => socket.write(request.slice(half)), 30));
  });
  expect(JSON.parse(answer).username).toBe('ada');
});

test('the token file is for this user alone, and goes with the scheduler', async () => {
  const own = await SchedulerProcess.start();
  const file = own.started.token_file;
  expect(file).toBe(path.join(own.runtime, 'voxbeam', `scheduler-${own.started.port}.token`));
  expect(lstatSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
  own.child.kill('SIGINT');
  expect(await own.exited).toBe(0);
  expect(existsSync(file)).toBe(false);
  await own.stop();
});

test('a given token file is used as it is; one that others may read is refused', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'voxbeam-token-'));
  try {
    const file = path.join(folder, 'token');
    writeFileSync(file, 'a-token-somebody-chose\n', { mode: 0o600 });
    const own = await SchedulerProcess.start(['--port', '0', '--token-file', file]);
    expect((await own.ask(QUERY, {}, { token: 'a-token-somebody-chose' })).error_msg).toContain('Unable to find');
    await own.stop();
    expect(existsSync(file)).toBe(true);
    const open = path.join(folder, 'open');
    writeFileSync(open, 'a-token-somebody-chose\n', { mode: 0o644 });
    await expect(SchedulerProcess.start(['--port', '0', '--token-file', open])).rejects.toThrow(/ended with 1: .*mode 644.*chmod 600/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a port that is taken: one message, exit 1, and the first one keeps its token', async () => {
  const token = scheduler.token;
  const args = ['--port', String(scheduler.started.port)];
  const failure = SchedulerProcess.start(args, scheduler.runtime);
  await expect(failure).rejects.toThrow(new RegExp(`^ended with 1: voxbeam scheduler: port ${scheduler.started.port} .*already taken.*--port\n$`));
  expect(scheduler.token).toBe(token);
  expect((await scheduler.ask(QUERY)).username).toBe('ada');
});

test('a host beyond this machine is refused', async () => {
  await expect(SchedulerProcess.start(['--port', '0', '--host', '0.0.0.0'])).rejects.toThrow(/ended with 1: .*0\.0\.0\.0/);
});

test.each(['SIGTERM', 'SIGKILL'] as const)('all instances end with the scheduler (%s), where none takes them up in time', async (signal) => {
  const own = await SchedulerProcess.start(['--port', '0', '--orphan-seconds', '1']);
  const { instance } = await own.ask(INITIALIZE, SHAPE);
  const { json } = await get(instance, '/v1/status');
  expect(lives(json.pid)).toBe(true);
  await own.stop(signal);
  await eventually(() => !lives(json.pid), 'the instance to end');
});
