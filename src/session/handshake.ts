/** HELLO and WELCOME: what makes a wire a connection. */

import { FrameType } from '../protocol/frame.js';
import { decodeControl, encodeControl, ErrorMessage, type Hello, Welcome } from '../protocol/messages.js';
import type { Wire } from './wires.js';

/** Why no connection came about. */
export class ConnectError extends Error {
  constructor(
    message: string,
    /** An ERROR code, or the WebSocket's close code. */
    readonly code: number,
    readonly remedy?: string,
  ) {
    super(message);
    this.name = 'ConnectError';
  }
}

/** Says HELLO on an open wire and waits for the WELCOME, as `welcomed` does. */
export function greet(wire: Wire, hello: Hello): Promise<Welcome> {
  const welcome = welcomed(wire);
  wire.send(encodeControl(FrameType.HELLO, hello));
  return welcome;
}

/**
 * Waits for the WELCOME on a wire. Frames that follow it are kept for the next listener.
 *
 * @param silent what is said of a wire that closes without a word
 * @throws ConnectError where the sidecar refuses, or the wire closes
 */
export function welcomed(wire: Wire, silent = 'the server closed the connection'): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    wire.listen((event) => {
      if (event.t === 'closed') reject(new ConnectError(event.reason || silent, event.code));
      else if (event.t === 'refused') reject(new ConnectError(event.refused.message, event.refused.code));
      else if (event.t === 'frame' && event.frame.body.kind === 'bytes') {
        const { header, body } = event.frame;
        try {
          if (header.type === FrameType.ERROR) {
            const error = decodeControl(ErrorMessage, body.payload);
            reject(new ConnectError(error.message, error.code, error.remedy));
          } else if (header.type === FrameType.WELCOME) {
            const welcome = decodeControl(Welcome, body.payload);
            wire.hold();
            resolve(welcome);
          }
        } catch (error) {
          reject(error);
        }
      }
    });
  });
}
