/** What clients ask of editable labels, and the words of what is refused. */

import {
  CancelEdit, decodeControl, decodeHeadTail, EditHead, ErrorCode, FrameError, FrameType, LabelsRequest, MAX_NAME_CHARS, ReadLabels, Undo,
} from '../../protocol/index.js';

/** One frame of a client, with the id and the volume that an answer names. */
export type LabelFrame =
  | { kind: 'labels'; labels: LabelsRequest }
  | { kind: 'edit'; head: EditHead; tail: Uint8Array }
  | { kind: 'undo'; undo: Undo }
  | { kind: 'read'; read: ReadLabels }
  | { kind: 'cancel'; cancel: CancelEdit };

/** Frames that are about labels. */
export const LABEL_TYPES: ReadonlySet<FrameType> = new Set([FrameType.LABELS, FrameType.EDIT, FrameType.UNDO, FrameType.READ, FrameType.CANCEL_EDIT]);

/**
 * What a frame says.
 *
 * @throws FrameError
 */
export function parseLabelFrame(type: FrameType, payload: Uint8Array): LabelFrame {
  if (type === FrameType.LABELS) return { kind: 'labels', labels: decodeControl(LabelsRequest, payload) };
  if (type === FrameType.UNDO) return { kind: 'undo', undo: decodeControl(Undo, payload) };
  if (type === FrameType.READ) return { kind: 'read', read: decodeControl(ReadLabels, payload) };
  if (type === FrameType.CANCEL_EDIT) return { kind: 'cancel', cancel: decodeControl(CancelEdit, payload) };
  const { head, tail } = decodeHeadTail(EditHead, payload);
  return { kind: 'edit', head, tail: Uint8Array.from(tail) }; // the payload may be part of a larger buffer
}

const decoder = new TextDecoder();

/** The id and volume of a frame whatever else is wrong with it, so that who asked knows what was refused. */
export function idOf(type: FrameType, payload: Uint8Array): { id?: string; volume?: number } {
  try {
    const head = type === FrameType.EDIT ? payload.subarray(4, 4 + new DataView(payload.buffer, payload.byteOffset, 4).getUint32(0, true)) : payload;
    const { id, name, volume } = JSON.parse(decoder.decode(head));
    const said = type === FrameType.LABELS ? name : id;
    return {
      ...(typeof said === 'string' && said.length <= MAX_NAME_CHARS && { id: said }),
      ...(Number.isInteger(volume) && volume >= 0 && volume <= 0xffffffff && { volume }),
    };
  } catch {
    return {};
  }
}

/** A request that is JSON but not of its form is refused without ending the connection, where it can be named: a person made it. */
export function isHarmless(error: unknown, said: { id?: string }): error is FrameError {
  return error instanceof FrameError && error.code === ErrorCode.BAD_FRAME && said.id !== undefined;
}
