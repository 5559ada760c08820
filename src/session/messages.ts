/** Control frames of the sidecar, decoded and handed to whom they concern. */

import { FrameType } from '../protocol/frame.js';
import { EditProgress } from '../protocol/labels.js';
import {
  Changed, decodeControl, ErrorMessage, Ping, Saved, VolumeAnnouncement, VolumeRef, VolumeStatus,
} from '../protocol/messages.js';

export interface MessageHandlers {
  volume(announcement: VolumeAnnouncement): void;
  volumeGone(ref: VolumeRef): void;
  status(status: VolumeStatus): void;
  changed(changed: Changed): void;
  scene(payload: Uint8Array): void;
  saved(saved: Saved): void;
  ping(t: number): void;
  pong(t: number): void;
  error(error: ErrorMessage): void;
  edited(payload: Uint8Array): void;
  region(payload: Uint8Array): void;
  progress(progress: EditProgress): void;
}

/**
 * Decodes the payload of a frame that is neither bricks nor ranges. Types that a viewer is never sent are ignored.
 *
 * @throws FrameError where the payload is not what its type says
 */
export function dispatchMessage(type: FrameType, payload: Uint8Array, to: MessageHandlers): void {
  if (type === FrameType.SCENE) to.scene(payload);
  else if (type === FrameType.SAVED) to.saved(decodeControl(Saved, payload));
  else if (type === FrameType.PING) to.ping(decodeControl(Ping, payload).t);
  else if (type === FrameType.PONG) to.pong(decodeControl(Ping, payload).t);
  else if (type === FrameType.VOLUME) to.volume(decodeControl(VolumeAnnouncement, payload));
  else if (type === FrameType.VOLUME_GONE) to.volumeGone(decodeControl(VolumeRef, payload));
  else if (type === FrameType.STATUS) to.status(decodeControl(VolumeStatus, payload));
  else if (type === FrameType.CHANGED) to.changed(decodeControl(Changed, payload));
  else if (type === FrameType.EDITED) to.edited(payload);
  else if (type === FrameType.REGION) to.region(payload);
  else if (type === FrameType.PROGRESS) to.progress(decodeControl(EditProgress, payload));
  else if (type === FrameType.ERROR) to.error(decodeControl(ErrorMessage, payload));
}

