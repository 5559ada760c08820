/** @jest-environment jsdom */
import { beforeEach, expect, test } from '@jest/globals';
import { writeShared } from '../../../src/viewer/instruments/shared_view.js';
import { parseFragment, parseView, viewFragment } from '../../../src/viewer/view_link.js';
import { ViewStore } from '../../../src/viewer/view_state.js';
import { NoAccessError, PageAccess, streamUrl, takeTicket } from '../../../src/viewer/page_access.js';

interface Asked { path: string; body: unknown }
let asked: Asked[] = [];
beforeEach(() => {
  asked = [];
});

/** A server that answers by path: a status, or a ticket. */
function server(answers: Record<string, number | string>) {
  return async (path: string, init: RequestInit): Promise<Response> => {
    asked.push({ path, body: JSON.parse(String(init.body)) });
    const answer = answers[path] ?? 404;
    const status = typeof answer === 'number' ? answer : 200;
    return { status, ok: status === 200, json: async () => ({ ticket: answer, role: 'edit' }) } as Response;
  };
}

test('the ticket leaves the address at once', () => {
  history.replaceState(null, '', '/user/me/proxy/5/?x=1#secret');
  expect(takeTicket(location, history)).toBe('secret');
  expect(location.pathname + location.search + location.hash).toBe('/user/me/proxy/5/?x=1');
  expect(takeTicket(location, history)).toBe('');
});

test('an address holds a view, with a ticket or alone: the ticket leaves it, the view stays, and what is damaged shows nothing', () => {
  const store = new ViewStore({ layout: 'slices' });
  store.update({ cross: [1.5, -2, 3e9], turn: [0, 1, 0, 0], slab: { thickness: 4, mode: 'max' }, clip: { box: { min: [0, 0, 0], max: [1, 2, 3] } } });
  const fragment = viewFragment(store.state);
  expect(fragment).toMatch(/^#view=[\w-]+$/);
  history.replaceState(null, '', `/p/#se-cret_${fragment.replace('#', '&')}`);
  expect(takeTicket(location, history)).toBe('se-cret_');
  expect(location.href.endsWith(`/p/${fragment}`)).toBe(true);
  expect(takeTicket(location, history)).toBe('');
  const fields = parseView(parseFragment(location.hash).view);
  expect(fields.map(([name]) => name)).toEqual(['views', 'camera', 'cross', 'clip', 'light', 'time', 'planes', 'slab', 'turn', 'slice_frame']);
  const other = new ViewStore({ layout: 'four' });
  for (const [name, value] of fields) other.update(writeShared(other.state, name, value)!);
  expect(other.state).toEqual(store.state);
  // As Python writes it, and what others might.
  const text = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  expect(parseView(text({ cross: [1, 2, 3], policy: 'playback', __proto__: { time: 3 }, more: '<b>' }))).toEqual([['cross', [1, 2, 3]]]);
  for (const bad of ['', '!!!', text(3), text(null), text([1]), fragment.slice(7, -5), 'A'.repeat(20_000)]) expect([bad.slice(0, 9), parseView(bad)]).toEqual([bad.slice(0, 9), []]);
});

test('the page’s ticket is traded once, later ones come by cookie', async () => {
  const access = new PageAccess('page-ticket', server({ 'v1/session': 'first', 'v1/ticket': 'next' }));
  expect(await access.streamTicket()).toBe('first');
  expect(await access.streamTicket()).toBe('next');
  expect(asked).toEqual([{ path: 'v1/session', body: { ticket: 'page-ticket' } }, { path: 'v1/ticket', body: {} }]);
});

test('a used ticket with a cookie from before still gets in', async () => {
  const access = new PageAccess('used', server({ 'v1/session': 401, 'v1/ticket': 'by-cookie' }));
  expect(await access.streamTicket()).toBe('by-cookie');
});

test('without ticket and cookie the page says what to do', async () => {
  await expect(new PageAccess('', server({ 'v1/ticket': 401 })).streamTicket()).rejects.toThrow(/run the cell again/i);
  await expect(new PageAccess('used', server({ 'v1/session': 401, 'v1/ticket': 403 })).streamTicket()).rejects.toBeInstanceOf(NoAccessError);
});

test('a server that is broken is not a lack of rights', async () => {
  const error = await new PageAccess('t', server({ 'v1/session': 500 })).streamTicket().catch((e: Error) => e);
  expect(error).not.toBeInstanceOf(NoAccessError);
  expect((error as Error).message).toContain('500');
});

test('the stream lies beside the page, whatever the prefix', () => {
  expect(streamUrl('http://127.0.0.1:5000/#x')).toBe('ws://127.0.0.1:5000/v1/stream');
  expect(streamUrl('https://hub.example/user/me/proxy/5000/')).toBe('wss://hub.example/user/me/proxy/5000/v1/stream');
});
