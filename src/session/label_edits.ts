/**
 * Edits of labels: sent, waited for, and sent again when the connection broke before they were answered, which the sidecar
 * applies once. What they change comes back as CHANGED, like any other change.
 */

import { FrameType } from '../protocol/frame.js';
import { encodeHeadTail, headOf } from '../protocol/head_tail.js';
import type { CancelEdit, Edited, EditMode, EditOp, EditProgress, LabelsRequest, SupervoxelAsk, ValueRange } from '../protocol/labels.js';
import type { ErrorMessage } from '../protocol/messages.js';

/** What an edit did. */
export interface EditDone {
  readonly voxels: number;
}

/** How an edit, or its undoing, is followed. */
export interface FollowOptions {
  /** Told, where it takes its time, of the part that is done: 0 to 1. */
  readonly progress?: ((share: number) => void) | undefined;
  /** Takes it back while it is not applied yet: it is then refused. */
  readonly signal?: AbortSignal | undefined;
}

/** What else an edit is sent with. */
export interface EditOptions extends FollowOptions {
  /** Values of an image, of the voxels that may be written. */
  readonly within?: ValueRange | undefined;
}

/** Voxels of each label above 0. */
export type LabelCounts = ReadonlyMap<number, number>;

/** A supervoxel: the box around it, and lengths of runs in that, off first. */
export interface ShownPiece {
  readonly start: readonly [number, number, number];
  readonly stop: readonly [number, number, number];
  readonly runs: readonly number[];
}

type Answer = EditDone | LabelCounts | ShownPiece;

interface Waiting {
  readonly send: () => void;
  readonly done: (what: Answer) => void;
  readonly failed: (error: Error) => void;
  readonly progress?: EditOptions['progress'];
}

const decoder = new TextDecoder();

export class LabelEdits {
  readonly #waiting = new Map<string, Waiting>();
  readonly #heard = new Set<(volume: number) => void>();
  /** Of frames from the sidecar. */
  readonly handlers = {
    edited: (payload: Uint8Array) => this.edited(payload), region: (payload: Uint8Array) => this.region(payload), progress: (told: EditProgress) => this.progress(told),
  };

  constructor(
    readonly sendFrame: (frame: Uint8Array) => void,
    readonly sendMessage: (type: FrameType, message: object) => void,
  ) {}

  /** Edits sent and not answered yet. */
  get underWay(): number {
    return this.#waiting.size;
  }

  /** Asks for a volume of labels that can be painted: it comes as an announcement. Rejects where the name is another volume's. */
  make(request: LabelsRequest): Promise<EditDone> {
    return this.#ask(request.name, () => this.sendMessage(FrameType.LABELS, request));
  }

  /** A volume was announced. */
  made(name: string): void {
    this.#take(name)?.done({ voxels: 0 });
  }

  /** Resolves once the edit is applied and durable. */
  edit(volume: number, author: string, op: EditOp, label: number, mode: EditMode, { within, ...follow }: EditOptions = {}): Promise<EditDone> {
    return this.#askFollowed(volume, follow, (id) => this.sendFrame(encodeHeadTail(FrameType.EDIT, { id, volume, author, op, label, mode, ...(within && { within }) })));
  }

  /** How many voxels each label has now. */
  counts(volume: number): Promise<LabelCounts> {
    const id = crypto.randomUUID();
    return this.#ask(id, () => this.sendMessage(FrameType.READ, { volume, id, counts: true }));
  }

  /** The supervoxel of an image under a voxel, as an edit would paint it. */
  supervoxel(volume: number, supervoxel: SupervoxelAsk): Promise<ShownPiece> {
    const id = crypto.randomUUID();
    return this.#ask(id, () => this.sendMessage(FrameType.READ, { volume, id, supervoxel }));
  }

  /** Calls `listener` with the volume of each edit, whoever made it; the result ends that. */
  onEdited(listener: (volume: number) => void): () => void {
    this.#heard.add(listener);
    return () => this.#heard.delete(listener);
  }

  /** Takes the author's last edit back, or does it again. Rejects where there is none. */
  undo(volume: number, author: string, redo: boolean, follow: FollowOptions = {}): Promise<EditDone> {
    return this.#askFollowed(volume, follow, (id) => this.sendMessage(FrameType.UNDO, { volume, id, author, ...(redo && { redo }) }));
  }

  /** An EDITED frame, of whomever's edit. */
  edited(payload: Uint8Array): void {
    const { id, volume, voxels } = JSON.parse(decoder.decode(payload)) as Partial<Record<keyof Edited, unknown>>;
    if (typeof id === 'string') this.#take(id)?.done({ voxels: Number(voxels) || 0 });
    for (const listener of this.#heard) listener(Number(volume));
  }

  /** A PROGRESS frame. */
  progress({ id, done, total }: EditProgress): void {
    this.#waiting.get(id)?.progress?.(total > 0 ? Math.min(done / total, 1) : 0);
  }

  /** A REGION frame: counts or a supervoxel, which of these are asked for here. */
  region(payload: Uint8Array): void {
    const { id, counts, ...rest } = headOf(payload);
    if (typeof id !== 'string') return;
    if (Array.isArray(counts)) this.#take(id)?.done(new Map(counts));
    else if (Array.isArray(rest.runs)) this.#take(id)?.done(rest as unknown as ShownPiece);
  }

  /** Whether an error was the answer to an edit. */
  refused({ id, message, remedy }: ErrorMessage): boolean {
    const waiting = id === undefined ? undefined : this.#take(id);
    waiting?.failed(new Error(remedy ? `${message}: ${remedy}` : message));
    return waiting !== undefined;
  }

  /** The connection is new: what was not answered is sent again. */
  again(): void {
    for (const { send } of this.#waiting.values()) send();
  }

  close(): void {
    for (const { failed } of this.#waiting.values()) failed(new Error('the view was closed'));
    this.#waiting.clear();
  }

  /** Sends what can be taken back: also when it was sent again. */
  #askFollowed(volume: number, { progress, signal }: FollowOptions, make: (id: string) => void): Promise<EditDone> {
    const id = crypto.randomUUID();
    const cancel = () => {
      if (this.#waiting.has(id)) this.sendMessage(FrameType.CANCEL_EDIT, { volume, id } satisfies CancelEdit);
    };
    const send = () => {
      make(id);
      if (signal?.aborted) cancel();
    };
    signal?.addEventListener('abort', cancel, { once: true });
    return this.#ask(id, send, progress);
  }

  #ask<T extends Answer>(id: string, send: () => void, progress?: EditOptions['progress']): Promise<T> {
    return new Promise((done, failed) => {
      this.#waiting.set(id, { send, done: done as Waiting['done'], failed, progress });
      send();
    });
  }

  #take(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
