/** What becomes of an instance whose parent has gone: it ends after a while, unless somebody who has its token takes it up, again and again. */
export class Orphan {
  #alone = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param ms how long it lives without anybody; 0: no longer than its parent */
  constructor(
    readonly ms: number,
    readonly end: (reason: string) => void,
  ) {}

  /** Its parent is gone. */
  begin(): void {
    if (this.#alone) return;
    this.#alone = true;
    if (this.ms === 0) this.end('stdin closed');
    else this.keep();
  }

  /** Somebody looks after it. */
  keep(): void {
    if (!this.#alone) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(`its parent is gone, and nobody took it up within ${this.ms} ms`), this.ms).unref();
  }
}
