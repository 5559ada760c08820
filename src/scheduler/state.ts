/** Which user has which instance. One a user; two requests at the same time start only one. What a scheduler before this one started is taken up again. */

import type { Backend, InstanceRequest, RunningInstance } from './backend.js';
import type { StateFile } from './state_file.js';

/** An instance as the scheduler answers it. */
export interface InstanceRecord {
  readonly request: InstanceRequest;
  readonly running: RunningInstance;
  readonly started: Date;
}

export class SchedulerState {
  readonly #records = new Map<string, InstanceRecord>();
  readonly #starting = new Map<string, Promise<InstanceRecord>>();
  #closed = false;

  /**
   * @param log told when an instance ended without having been asked to
   * @param file where a scheduler after this one finds its instances again
   */
  constructor(
    readonly backend: Backend,
    readonly log: (message: string) => void,
    readonly file?: StateFile,
  ) {}

  /** Takes up the instances of a scheduler before this one that was killed. */
  async restore(): Promise<void> {
    await Promise.all(
      (this.file?.read() ?? []).map(async ({ request, started, running: saved }) => {
        const running = await this.backend.adopt(saved);
        this.log(`instance ${saved.id} of ${JSON.stringify(request.username)} ${running ? 'is taken up again' : 'is gone'}`);
        if (running) this.#add({ request, running, started: new Date(started) });
      }),
    );
    this.#save();
  }

  /** The user's instance, if it is ready and alive. */
  find(username: string): InstanceRecord | undefined {
    return this.#records.get(username);
  }

  /** The user's instance, started if there is none. */
  async initialize(request: InstanceRequest): Promise<InstanceRecord> {
    const { username } = request;
    const known = this.#records.get(username);
    if (known) return known;
    let starting = this.#starting.get(username);
    if (!starting) {
      starting = this.#start(request).finally(() => this.#starting.delete(username));
      this.#starting.set(username, starting);
    }
    return starting;
  }

  /** Ends the user's instance; false when there is none. */
  async stop(username: string): Promise<boolean> {
    await this.#starting.get(username)?.catch(() => {});
    const record = this.#records.get(username);
    if (!record) return false;
    this.#records.delete(username);
    await record.running.stop();
    this.#save();
    return true;
  }

  /** Ends all instances, also those that are just starting; none can be started any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#starting.values());
    await Promise.all([...this.#records.keys()].map((username) => this.stop(username)));
    this.file?.remove();
  }

  async #start(request: InstanceRequest): Promise<InstanceRecord> {
    if (this.#closed) throw new Error('the scheduler is ending');
    const running = await this.backend.start(request);
    const record: InstanceRecord = { request, running, started: new Date() };
    this.#add(record);
    this.#save();
    return record;
  }

  #add(record: InstanceRecord): void {
    const { request: { username }, running } = record;
    this.#records.set(username, record);
    running.ended.then((reason) => {
      if (this.#records.get(username) !== record) return;
      this.#records.delete(username);
      this.#save();
      this.log(`instance ${running.id} of ${JSON.stringify(username)} ${reason}`);
    });
  }

  #save(): void {
    this.file?.write(
      [...this.#records.values()].map(({ request, started, running: { id, host, port, token, storeBytes, scene, handle } }) => ({
        request, started: started.toISOString(), running: { id, host, port, token, storeBytes, scene, handle },
      })),
    );
  }
}
