// How fast a producer of another host fills a store, beside as many bare sockets that move the same bytes to Node and do nothing with them.
import { pythonJson, row } from './support.mjs';

export async function run() {
  const { found } = await pythonJson('remote.py', [320, 5, '1,2,4']);
  return found.flatMap(({ connections, tls, bytes, bare, ready, cut }) => {
    const rate = (seconds) => bytes / seconds / 1e9;
    const words = `${connections} ${connections === 1 ? 'connection' : 'connections'} by ${tls ? 'TLS' : 'TCP'}`;
    const reference = rate(bare);
    return [
      row(`320³ uint16 to another host, ${words}, bricks cut before (reference: as many bare sockets)`, rate(ready), 'GB/s', { reference, limit: ['>=', 0.8] }),
      row(`320³ uint16 to another host, ${words}, bricks cut meanwhile (reference: as many bare sockets)`, rate(cut), 'GB/s', { reference }),
    ];
  });
}
