/**
 * The TCP socket: one JSON object a connection, one answer, then it is closed. A request ends when it is a whole JSON object, or when
 * the client has sent all it has to say.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { type Answer, refuse } from './commands.js';

const MAX_REQUEST_BYTES = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** A server that answers each request by `answer`; not yet listening. */
export function createSocketServer(answer: (text: string) => Promise<Answer>): Server {
  const server = createServer({ allowHalfOpen: true }, (socket) => converse(socket, answer));
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function converse(socket: Socket, answer: (text: string) => Promise<Answer>): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let answered = false;
  const reply = (message: Answer) => {
    // A client that has gone meanwhile needs no answer.
    socket.end(`${JSON.stringify(message)}\n`, () => socket.destroy());
  };
  const timer = setTimeout(() => {
    if (finish()) reply(refuse('', `no whole request within ${REQUEST_TIMEOUT_MS} ms`, 'send one JSON object'));
  }, REQUEST_TIMEOUT_MS);
  function finish(): boolean {
    if (answered) return false;
    answered = true;
    clearTimeout(timer);
    return true;
  }
  const take = (text: string) => {
    if (finish()) answer(text).then(reply, () => socket.destroy());
  };
  socket.on('data', (chunk: Buffer) => {
    if (answered) return;
    bytes += chunk.byteLength;
    if (bytes > MAX_REQUEST_BYTES) {
      finish();
      reply(refuse('', `request larger than ${MAX_REQUEST_BYTES} bytes`, 'send one small JSON object'));
      return;
    }
    chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    if (isWholeObject(text)) take(text);
  });
  socket.on('end', () => take(Buffer.concat(chunks).toString('utf8')));
  socket.on('error', () => finish());
  socket.on('close', () => finish());
}

function isWholeObject(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
