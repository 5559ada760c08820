import * as Y from 'yjs';
import type { VolumeDescription } from '../../../src/protocol/messages.js';

/** Gives each document what the others have. */
export function merge(...docs: Y.Doc[]): void {
  for (const from of docs) for (const to of docs) if (from !== to) Y.applyUpdate(to, Y.encodeStateAsUpdate(from), 'network');
}

/** Two documents that begin alike. */
export function twoDocs(): [Y.Doc, Y.Doc] {
  return [new Y.Doc(), new Y.Doc()];
}

export function description(changes: Partial<VolumeDescription> = {}): VolumeDescription {
  return {
    name: 'brain',
    kind: 'image',
    dtype: 'uint16',
    stored: 'u16',
    scale: 1,
    offset: 0,
    shape: [189, 233, 197],
    voxel_size: [1, 1, 1],
    unit: 'mm',
    origin: [0, 0, 0],
    fingerprint: 'f',
    display: {},
    ...changes,
  };
}
