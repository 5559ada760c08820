/** A binary heap whose items can be found again: asking once more only moves an item. Equal priorities keep their order. */

interface Node<T> {
  id: string;
  priority: number;
  order: number;
  item: T;
}

const before = <T>(a: Node<T>, b: Node<T>) => a.priority < b.priority || (a.priority === b.priority && a.order < b.order);

export class PriorityQueue<T> {
  readonly #heap: Node<T>[] = [];
  readonly #at = new Map<string, number>();
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  has(id: string): boolean {
    return this.#at.has(id);
  }

  /** Adds an item, or changes the priority of the one with this id. */
  set(id: string, priority: number, item: T): void {
    const at = this.#at.get(id);
    if (at === undefined) {
      this.#order += 1;
      this.#heap.push({ id, priority, order: this.#order, item });
      this.#at.set(id, this.#heap.length - 1);
      this.#up(this.#heap.length - 1);
      return;
    }
    const node = this.#heap[at] as Node<T>;
    node.priority = priority;
    node.item = item;
    this.#down(this.#up(at));
  }

  /** The item of smallest priority. */
  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  /** Takes the item of smallest priority out. */
  pop(): T | undefined {
    const top = this.#heap[0];
    if (top) this.delete(top.id);
    return top?.item;
  }

  /** Takes an item out; true when it was there. */
  delete(id: string): boolean {
    const at = this.#at.get(id);
    if (at === undefined) return false;
    this.#at.delete(id);
    const last = this.#heap.pop() as Node<T>;
    if (at < this.#heap.length) {
      this.#heap[at] = last;
      this.#at.set(last.id, at);
      this.#down(this.#up(at));
    }
    return true;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#at.clear();
  }

  #up(at: number): number {
    let i = at;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(this.#heap[i] as Node<T>, this.#heap[parent] as Node<T>)) break;
      this.#swap(i, parent);
      i = parent;
    }
    return i;
  }

  #down(at: number): void {
    let i = at;
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#heap.length && before(this.#heap[child] as Node<T>, this.#heap[least] as Node<T>)) least = child;
      }
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a] as Node<T>, this.#heap[b] as Node<T>];
    this.#heap[a] = y;
    this.#heap[b] = x;
    this.#at.set(y.id, a);
    this.#at.set(x.id, b);
  }
}
