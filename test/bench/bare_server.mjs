// A `ws` server that only sends: argument 1 is the size of a message. A client's first message says how many it wants; with argument 2 "each" every
// message is answered by one.
import { randomFillSync } from 'node:crypto';
import { WebSocketServer } from 'ws';

const UNDER_WAY = 16 * 2 ** 20; // as much as the viewers' default credit

const message = randomFillSync(Buffer.alloc(Number(process.argv[2])));
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('error', () => undefined);
  if (process.argv[3] === 'each') {
    socket.on('message', () => socket.send(message));
    return;
  }
  socket.once('message', (text) => {
    let left = Number(String(text));
    const push = () => {
      while (left > 0 && socket.bufferedAmount < UNDER_WAY) {
        left -= 1;
        socket.send(message, push);
      }
    };
    push();
  });
});
server.on('listening', () => process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
