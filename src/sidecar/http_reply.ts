/** Writing an HTTP answer: JSON or a static file, always with the headers that keep browsers from guessing. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';

export interface Reply {
  readonly status: number;
  readonly json?: unknown;
  /** A file of the folder this program lies in. */
  readonly file?: string;
  /** Writes the body itself, for as long as it likes; it ends with the connection. */
  readonly stream?: (response: ServerResponse) => void;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is refused: a status, the reason, and what to do. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly remedy?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'HttpError';
  }
}

const ALWAYS = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' };

/** Sends `reply`; files with an ETag, so that a reload moves no bytes. */
export async function sendReply(message: IncomingMessage, response: ServerResponse, reply: Reply, folder: string): Promise<void> {
  const headers: Record<string, string | number> = { ...ALWAYS, ...reply.headers };
  if (reply.stream) {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(reply.status, { ...headers, Connection: 'close' });
    response.flushHeaders();
    reply.stream(response);
    return;
  }
  let body: Buffer;
  let { status } = reply;
  if (reply.file === undefined) {
    body = Buffer.from(JSON.stringify(reply.json ?? {}));
    headers['Content-Type'] = 'application/json; charset=utf-8';
  } else {
    try {
      body = await readFile(path.join(folder, reply.file));
    } catch {
      await sendReply(message, response, { status: 404, json: { error: `${reply.file} is missing beside this program`, remedy: 'build it again' } }, folder);
      return;
    }
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    headers.ETag = etag;
    if (message.headers['if-none-match'] === etag) {
      status = 304;
      body = Buffer.alloc(0);
    }
  }
  if (status !== 304) headers['Content-Length'] = body.byteLength;
  response.writeHead(status, headers);
  response.end(message.method === 'HEAD' ? undefined : body);
}
