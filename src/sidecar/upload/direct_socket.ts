/**
 * Reading a socket into one buffer that is used again and again. Node gives each piece of up to 64 KiB memory of its own otherwise, which takes as long as
 * everything else that is done with it; and of a server's sockets it has no other way to ask for one.
 */

import { Socket } from 'node:net';

const BUFFER_BYTES = 256 * 1024;

/** Node's own, beneath a socket. */
interface Handled {
  _handle?: { useUserBuffer?: unknown } | null;
}

/** Calls `got` with each piece that comes on a paused socket, valid during the call. Returns the socket to write to, and to listen on for its end. */
export function readDirectly(socket: Socket, got: (piece: Uint8Array) => void): Socket {
  const inner = socket as Socket & Handled;
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', got);
    socket.resume();
    return socket;
  }
  inner._handle = null;
  const onread = {
    buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES),
    callback: (bytes: number, buffer: Uint8Array): boolean => {
      got(buffer.subarray(0, bytes));
      return true;
    },
  };
  const direct = new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
  direct.read(0);
  return direct;
}
