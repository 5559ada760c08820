/** HELLO, as a session says it, and as a worker says it that was started before there is a session. */

import { DEFAULT_CREDIT_BYTES } from '../protocol/limits.js';
import type { Hello } from '../protocol/messages.js';

/** What a viewer says first. */
export function helloOf(client: string, creditBytes = DEFAULT_CREDIT_BYTES): Hello {
  return { kind: 'viewer', client, credit_bytes: creditBytes };
}
