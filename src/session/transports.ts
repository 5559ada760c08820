/** Which way to the sidecar: WebSockets are tried first, a slow one beside the next, the comm tunnel where none of them gets through. */

import { DEFAULT_CREDIT_BYTES } from '../protocol/limits.js';
import { ErrorCode, type Hello, type Welcome } from '../protocol/messages.js';
import { ConnectError, greet, welcomed } from './handshake.js';
import type { TransportKind } from './types.js';
import type { CommTunnel, Wire, Wires } from './wires.js';

/** A way that may work. `ticket` is asked before each try: a ticket opens one connection. */
export type Candidate =
  | { kind: 'direct' | 'proxy'; url: string; ticket: () => Promise<string> }
  | { kind: 'comm'; tunnel: CommTunnel };
type SocketCandidate = Extract<Candidate, { url: string }>;

export interface Connection {
  readonly kind: TransportKind;
  readonly wire: Wire;
  readonly welcome: Welcome;
  /** Of a direct WebSocket. */
  readonly url?: string;
}

/** A socket answers within this time or counts as unreachable: firewalls drop without a word. */
export const SOCKET_TRY_MS = 1_500;
/** How long a better way may still take once a worse one stands. */
const GRACE_MS = 250;
/** A way through a server costs that server work: it is begun only when the better one has had this long, or has failed. */
const NEXT_WAY_MS = 700;
/** Tickets may come from a kernel that is busy. */
const TICKET_WAIT_MS = 30_000;
const TUNNEL_WAIT_MS = 60_000;
/** What may be under way through a kernel: its own answers to cells wait behind it, on a slow line for seconds. */
export const TUNNEL_CREDIT_BYTES = 4 * 2 ** 20;

/**
 * Connects by the best way that works: direct, else proxy, else comm.
 *
 * @param resume the ticket of the last WELCOME and how that connection was reached
 * @throws ConnectError with what the most preferred way said, where none works
 */
export async function connect(
  wires: Wires,
  candidates: readonly Candidate[],
  hello: Hello,
  resume: { kind: TransportKind; ticket: string } | undefined,
  signal: AbortSignal,
): Promise<Connection> {
  const failures: Error[] = [];
  const sockets = candidates.filter((c): c is SocketCandidate => c.kind !== 'comm');
  const best = await bestOf(
    sockets.map((candidate) => {
      const old = resume?.kind === candidate.kind ? resume.ticket : undefined;
      return (stop: AbortSignal) => trySocket(wires, candidate, hello, old, stop);
    }),
    signal,
    failures,
  );
  if (best) return best;
  for (const candidate of candidates) {
    if (candidate.kind !== 'comm' || signal.aborted) continue;
    try {
      return await tryTunnel(wires, candidate.tunnel, hello);
    } catch (error) {
      failures.unshift(error as Error);
    }
  }
  throw failures[0] ?? new ConnectError('no way to the server is known', 4404, 'run the cell again');
}

/** The first success, or one of an earlier attempt that comes soon after; those that come too late are closed. */
function bestOf(
  attempts: readonly ((stop: AbortSignal) => Promise<Connection>)[],
  signal: AbortSignal,
  failures: Error[],
): Promise<Connection | undefined> {
  const stop = new AbortController();
  return new Promise((resolve) => {
    const results: (Connection | 'failed' | undefined)[] = attempts.map(() => undefined);
    let settled = false;
    let begun = 0;
    const settle = () => {
      if (settled) return;
      settled = true;
      stop.abort();
      const [first, ...others] = results.filter((r): r is Connection => typeof r === 'object');
      for (const other of others) other.wire.close();
      if (first && signal.aborted) first.wire.close();
      resolve(first);
    };
    const judge = () => {
      const pending = results.indexOf(undefined);
      const success = results.findIndex((r) => typeof r === 'object');
      if (pending < 0 || (success >= 0 && success < pending)) settle();
      else if (success >= 0) setTimeout(settle, GRACE_MS);
    };
    signal.addEventListener('abort', settle, { once: true });
    const begin = (i: number) => {
      const attempt = attempts[i];
      if (!attempt || begun > i || settled) return;
      begun = i + 1;
      const next = setTimeout(() => begin(i + 1), NEXT_WAY_MS);
      attempt(stop.signal).then(
        (connection) => {
          if (settled) connection.wire.close();
          results[i] = connection;
          judge();
        },
        (error: Error) => {
          failures.push(error);
          results[i] = 'failed';
          judge();
          clearTimeout(next);
          begin(i + 1);
        },
      );
    };
    begin(0);
    if (attempts.length === 0) settle();
  });
}

/** Tries a socket with the resume ticket, a new ticket, and once more: the first new one may have been made long ago. */
async function trySocket(
  wires: Wires,
  candidate: SocketCandidate,
  hello: Hello,
  resumeTicket: string | undefined,
  stop: AbortSignal,
): Promise<Connection> {
  const fresh = () => within(candidate.ticket(), TICKET_WAIT_MS, 'no ticket came from the kernel');
  const tickets = [...(resumeTicket ? [async () => resumeTicket] : []), fresh, fresh];
  let failure: unknown;
  for (const ticket of tickets) {
    if (stop.aborted) break;
    try {
      return await openSocket(wires, candidate, await ticket(), hello);
    } catch (error) {
      failure = error;
      // Another ticket helps where this one was refused, which a browser sees as a bare close; not against silence.
      if (error instanceof ConnectError && NO_TICKET_HELPS.has(error.code)) break;
    }
  }
  throw failure ?? new ConnectError('another way was faster', 1000);
}

const TIMED_OUT = ErrorCode.TIMEOUT;
const NO_TICKET_HELPS: ReadonlySet<number> = new Set([TIMED_OUT, ErrorCode.VERSION, ErrorCode.BAD_FRAME]);

async function openSocket(wires: Wires, candidate: SocketCandidate, ticket: string, hello: Hello): Promise<Connection> {
  const { host } = new URL(candidate.url);
  const wire = wires.socket(candidate.url, ticket, hello);
  try {
    const welcome = await within(welcomed(wire, `no connection to ${host}`), SOCKET_TRY_MS, `no answer from ${host}`);
    const connection = { kind: candidate.kind, wire, welcome };
    return candidate.kind === 'direct' ? { ...connection, url: candidate.url } : connection;
  } catch (error) {
    wire.close();
    throw error;
  }
}

async function tryTunnel(wires: Wires, tunnel: CommTunnel, hello: Hello): Promise<Connection> {
  const opening = wires.tunnel(tunnel);
  try {
    const wire = await within(opening, TUNNEL_WAIT_MS, 'no answer from the kernel: it is busy or gone');
    try {
      const modest = { ...hello, credit_bytes: Math.min(hello.credit_bytes ?? DEFAULT_CREDIT_BYTES, TUNNEL_CREDIT_BYTES) };
      return { kind: 'comm', wire, welcome: await within(greet(wire, modest), TUNNEL_WAIT_MS, 'no answer through the kernel') };
    } catch (error) {
      wire.close();
      throw error;
    }
  } catch (error) {
    opening.then((late) => late.close(), () => undefined);
    throw error;
  }
}

/** `promise`, or a ConnectError after `ms`. */
function within<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectError(message, TIMED_OUT)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
