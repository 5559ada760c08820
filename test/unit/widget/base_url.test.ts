/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { asWebSocket, jupyterBasePath, underJupyter } from '../../../src/widget/base_url.js';

afterEach(() => {
  document.body.innerHTML = '';
  delete document.body.dataset.baseUrl;
});

function config(text: string): void {
  const script = document.createElement('script');
  script.id = 'jupyter-config-data';
  script.type = 'application/json';
  script.textContent = text;
  document.body.append(script);
}

test.each([
  ['{"baseUrl": "/user/ada/"}', '/user/ada/'],
  ['{"baseUrl": "/user/ada"}', '/user/ada/'],
  ['{"baseUrl": "https://elsewhere.example/hub/user/x/"}', '/hub/user/x/'],
  ['{"baseUrl": 5}', '/'],
  ['{}', '/'],
  ['not json', '/'],
])('the page says %s: base path %s', (text, path) => {
  config(text);
  expect(jupyterBasePath(document)).toBe(path);
});

test('a classic page says it on its body; a page that says nothing is at the root', () => {
  expect(jupyterBasePath(document)).toBe('/');
  document.body.dataset.baseUrl = '/nb/';
  expect(jupyterBasePath(document)).toBe('/nb/');
  config('{"baseUrl": "/lab-base/"}');
  expect(jupyterBasePath(document)).toBe('/lab-base/');
});

test('paths are joined to the base and never to the address of the page', () => {
  window.history.pushState({}, '', '/user/ada/lab/tree/a/b.ipynb');
  config('{"baseUrl": "/user/ada/"}');
  expect(underJupyter('proxy/4711/v1/stream', document)).toBe(`${window.location.origin}/user/ada/proxy/4711/v1/stream`);
});

test('addresses of WebSockets keep their security', () => {
  expect(asWebSocket('http://a:1/x')).toBe('ws://a:1/x');
  expect(asWebSocket('https://http.example/x')).toBe('wss://http.example/x');
});
