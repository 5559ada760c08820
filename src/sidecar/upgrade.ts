/** Letting a client into the stream: its ticket, its origin and the host it asked for, before there is a WebSocket. */

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { MAX_FRAME_BYTES, SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from '../protocol/index.js';
import { Connection, ServerSocket } from './connection.js';
import { requestPath } from './http_server.js';
import { log } from './log.js';
import { hostAllowed, isBrowsersOwn, isLoopbackAddress, originAllowed, ownOrigin } from './origin.js';
import type { Services } from './services.js';
import type { Grant } from './tickets.js';

/** Connections of one instance: far more than a notebook has viewers, far fewer than a machine has sockets. */
const MAX_CONNECTIONS = 256;

/** The handler of the server's `upgrade` event. */
export function createUpgrade(services: Services, allowedHosts: readonly string[]) {
  const sockets = new WebSocketServer<typeof ServerSocket>({
    noServer: true,
    WebSocket: ServerSocket,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false, // voxels hardly shrink, and it would copy them
    handleProtocols: () => SUBPROTOCOL,
  });
  return (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on('error', (error) => log(`upgrade: ${error.message}`));
    const grant = admit(message, services, allowedHosts, sockets.clients.size);
    if (typeof grant === 'number') {
      socket.end(`HTTP/1.1 ${grant} ${STATUS_CODES[grant]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const { remoteAddress, localPort } = message.socket;
    const mayBeHere = isLoopbackAddress(remoteAddress) && isBrowsersOwn(message.headers, localPort);
    sockets.handleUpgrade(message, socket, head, (ws) => new Connection(ws, grant, services, mayBeHere));
  };
}

/** What the client's ticket grants, or the HTTP status of the refusal. A ticket that was looked at is used up. */
function admit(message: IncomingMessage, services: Services, allowedHosts: readonly string[], connections: number): Grant | number {
  if (requestPath(message) !== '/v1/stream') return 404;
  const offered = (message.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!offered.includes(SUBPROTOCOL)) return 400;
  const ticket = offered.find((name) => name.startsWith(TICKET_SUBPROTOCOL_PREFIX))?.slice(TICKET_SUBPROTOCOL_PREFIX.length);
  const grant = ticket === undefined ? undefined : services.tickets.take('stream', ticket);
  if (!grant) return hostAllowed(message.headers.host, allowedHosts) ? 401 : 403;
  if (!hostAllowed(message.headers.host, allowedHosts, grant.origin)) return 403;
  if (!originAllowed(grant.origin, message.headers.origin, ownOrigin(message.headers))) return 403;
  return connections < MAX_CONNECTIONS ? grant : 503;
}
