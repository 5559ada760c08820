/** Which brick is in which slot of an atlas, and which must go when another comes. Pure. */

/** A brick of a volume: its volume's handle and its number in that volume. */
export interface SlotOwner {
  readonly volume: number;
  readonly number: number;
}

/** What is known of a slot that holds a brick. */
export interface SlotEntry extends SlotOwner {
  readonly slot: number;
  generation: number;
  preview: boolean;
  /** The brick has changed at its source; a newer one is wanted. */
  stale: boolean;
  /** Turn in which it was last planned. */
  used: number;
}

/** Slots of one atlas. */
export class SlotMap {
  #capacity: number;
  #free: number[] = [];
  readonly #volumes = new Map<number, Map<number, SlotEntry>>();
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = 0;
    this.grow(capacity);
    this.#capacity = capacity;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Slots that hold a brick. */
  get count(): number {
    return this.#count;
  }

  get hasFree(): boolean {
    return this.#free.length > 0;
  }

  /** Adds slots; those in use stay where they are. */
  grow(capacity: number): void {
    const added: number[] = [];
    for (let slot = capacity - 1; slot >= this.#capacity; slot -= 1) added.push(slot);
    this.#free = [...added, ...this.#free];
    this.#capacity = Math.max(capacity, this.#capacity);
  }

  /** The bricks of a volume that are here, by number. */
  of(volume: number): ReadonlyMap<number, SlotEntry> {
    return this.#volumes.get(volume) ?? new Map();
  }

  /** The slot of a brick, if it has one. */
  get(owner: SlotOwner): SlotEntry | undefined {
    return this.#volumes.get(owner.volume)?.get(owner.number);
  }

  /**
   * A slot for a brick: its own, a free one, or that of the brick unused for longest, if it was not used in `turn`.
   *
   * @returns undefined where every slot is in use in this turn
   */
  claim(owner: SlotOwner, turn: number): { entry: SlotEntry; evicted: SlotOwner | undefined } | undefined {
    const own = this.get(owner);
    if (own) return { entry: own, evicted: undefined };
    let evicted: SlotEntry | undefined;
    let slot = this.#free.pop();
    if (slot === undefined) {
      evicted = this.#leastUsed(turn);
      if (!evicted) return undefined;
      this.remove(evicted);
      slot = this.#free.pop() as number;
    }
    const entry: SlotEntry = { ...owner, slot, generation: -1, preview: false, stale: false, used: turn };
    let volume = this.#volumes.get(owner.volume);
    if (!volume) {
      volume = new Map();
      this.#volumes.set(owner.volume, volume);
    }
    volume.set(owner.number, entry);
    this.#count += 1;
    return { entry, evicted };
  }

  /** Forgets a brick. */
  remove(owner: SlotOwner): void {
    const volume = this.#volumes.get(owner.volume);
    const entry = volume?.get(owner.number);
    if (!volume || !entry) return;
    volume.delete(owner.number);
    if (volume.size === 0) this.#volumes.delete(owner.volume);
    this.#free.push(entry.slot);
    this.#count -= 1;
  }

  /** Forgets every brick of a volume. */
  removeVolume(volume: number): void {
    for (const entry of [...this.of(volume).values()]) this.remove(entry);
  }

  /** All bricks that are here. */
  *entries(): IterableIterator<SlotEntry> {
    for (const volume of this.#volumes.values()) yield* volume.values();
  }

  #leastUsed(turn: number): SlotEntry | undefined {
    let least: SlotEntry | undefined;
    for (const entry of this.entries()) {
      if (entry.used < turn && (!least || entry.used < least.used)) least = entry;
    }
    return least;
  }
}
