/** Tickets, cookies and the heartbeat of a live sidecar. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { FrameType, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from '../../../src/protocol/index.js';
import { ROUTES } from '../../../src/sidecar/http_routes.js';
import { Client } from '../../conformance/client.js';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

let sidecar: SidecarProcess;
let own: string;
beforeAll(async () => {
  sidecar = await SidecarProcess.start({ allowed_hosts: ['hub.example'] });
  own = `http://127.0.0.1:${sidecar.port}`;
});
afterAll(() => sidecar?.stop());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  sidecar.ask({ method: 'POST', path, headers: { 'Content-Type': 'application/json', ...headers }, body: body === undefined ? '' : JSON.stringify(body) });

/** Opens a stream as a browser's page of `origin` would; the HTTP status. */
const connect = (ticket: string, headers: Record<string, string>) =>
  new Promise<number>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${sidecar.port}/v1/stream`, [SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX + ticket], { headers });
    socket.on('error', () => {});
    socket.once('open', () => {
      socket.terminate();
      resolve(101);
    });
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });

test('without credentials only what is public is answered', async () => {
  for (const { method, path, access } of ROUTES) {
    const { status } = await sidecar.ask({ method, path });
    const expected = { public: [200, 404], 'page ticket': [400], 'connection ticket': [400], 'stream ticket': [426] }[access as string] ?? [401];
    expect([path, expected.includes(status)]).toEqual([path, true]); // 404: page or code not built yet
  }
  for (const path of ['/v1', '/v1/', '/v1/sessions', '/v1/session/', '/assets/', '/assets/viewer.js/', '/page.html', '//', '/..', '*', '/%2e']) {
    expect([path, (await sidecar.ask({ path })).status]).toEqual([path, 404]);
  }
});

describe('the page', () => {
  const session = async (role: string) => {
    const answer = await post('/v1/session', { ticket: await sidecar.ticket(role, 'self', 'page') }, { Origin: own });
    expect(answer.status).toBe(200);
    const cookie = String(answer.headers['set-cookie']);
    return { ...JSON.parse(answer.text), cookie: cookie.split(';')[0] as string, attributes: cookie };
  };

  test('trades its ticket once for a cookie and a stream ticket of the same role', async () => {
    const ticket = await sidecar.ticket('view', 'self', 'page');
    const first = await post('/v1/session', { ticket }, { Origin: own });
    expect(first.status).toBe(200);
    expect(first.headers['cache-control']).toBe('no-store');
    const second = await post('/v1/session', { ticket }, { Origin: own });
    expect(second.status).toBe(401);
    expect(JSON.parse(second.text).remedy).toContain('run the cell again');
    const { ticket: stream, role } = JSON.parse(first.text);
    expect(role).toBe('view');
    expect(await connect(stream, { Origin: own })).toBe(101);
    expect(await connect(stream, { Origin: own })).toBe(401);
  });

  test('has a cookie that scripts and other sites do not get', async () => {
    const { attributes } = await session('edit');
    expect(attributes).toMatch(new RegExp(`^vxb_${sidecar.started.instance}=edit\\.[0-9a-z]+\\.[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=/; Max-Age=\\d+$`));
  });

  test('gets stream tickets by its cookie, from its own origin only', async () => {
    const { cookie } = await session('edit');
    const again = await post('/v1/ticket', undefined, { Cookie: `other=1; ${cookie}`, Origin: own });
    expect(JSON.parse(again.text).role).toBe('edit');
    expect(await connect(JSON.parse(again.text).ticket, { Origin: own })).toBe(101);
    for (const Origin of ['https://evil.example', 'null', `http://127.0.0.1:${sidecar.port + 1}`, `http://localhost:${sidecar.port}`]) {
      expect([Origin, (await post('/v1/ticket', undefined, { Cookie: cookie, Origin })).status]).toEqual([Origin, 403]);
    }
    expect((await post('/v1/ticket', undefined, { Cookie: `${cookie}x`, Origin: own })).status).toBe(401);
    expect((await sidecar.ask({ path: '/v1/status', headers: { Cookie: cookie } })).status).toBe(401);
  });

  test('cannot ask for a higher role', async () => {
    const { cookie } = await session('view');
    const answer = await post('/v1/ticket', { use: 'stream', role: 'owner', origin: 'none' }, { Cookie: cookie, Origin: own });
    expect(JSON.parse(answer.text).role).toBe('view');
  });

  test('works behind a proxy under the name it was started for', async () => {
    const ticket = await sidecar.ticket('view', 'self', 'page');
    const headers = { Host: 'hub.example', 'X-Forwarded-Proto': 'https', Origin: 'https://hub.example' };
    const answer = await post('/v1/session', { ticket }, headers);
    expect(answer.status).toBe(200);
    expect(String(answer.headers['set-cookie'])).toContain('; Secure');
    expect(await connect(JSON.parse(answer.text).ticket, headers)).toBe(101);
  });
});

test('the page comes with a policy that lets nothing else in', async () => {
  const { headers } = await sidecar.ask({ path: '/' });
  if (headers['content-type']?.startsWith('text/html')) {
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).toContain('frame-ancestors');
    expect((await sidecar.ask({ path: '/', headers: { 'If-None-Match': String(headers.etag) } })).status).toBe(304);
  }
  expect(headers['x-content-type-options']).toBe('nosniff');
});

describe('a connection', () => {
  test('gives a ticket for the next one, good once, of the same role', async () => {
    const first = await Client.greet(sidecar, 'viewer', 'edit');
    const { resume } = first.welcome;
    first.socket.terminate();
    await first.closed();
    const second = await Client.withTicket(sidecar, resume);
    expect((await second.hello('viewer')).json.role).toBe('edit');
    await expect(Client.withTicket(sidecar, resume)).rejects.toThrow('401');
    await second.close();
  });

  test('whose peer is silent is ended after two pings; one that answers is not', async () => {
    const quick = await SidecarProcess.start({ heartbeat_ms: 400 });
    const [silent, alive] = await Promise.all([Client.greet(quick, 'viewer', 'view'), Client.greet(quick, 'viewer', 'view')]);
    silent.alive = false;
    expect(await silent.closed()).toBe(4408);
    expect(silent.all(FrameType.ERROR)[0]?.json).toMatchObject({ code: 4408, fatal: true });
    await alive.roundTrip();
    expect(alive.all(FrameType.PING).length).toBeGreaterThanOrEqual(2);
    await quick.stop();
  });

  test('that is cut in the middle of a frame, or floods with rubbish, harms nobody', async () => {
    const good = await Client.greet(sidecar, 'viewer', 'view');
    for (let i = 0; i < 20; i += 1) {
      const bad = await Client.greet(sidecar, 'viewer', 'view');
      const raw = (bad.socket as unknown as { _socket: import('node:net').Socket })._socket;
      raw.write(Buffer.from([[0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4, 5], [0xf1, 0x80, 1, 2, 3, 4], [0x83, 0x80, 0, 0, 0, 0]][i % 3] as number[]));
      raw.destroy();
    }
    await good.roundTrip();
    await good.close();
  });
});
