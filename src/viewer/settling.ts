/** A promise for when the picture is final, renewed whenever it no longer is. */

export class Settling {
  #settled = false;
  #resolve: () => void = () => undefined;
  #promise: Promise<void>;

  /** @param changed told of each change of state */
  constructor(readonly changed: (settled: boolean) => void) {
    this.#promise = this.#renewed();
    changed(false);
  }

  /** Fulfilled once the picture is final. Read it anew after each change that should show. */
  get promise(): Promise<void> {
    return this.#promise;
  }

  get settled(): boolean {
    return this.#settled;
  }

  set(settled: boolean): void {
    if (settled === this.#settled) return;
    this.#settled = settled;
    if (settled) this.#resolve();
    else this.#promise = this.#renewed();
    this.changed(settled);
  }

  #renewed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
