/** Tickets of a sidecar that a bench has started. */

import * as http from 'node:http';

/** A ticket for one stream, as `role`. */
export function streamTicket({ port, token }: { readonly port: number; readonly token: string }, role: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
    const request = http.request({ port, host: '127.0.0.1', path: '/v1/ticket', method: 'POST', headers }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(JSON.parse(text).ticket));
    });
    request.on('error', reject);
    request.end(JSON.stringify({ use: 'stream', role, origin: 'none' }));
  });
}
