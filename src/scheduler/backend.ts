/** What starts instances. The scheduler knows no more of processes, batch systems or clusters than this. */

/** What an instance is to be. */
export interface InstanceRequest {
  readonly username: string;
  readonly shape: readonly [number, number, number];
  readonly dtype: string;
  /** Budget of the store; without it `storeBytesAtMost` or the machine decides, whichever is less. */
  readonly storeBytes: number | undefined;
  readonly storeBytesAtMost: number;
  /** File of its scene; without it the backend decides. */
  readonly scene?: string | undefined;
}

/** What must be known of an instance to find it again. */
export interface SavedInstance {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** The owner's token. */
  readonly token: string;
  readonly storeBytes: number;
  /** File of its scene, where it is kept. */
  readonly scene?: string | undefined;
  /** What its backend finds it by: JSON, of no meaning to others. */
  readonly handle: unknown;
}

/** An instance that is ready. */
export interface RunningInstance extends SavedInstance {
  /** Resolves, with the reason in words, when the instance has ended for whatever cause. */
  readonly ended: Promise<string>;
  /** Ends it; resolves when nothing of it is left. */
  stop(): Promise<void>;
}

export interface Backend {
  /** Starts an instance; resolves when it answers. @throws SchedulerError */
  start(request: InstanceRequest): Promise<RunningInstance>;
  /** An instance that an earlier scheduler started and wrote down; undefined where it is gone, or not that one. */
  adopt(saved: SavedInstance): Promise<RunningInstance | undefined>;
}

/** A request that cannot be met: why, with the value, and what to do. */
export class SchedulerError extends Error {
  constructor(
    message: string,
    readonly remedy: string,
  ) {
    super(message);
    this.name = 'SchedulerError';
  }
}
