/** Things of known size, as many as a budget of bytes holds; those that were not used for longest go first. */
export class Lru<T> {
  readonly #items = new Map<string, { item: T; bytes: number }>();
  #bytes = 0;

  /** @param gone told of what had to go for want of room */
  constructor(
    readonly budget: number,
    readonly gone: (key: string, item: T) => void = () => {},
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): T | undefined {
    const entry = this.#items.get(key);
    if (!entry) return undefined;
    this.#items.delete(key);
    this.#items.set(key, entry);
    return entry.item;
  }

  set(key: string, item: T, bytes: number): void {
    this.delete(key);
    this.#items.set(key, { item, bytes });
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#items) {
      if (this.#bytes <= this.budget || oldest === key) break;
      this.delete(oldest);
      this.gone(oldest, entry.item);
    }
  }

  delete(key: string): void {
    const entry = this.#items.get(key);
    if (!entry) return;
    this.#items.delete(key);
    this.#bytes -= entry.bytes;
  }

  /** Forgets what keys begin with `prefix`. */
  clear(prefix: string): void {
    for (const key of [...this.#items.keys()]) if (key.startsWith(prefix)) this.delete(key);
  }
}
