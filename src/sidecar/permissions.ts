/** Who may send which frame: one table, so that a new type is refused until it stands here. */

import { FrameType, type Role } from '../protocol/index.js';

/** What a client is, by its HELLO. */
export type Kind = 'viewer' | 'producer' | 'helper';

const RANK: Readonly<Record<Role, number>> = { view: 0, edit: 1, owner: 2 };

/** The least role of each kind of client for a frame; a kind that is absent may not send it at all. */
const MAY_SEND: Readonly<Partial<Record<FrameType, Readonly<Partial<Record<Kind, Role>>>>>> = {
  [FrameType.NEED]: { viewer: 'view' },
  [FrameType.CANCEL]: { viewer: 'view' },
  [FrameType.NEED_TILE]: { viewer: 'view' },
  [FrameType.CANCEL_TILE]: { viewer: 'view' },
  [FrameType.CREDIT]: { viewer: 'view' },
  [FrameType.ERROR]: { viewer: 'view', producer: 'owner', helper: 'owner' },
  [FrameType.PING]: { viewer: 'view', producer: 'owner', helper: 'owner' },
  [FrameType.PONG]: { viewer: 'view', producer: 'owner', helper: 'owner' },
  [FrameType.SCENE]: { viewer: 'view', producer: 'owner' }, // changes of it: scene_link.ts
  [FrameType.BRICK]: { producer: 'owner', helper: 'owner' },
  [FrameType.VOLUME]: { producer: 'owner' },
  [FrameType.VOLUME_GONE]: { producer: 'owner' },
  [FrameType.RANGES]: { producer: 'owner' },
  [FrameType.DONE]: { producer: 'owner', helper: 'owner' },
  [FrameType.FILL]: { producer: 'owner' },
  [FrameType.CHANGED]: { producer: 'owner' },
  [FrameType.LABELS]: { viewer: 'edit', producer: 'owner' },
  [FrameType.EDIT]: { viewer: 'edit', producer: 'owner' },
  [FrameType.UNDO]: { viewer: 'edit', producer: 'owner' },
  [FrameType.CANCEL_EDIT]: { viewer: 'edit', producer: 'owner' },
  [FrameType.READ]: { viewer: 'view', producer: 'owner' },
  [FrameType.HELP]: { helper: 'owner' },
  [FrameType.UPLOAD]: { producer: 'owner', helper: 'owner' },
  [FrameType.HISTORY]: { viewer: 'view', producer: 'owner' }, // changing it: history.ts
  [FrameType.STOP]: { viewer: 'owner', producer: 'owner' },
};

/** `yes`; `no`, somebody else may; `never`, no client sends such a frame (after HELLO). */
export function maySend(kind: Kind, role: Role, type: FrameType): 'yes' | 'no' | 'never' {
  const row = MAY_SEND[type];
  if (!row) return 'never';
  const least = row[kind];
  return least !== undefined && RANK[role] >= RANK[least] ? 'yes' : 'no';
}

/** Whether `role` may do what `least` may. */
export function atLeast(role: Role, least: Role): boolean {
  return RANK[role] >= RANK[least];
}
