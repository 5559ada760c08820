/** @jest-environment jsdom */
import { TextDecoder, TextEncoder } from 'node:util';
import { expect, test } from '@jest/globals';
import { KernelEnd } from './comm_model.js';

Object.assign(globalThis, { TextDecoder, TextEncoder }); // jsdom has none; the session's modules need them as they load
const { sessionCandidates } = await import('../../../src/widget/candidates.js');

const WAYS = [
  { kind: 'direct', url: 'ws://127.0.0.1:5/v1/stream', assets: 'http://127.0.0.1:5/assets/', ticket: 'made-before' },
  { kind: 'proxy', path: 'proxy/5/v1/stream', assets: 'proxy/5/assets/', ticket: 'made-before-2' },
  { kind: 'comm' },
];
const of = (forced: string, ways: unknown[] = WAYS) => {
  const kernel = new KernelEnd({ _candidates: ways, _forced: forced });
  return { kernel, found: sessionCandidates(kernel.model, document) };
};

test('addresses stay, paths become addresses behind the Jupyter server', () => {
  const { found } = of('');
  expect(found.map((c) => [c.kind, 'url' in c ? c.url : undefined])).toEqual([
    ['direct', 'ws://127.0.0.1:5/v1/stream'],
    ['proxy', `${window.location.origin.replace('http', 'ws')}/proxy/5/v1/stream`],
    ['comm', undefined],
  ]);
});

test('a forced way is the only one', () => {
  expect(of('comm').found.map((c) => c.kind)).toEqual(['comm']);
  expect(of('proxy').found.map((c) => c.kind)).toEqual(['proxy']);
});

test('a way that names no place is left out', () => {
  expect(of('', [{ kind: 'direct' }, { kind: 'proxy' }]).found).toEqual([]);
});

test('the ticket made beforehand serves once; then the kernel is asked, for this origin', async () => {
  const { kernel, found } = of('direct');
  const [direct] = found;
  if (direct?.kind !== 'direct') throw new Error('no direct way');
  expect(await direct.ticket()).toBe('made-before');
  expect(kernel.sent).toEqual([]);
  kernel.answer = ({ message }) => kernel.say({ t: 'ticket', id: message.id, ticket: `for ${message.origin}` });
  expect(await direct.ticket()).toBe(`for ${window.location.origin}`);
  kernel.answer = ({ message }) => kernel.say({ t: 'ticket', id: message.id, error: 'the instance is gone' });
  await expect(direct.ticket()).rejects.toThrow('the instance is gone');
  expect(kernel.listeners).toBe(0);
});
