/** The boundary between the page and where its sockets live and its frames are checked: a worker, or the page itself. */

import type { Hello } from '../protocol/messages.js';
import type { CheckedFrame, RefusedFrame } from './frame_check.js';
import type { KeptCommand, KeptEvent } from './kept_messages.js';

/** What a link is told to do. `id` names a socket, or a tunnel whose frames are only checked here. */
export type LinkCommand =
  /** Opens a socket and says `hello` on it. */
  | { t: 'open'; id: number; url: string; protocols: string[]; hello: Hello }
  | { t: 'send'; id: number; frame: Uint8Array }
  /** Have what comes down brought by a stream. */
  | { t: 'down'; id: number; url: string; ticket: string }
  | { t: 'close'; id: number }
  | { t: 'check'; id: number; message: ArrayBuffer }
  | KeptCommand;

/** What a link tells. After `hung` none of the ids before it exists any more. */
export type LinkEvent =
  /** From now on frames come by a stream. */
  | { t: 'moved'; id: number }
  | { t: 'closed'; id: number; code: number; reason: string }
  | { t: 'frame'; id: number; frame: CheckedFrame }
  | { t: 'refused'; id: number; refused: RefusedFrame }
  | { t: 'hung' }
  | KeptEvent;

export interface FrameLink {
  do(command: LinkCommand): void;
  dispose(): void;
}

/** Makes a link that reports its events to `report`. */
export type StartLink = (report: (event: LinkEvent) => void) => FrameLink;
