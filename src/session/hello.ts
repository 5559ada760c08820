/** HELLO, as a session says it, and as a worker says it that was started before there is a session. */

import { DEFAULT_CREDIT_BYTES } from '../protocol/limits.js';
import type { Way } from '../protocol/codec.js';
import type { Hello } from '../protocol/messages.js';

/** An empty program: pages whose policy refuses WebAssembly refuse this one. */
const NOTHING = [0, 97, 115, 109, 1, 0, 0, 0];

/** What can be decoded here. */
function codecsHere(): Way[] {
  try {
    new WebAssembly.Module(Uint8Array.from(NOTHING));
    return ['lz4', 'zstd', 'preview'];
  } catch {
    return ['lz4', 'preview'];
  }
}

/**
 * What a viewer says first.
 *
 * @param codec what it wants bricks in, whatever the link is like; '' or undefined leaves it to the link
 */
export function helloOf(client: string, creditBytes = DEFAULT_CREDIT_BYTES, codec: Way | '' = ''): Hello {
  return { kind: 'viewer', client, credit_bytes: creditBytes, codecs: codecsHere(), ...(codec && { codec }) };
}
