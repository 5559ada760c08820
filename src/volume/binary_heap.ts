/** A heap of numbers with their weights: the heaviest comes out first. */
export class MaxHeap {
  readonly #items: number[] = [];
  readonly #weights: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Adds an item. */
  push(item: number, weight: number): void {
    let at = this.#items.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((this.#weights[above] as number) >= weight) break;
      this.#items[at] = this.#items[above] as number;
      this.#weights[at] = this.#weights[above] as number;
      at = above;
    }
    this.#items[at] = item;
    this.#weights[at] = weight;
  }

  /** Takes the heaviest item out, or undefined from an empty heap. */
  pop(): number | undefined {
    const top = this.#items[0];
    const item = this.#items.pop();
    const weight = this.#weights.pop();
    if (item === undefined || weight === undefined || this.#items.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#items.length) break;
      if (below + 1 < this.#items.length && (this.#weights[below + 1] as number) > (this.#weights[below] as number)) below += 1;
      if ((this.#weights[below] as number) <= weight) break;
      this.#items[at] = this.#items[below] as number;
      this.#weights[at] = this.#weights[below] as number;
      at = below;
    }
    this.#items[at] = item;
    this.#weights[at] = weight;
    return top;
  }
}
