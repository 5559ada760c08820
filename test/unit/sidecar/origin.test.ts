import { describe, expect, test } from '@jest/globals';
import { hostAllowed, hostName, isBrowsersOwn, isLoopbackAddress, isLoopbackName, isOriginRule, originAllowed, ownOrigin } from '../../../src/sidecar/origin.js';

const OWN = 'http://127.0.0.1:54680';
const HUB = 'https://hub.example:8000';
/** Origins as browsers and attackers send them. */
const ORIGINS = [
  undefined, 'null', OWN, 'http://127.0.0.1:8888', 'http://localhost:8888', 'http://[::1]:8888', 'https://127.0.0.1:54680', HUB,
  'http://hub.example:8000', 'https://hub.example', 'https://hub.example:8000.evil.example', 'https://hub.example:80000', 'https://evil.example',
  'https://evilhub.example:8000', 'http://127.0.0.1.evil.example', 'http://localhost.evil.example', 'https://HUB.example:8000', `${HUB}/`, 'file://', '',
];

describe('which origin may use a ticket', () => {
  test.each([
    ['none', [undefined]],
    ['self', [OWN]],
    ['loopback', [OWN, 'http://127.0.0.1:8888', 'http://localhost:8888', 'http://[::1]:8888', 'https://127.0.0.1:54680']],
    [HUB, [HUB]],
  ])('%s', (rule, allowed) => {
    expect(ORIGINS.filter((origin) => originAllowed(rule, origin, OWN))).toEqual(allowed);
  });
});

test('a rule is one of three words or a web origin in its normal form', () => {
  const good = ['none', 'self', 'loopback', 'http://127.0.0.1:8888', HUB, 'http://[::1]:1'];
  const bad = ['', '*', 'null', 'https://a.example/', 'https://a.example/x', 'https://a.example:443', 'HTTPS://a.example', 'ftp://a.example', 'a.example', 'https://u@a.example'];
  expect(good.filter(isOriginRule)).toEqual(good);
  expect(bad.filter(isOriginRule)).toEqual([]);
});

test('loopback is what is loopback, not what starts like it', () => {
  const good = ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'];
  const bad = ['localhost.evil.example', '127.0.0.1.evil.example', '128.0.0.1', 'mylocalhost', '', '[::2]', '0.0.0.0', '127.0.0'];
  expect(good.filter(isLoopbackName)).toEqual(good);
  expect(bad.filter(isLoopbackName)).toEqual([]);
});

test('the name in a Host header', () => {
  expect(['127.0.0.1:80', 'LocalHost', '[::1]:9', 'a.example:1'].map(hostName)).toEqual(['127.0.0.1', 'localhost', '[::1]', 'a.example']);
  expect([undefined, '', 'a b', 'a.example/x', 'u@a.example', 'a.example:x', '[::1', 'a.example:1:2'].map(hostName)).toEqual(Array(8).fill(undefined));
});

test('a host is served when it is loopback, named at the start, or its ticket says so', () => {
  expect(hostAllowed('127.0.0.1:5', [])).toBe(true);
  expect(hostAllowed('evil.example', [])).toBe(false);
  expect(hostAllowed('hub.example:443', ['HUB.example'])).toBe(true);
  expect(hostAllowed('sub.hub.example', ['hub.example'])).toBe(false);
  expect(hostAllowed('hub.example', [], HUB)).toBe(true);
  expect(hostAllowed('evil.example', [], HUB)).toBe(false);
  expect(hostAllowed('evil.example', [], 'loopback')).toBe(false);
  expect(hostAllowed(undefined, [], HUB)).toBe(false);
});

test('what self means, also behind a proxy that speaks TLS', () => {
  expect(ownOrigin({ host: '127.0.0.1:5' })).toBe('http://127.0.0.1:5');
  expect(ownOrigin({ host: 'Hub.example', 'x-forwarded-proto': 'https, http' })).toBe('https://hub.example');
  expect(ownOrigin({ host: 'a', 'x-forwarded-proto': 'javascript' })).toBe('http://a');
});

test("a peer's address is this machine's own in each of the ways that sockets write it", () => {
  for (const address of ['127.0.0.1', '127.3.2.1', '::1', '::ffff:127.0.0.1']) expect(isLoopbackAddress(address)).toBe(true);
  for (const address of [undefined, '', '10.0.0.1', '::', '::ffff:10.0.0.1', '1127.0.0.1', 'fe80::1']) expect(isLoopbackAddress(address)).toBe(false);
});

test('whose connection it is: a browser\'s own, a proxy\'s, a program\'s', () => {
  const own = { origin: 'http://localhost:8888', host: '127.0.0.1:4711' };
  expect(isBrowsersOwn(own, 4711)).toBe(true);
  expect(isBrowsersOwn({ ...own, host: '[::1]:4711' }, 4711)).toBe(true);
  expect(isBrowsersOwn({ host: own.host }, 4711)).toBe(false); // a kernel that relays
  for (const host of ['127.0.0.1:8888', '127.0.0.1:14711', '127.0.0.1', undefined]) expect(isBrowsersOwn({ ...own, host }, 4711)).toBe(false);
  for (const name of ['x-forwarded-for', 'forwarded', 'via', 'x-forwarded-context']) expect(isBrowsersOwn({ ...own, [name]: 'x' }, 4711)).toBe(false);
  expect(isBrowsersOwn(own, undefined)).toBe(false);
});
