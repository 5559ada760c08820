/**
 * Reading a socket, bare or in TLS, straight to where its bytes belong. Node gives each piece (of 64 KiB, of 16 in TLS) memory of its own otherwise, and
 * collecting that as garbage takes longer than everything else that is done with it; and of a server's sockets it has no other way to ask for a place.
 */

import { Socket } from 'node:net';

/** Node's own, beneath a socket. */
interface Handled {
  _handle?: { useUserBuffer?: unknown } | null;
  /** Of a socket in TLS: what is to be let go when it is closed, and how it hears of an error. */
  ssl?: unknown;
  _emitTLSError?: (error: Error) => void;
}

export interface Sink {
  /** Where the next bytes are to be put; never empty while more is wanted. */
  readonly room: Uint8Array;
  /** So many were put there; false: no more are wanted. */
  filled(bytes: number): boolean;
}

/** Fills `sink` from a socket that nobody reads yet. Returns the socket to write to, and to listen on for its end. */
export function readDirectly(socket: Socket, sink: Sink): Socket {
  const push = (piece: Uint8Array): void => {
    for (let at = 0, more = true; at < piece.byteLength && more; ) {
      const { room } = sink;
      const part = piece.subarray(at, at + room.byteLength);
      room.set(part);
      at += part.byteLength;
      more = sink.filled(part.byteLength);
    }
  };
  const inner = socket as Socket & Handled;
  const handle = inner._handle;
  const early = socket.read() as Buffer | null;
  if (early) socket.unshift(early); // of a client that did not wait to be greeted: its bytes stay in order on Node's own way
  if (early || typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', push);
    socket.resume();
    return socket;
  }
  inner._handle = null;
  const onread = { buffer: () => sink.room, callback: (bytes: number) => sink.filled(bytes) };
  const direct: Socket & Handled = new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
  if (inner.ssl) {
    direct.ssl = inner.ssl;
    inner.ssl = null;
    direct._emitTLSError = (error) => direct.destroy(error);
  }
  direct.read(0);
  return direct;
}
