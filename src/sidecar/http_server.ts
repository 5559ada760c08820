/** The instance's HTTP side: finds the route, checks that the caller may use it, and reads small JSON bodies. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { HttpError, type Reply, sendReply } from './http_reply.js';
import { type Request, type Route, ROUTES } from './http_routes.js';
import { log } from './log.js';
import { hostAllowed, originAllowed, ownOrigin } from './origin.js';
import type { Services } from './services.js';
import { type Grant, secretsEqual } from './tickets.js';
import type { Tls } from './tls.js';

const MAX_BODY_BYTES = 64 * 1024;
/** Sockets, those of streams among them. */
const MAX_CONNECTIONS = 512;

/** How often connections are looked at that ask for nothing. */
const CHECKED = { connectionsCheckingInterval: 2_500 };

export interface HttpOptions {
  readonly services: Services;
  /** The owner's token. */
  readonly token: string;
  readonly allowedHosts: readonly string[];
  /** Folder of the page and its code. */
  readonly folder: string;
  /** With it everything is spoken in TLS. */
  readonly tls?: Tls | undefined;
}

/** The server; not yet listening, and without the stream's upgrade. */
export function createHttpServer(options: HttpOptions): Server {
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    answer(message, options)
      .catch((error: unknown): Reply => {
        if (error instanceof HttpError) {
          return { status: error.status, json: { error: error.message, remedy: error.remedy }, headers: error.headers };
        }
        log(`internal error: ${(error as Error).stack ?? error}`);
        return { status: 500, json: { error: 'internal error; the log has the details' } };
      })
      .then((reply) => sendReply(message, response, reply, options.folder))
      .catch((error: Error) => drop(response, error));
  };
  const server: Server = options.tls ? createTlsServer({ ...options.tls.options, ...CHECKED }) : createServer(CHECKED);
  if (options.tls) {
    // As a proxy would say it that speaks TLS in our stead: an origin that is ours begins with https then.
    for (const event of ['request', 'upgrade'] as const) {
      server.on(event, (message: IncomingMessage) => {
        message.headers['x-forwarded-proto'] = 'https';
      });
    }
  }
  server.on('request', listener);
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Browsers open connections ahead: to one on which nothing was asked in time an answer would be the next page's.
    const silent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && (socket as Socket).bytesRead === 0;
    if (socket.writable && !silent) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

function drop(response: ServerResponse, error: Error): void {
  log(`answer not sent: ${error.message}`);
  response.destroy();
}

/** The path asked for, without its query, as it stands: nothing is decoded or normalised, so nothing can climb. */
export function requestPath(message: IncomingMessage): string {
  return (message.url ?? '').split('?', 1)[0] as string;
}

async function answer(message: IncomingMessage, options: HttpOptions): Promise<Reply> {
  const { services, allowedHosts } = options;
  const path = requestPath(message);
  // A ticket may bring a host of its own: `down` looks at it together with that.
  if (path !== '/v1/down' && !hostAllowed(message.headers.host, allowedHosts)) {
    throw new HttpError(403, `host "${message.headers.host ?? ''}" is not served here`, 'name it in allowed_hosts when the instance is started');
  }
  const here = ROUTES.filter((route) => route.path === path);
  if (here.length === 0) throw new HttpError(404, 'no such path');
  const method = message.method === 'HEAD' ? 'GET' : message.method;
  const route = here.find((candidate) => candidate.method === method);
  if (!route) {
    throw new HttpError(405, `no ${message.method} here`, undefined, { Allow: here.map((candidate) => candidate.method).join(', ') });
  }
  const session = authorize(route, message, options);
  const body = route.method === 'POST' ? await readJson(message) : undefined;
  return route.handle({ message, services, allowedHosts, body, session } satisfies Request);
}

/** Checks what `route.access` names; returns the session where a cookie opened the door. */
function authorize(route: Route, message: IncomingMessage, { services, token }: HttpOptions): Grant | undefined {
  const { origin } = message.headers;
  const bearer = /^Bearer ([A-Za-z0-9_-]{1,200})$/.exec(message.headers.authorization ?? '')?.[1];
  const owner = bearer !== undefined && secretsEqual(bearer, token);
  const foreign = origin !== undefined && !originAllowed('self', origin, ownOrigin(message.headers));
  switch (route.access) {
    case 'public':
    case 'connection ticket': // checked with the connection it belongs to
    case 'stream ticket': // checked where the connection is upgraded
      return undefined;
    case 'page ticket':
      if (foreign) throw new HttpError(403, `pages of ${origin} may not do this`);
      return undefined;
    case 'owner or session': {
      if (owner) return undefined;
      if (foreign) throw new HttpError(403, `pages of ${origin} may not do this`);
      const session = bearer === undefined ? services.sessions.grant(cookie(message, `vxb_${services.instance}`)) : undefined;
      if (session) return session;
      break;
    }
    case 'owner':
      if (owner) return undefined;
  }
  throw new HttpError(401, 'not authorised', 'run the cell again, or use the token that the instance was started with', {
    'WWW-Authenticate': 'Bearer',
  });
}

function cookie(message: IncomingMessage, name: string): string {
  for (const pair of (message.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined) return value;
  }
  return '';
}

/** The JSON body; undefined when it is empty. */
async function readJson(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new HttpError(413, `body larger than ${MAX_BODY_BYTES} bytes`, undefined, { Connection: 'close' });
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new HttpError(400, 'the body is not JSON');
  }
}
