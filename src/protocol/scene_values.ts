/** How large one value of the scene document may be: one that fits no frame could be given to nobody. */

import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { MAX_SCENE_VALUE_BYTES } from './limits.js';

/** Bytes of the first change in an update that is larger than one may be; undefined where there is none. */
export function oversized(update: Uint8Array, most = MAX_SCENE_VALUE_BYTES): number | undefined {
  if (update.byteLength <= most) return undefined;
  for (const struct of Y.decodeUpdate(update).structs) {
    const encoder = new Y.UpdateEncoderV1();
    struct.write(encoder, 0);
    const bytes = encoding.length(encoder.restEncoder);
    if (bytes > most) return bytes;
  }
  return undefined;
}
