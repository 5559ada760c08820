/** Connections that browsers open ahead and then do not use. */

import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SidecarProcess } from '../../conformance/sidecar_process.js';

let sidecar: SidecarProcess;
beforeAll(async () => {
  sidecar = await SidecarProcess.start();
});
afterAll(() => sidecar?.stop());

/** What comes on a connection until it is closed, where so much is sent and no more. */
const until = (sent: string) =>
  new Promise<string>((resolve, reject) => {
    const socket = connect(sidecar.port, '127.0.0.1', () => sent && socket.write(sent));
    let said = '';
    socket.on('data', (data) => {
      said += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(said));
  });

test('one on which nothing was asked is closed without a word, which the next request on it would take for its answer; half a request is refused', async () => {
  const [silent, half] = await Promise.all([until(''), until('GET / HTTP/1.1\r\nHost: 127.0.0.1')]);
  expect(silent).toBe('');
  expect(half).toMatch(/^HTTP\/1.1 400 /);
}, 30_000);
