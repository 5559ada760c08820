// How fast a producer of another host fills a store, beside one bare socket that moves the same bytes to Node and does nothing with them.
import { pythonJson, row } from './support.mjs';

export async function run() {
  const found = await pythonJson('remote.py', [320, 5]);
  const rate = (seconds, { bytes }) => bytes / seconds / 1e9;
  return [['plain', 'TCP'], ['tls', 'TLS']].map(([name, words]) => {
    const one = found[name];
    return row(`320³ uint16 from another host by ${words}, one connection (reference: a bare socket)`, rate(one.ours, one), 'GB/s', { reference: rate(one.bare, one), limit: ['>=', 0.8] });
  });
}
