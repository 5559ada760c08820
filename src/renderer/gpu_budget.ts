/** Counts the bytes of every texture and render target, and refuses what would go over the budget. */

export const DEFAULT_GPU_BYTES = 512 * 2 ** 20;

/** Something did not fit. */
export class BudgetError extends RangeError {
  constructor(
    message: string,
    /** Bytes by which it did not. */
    readonly missing: number,
  ) {
    super(message);
    this.name = 'BudgetError';
  }
}

/** The renderer's account of GPU memory. */
export class GpuBudget {
  /** The most that was ever held at once. */
  peak = 0;
  #total = 0;
  #max: number;
  readonly #held = new Map<string, number>();

  /** @param max bytes that may be held at once */
  constructor(max: number) {
    this.#max = max;
  }

  get max(): number {
    return this.#max;
  }

  /** Another bound. What is held beyond it is the caller's to let go of, before it is used again. */
  limit(max: number): void {
    this.#max = max;
  }

  get total(): number {
    return this.#total;
  }

  /** Bytes that can still be taken. */
  get free(): number {
    return this.max - this.#total;
  }

  /** Bytes held under names that begin with `prefix`. */
  heldBy(prefix: string): number {
    let bytes = 0;
    for (const [name, held] of this.#held) if (name.startsWith(prefix)) bytes += held;
    return bytes;
  }

  /**
   * Takes `bytes` for `name`, in place of what that name held.
   *
   * @throws BudgetError where that would exceed the budget; nothing changes then
   */
  take(name: string, bytes: number): void {
    const total = this.#total - (this.#held.get(name) ?? 0) + bytes;
    if (total > this.max) {
      throw new BudgetError(
        `${name} needs ${bytes} bytes of GPU memory; ${this.#total} of ${this.max} are in use: raise max_gpu_bytes or make the view smaller`,
        total - this.max,
      );
    }
    this.#held.set(name, bytes);
    this.#total = total;
    this.peak = Math.max(this.peak, total);
  }

  /** Gives back what `name` held. */
  release(name: string): void {
    this.#total -= this.#held.get(name) ?? 0;
    this.#held.delete(name);
  }
}
