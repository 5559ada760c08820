/** The tables of who may do what: complete, and as they stand here. A new route or frame type must be written down in both places. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { FrameType, type Role } from '../../../src/protocol/index.js';
import { ROUTES } from '../../../src/sidecar/http_routes.js';
import { pagePolicy } from '../../../src/sidecar/page_policy.js';
import { maySend } from '../../../src/sidecar/permissions.js';
import { VERSION } from '../../../src/sidecar/version.js';

test('every route has an access policy, and there are no others', () => {
  expect(ROUTES.map(({ method, path, access }) => `${method} ${path}: ${access}`)).toEqual([
    'GET /: public',
    'GET /assets/viewer.js: public',
    'GET /assets/worker.js: public',
    'GET /assets/widget.js: public',
    'GET /assets/movie.js: public',
    'POST /v1/session: page ticket',
    'POST /v1/ticket: owner or session',
    'GET /v1/status: owner',
    'GET /v1/scene: owner',
    'POST /v1/keep: owner',
    'POST /v1/stop: owner',
    'POST /v1/down: connection ticket',
    'GET /v1/stream: stream ticket',
  ]);
});

describe('frames', () => {
  const senders = [['viewer', 'view'], ['viewer', 'edit'], ['viewer', 'owner'], ['producer', 'owner'], ['producer', 'edit'], ['producer', 'view']] as const;
  const may = (kind: 'viewer' | 'producer', role: Role) =>
    Object.entries(FrameType).filter(([, type]) => maySend(kind, role, type) === 'yes').map(([name]) => name);
  const LOOK = ['NEED', 'CANCEL', 'CREDIT', 'ERROR', 'PING', 'PONG', 'SCENE', 'NEED_TILE', 'CANCEL_TILE', 'READ', 'HISTORY'];
  const PAINT = ['LABELS', 'EDIT', 'UNDO', 'CANCEL_EDIT'];
  const LOOKS = { view: LOOK, edit: [...LOOK, ...PAINT], owner: [...LOOK, ...PAINT, 'STOP'] };
  const MAKE = [...PAINT, 'READ', 'HISTORY', 'BRICK', 'ERROR', 'PING', 'PONG', 'VOLUME', 'VOLUME_GONE', 'RANGES', 'SCENE', 'DONE', 'FILL', 'CHANGED', 'UPLOAD', 'STOP'];

  test.each(senders)('of a %s with the role %s', (kind, role) => {
    const expected = kind === 'viewer' ? LOOKS[role] : role === 'owner' ? MAKE : [];
    expect(may(kind, role)).toEqual(Object.keys(FrameType).filter((name) => expected.includes(name)));
  });

  test('that only a sidecar sends, and HELLO a second time, end the connection', () => {
    const never = Object.entries(FrameType).filter(([, type]) => senders.every(([kind, role]) => maySend(kind, role, type) === 'never'));
    expect(never.map(([name]) => name)).toEqual(['HELLO', 'WELCOME', 'STATUS', 'DOWN', 'TILE', 'EDITED', 'REGION', 'PROGRESS', 'SAVED']);
  });
});

test('the page runs nothing but its own code, and only notebooks here or on allowed hosts frame it', () => {
  const policy = pagePolicy(['hub.example']);
  expect(policy).toContain("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';");
  expect(policy).not.toMatch(/(?<!'wasm-)unsafe|script-src[^;]*(blob|data|\*)/);
  expect(policy).toContain("frame-ancestors 'self' http://127.0.0.1:* http://localhost:* http://hub.example:* https://hub.example:*");
});

test('the version is the package\'s', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
});
