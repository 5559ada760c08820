/** Every path this instance answers, with who may use it. What does not stand here is 404. */

import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { PAGE_TICKET_MS, Role, SESSION_MS, STREAM_TICKET_MS } from '../protocol/index.js';
import { HttpError, type Reply } from './http_reply.js';
import { isOriginRule, originAllowed, ownOrigin } from './origin.js';
import { pagePolicy } from './page_policy.js';
import { answerCopy } from './scene_copy.js';
import type { Services } from './services.js';
import { instanceStatus } from './status.js';
import type { Grant } from './tickets.js';

/**
 * Who may use a route: anyone; the bearer of the owner's token; a page with its cookie; a page with a ticket in the body; a viewer's
 * connection with its own ticket in the body; a stream ticket.
 */
export type Access = 'public' | 'owner' | 'owner or session' | 'page ticket' | 'connection ticket' | 'stream ticket';

/** A request that passed the checks its route's access names. */
export interface Request {
  readonly message: IncomingMessage;
  readonly services: Services;
  readonly allowedHosts: readonly string[];
  /** The parsed JSON body of a POST. */
  readonly body: unknown;
  /** The session of a request with a cookie; undefined for the owner's. */
  readonly session: Grant | undefined;
}

export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly access: Access;
  readonly handle: (request: Request) => Reply | Promise<Reply>;
}

const TicketOnly = z.strictObject({ ticket: z.string().max(200) });
const TicketBody = z.strictObject({
  use: z.enum(['stream', 'page']),
  role: Role,
  origin: z.string().max(300).refine(isOriginRule, 'neither none, self, loopback nor an origin such as http://127.0.0.1:8888'),
});

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new HttpError(400, `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}

/** A stream ticket for a page of this instance's own origin. */
function streamTicket({ services }: Request, role: Role): { ticket: string; role: Role } {
  return { ticket: services.tickets.issue('stream', { role, origin: 'self' }, STREAM_TICKET_MS), role };
}

/** Trades the ticket of a page's URL for a cookie and a stream ticket. */
function session(request: Request): Reply {
  const { services, message } = request;
  const { ticket } = parse(TicketOnly, request.body);
  const grant = services.tickets.take('page', ticket);
  if (!grant) throw new HttpError(401, 'this link was used or is too old', 'run the cell again for a fresh one');
  const own = ownOrigin(message.headers);
  // The page is this instance's own; a ticket for another origin is for that origin's pages.
  if (!originAllowed(grant.origin === 'none' ? 'self' : grant.origin, message.headers.origin ?? own, own)) {
    throw new HttpError(403, `this ticket is not for pages of ${own}`);
  }
  const cookie = services.sessions.issue(grant.role, SESSION_MS);
  const attributes = `HttpOnly; SameSite=Strict; Path=/; Max-Age=${SESSION_MS / 1000}${own.startsWith('https:') ? '; Secure' : ''}`;
  return {
    status: 200,
    json: streamTicket(request, grant.role),
    headers: { 'Set-Cookie': `vxb_${services.instance}=${cookie}; ${attributes}` },
  };
}

function ticket(request: Request): Reply {
  const { services } = request;
  if (request.session) return { status: 200, json: streamTicket(request, request.session.role) };
  const { use, role, origin } = parse(TicketBody, request.body);
  const lifetime = use === 'page' ? PAGE_TICKET_MS : STREAM_TICKET_MS;
  return { status: 200, json: { ticket: services.tickets.issue(use, { role, origin }, lifetime) } };
}

const asset = (file: string, type: string) => (): Reply => ({
  status: 200,
  file,
  headers: { 'Content-Type': type, 'Cache-Control': 'no-cache', 'Access-Control-Allow-Origin': '*' }, // public code, no secrets
});

export const ROUTES: readonly Route[] = [
  {
    method: 'GET', path: '/', access: 'public',
    handle: ({ allowedHosts }) => ({
      status: 200,
      file: 'page.html',
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': pagePolicy(allowedHosts) },
    }),
  },
  { method: 'GET', path: '/assets/viewer.js', access: 'public', handle: asset('viewer.js', 'text/javascript; charset=utf-8') },
  { method: 'GET', path: '/assets/worker.js', access: 'public', handle: asset('worker.js', 'text/javascript; charset=utf-8') },
  { method: 'GET', path: '/assets/widget.js', access: 'public', handle: asset('widget.js', 'text/javascript; charset=utf-8') },
  { method: 'GET', path: '/assets/movie.js', access: 'public', handle: asset('movie.js', 'text/javascript; charset=utf-8') },
  { method: 'POST', path: '/v1/session', access: 'page ticket', handle: session },
  { method: 'POST', path: '/v1/ticket', access: 'owner or session', handle: ticket },
  { method: 'GET', path: '/v1/status', access: 'owner', handle: ({ services }) => ({ status: 200, json: instanceStatus(services) }) },
  { method: 'GET', path: '/v1/scene', access: 'owner', handle: ({ services }) => answerCopy(services.scene.keeper) },
  {
    method: 'POST', path: '/v1/keep', access: 'owner',
    handle: ({ services }) => {
      services.keep();
      return { status: 200, json: { instance: services.instance } };
    },
  },
  {
    method: 'POST', path: '/v1/stop', access: 'owner',
    handle: ({ services }) => {
      setImmediate(() => services.stop('POST /v1/stop'));
      return { status: 200, json: { stopped: true } };
    },
  },
  {
    method: 'POST', path: '/v1/down', access: 'connection ticket',
    handle: ({ services, message, allowedHosts, body }) => services.downStreams.open(parse(TicketOnly, body).ticket, message, allowedHosts),
  },
  {
    method: 'GET', path: '/v1/stream', access: 'stream ticket',
    handle: () => {
      throw new HttpError(426, 'this path is a WebSocket', 'upgrade with the subprotocols vxb.1 and vxb.ticket.<ticket>', { Upgrade: 'websocket' });
    },
  },
];
