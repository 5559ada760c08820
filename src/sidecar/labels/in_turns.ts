/** Long work in short turns: others get theirs between, and who no longer wants it can stop it. */

/** How long one turn may take. */
const TURN_MS = 4;

/** Others have their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs `steps` to their end.
 *
 * @param signal ends it between two turns, by throwing its reason
 * @param progress told after each turn but the last of the sum of what was yielded
 */
export async function inTurns<T>(steps: Generator<number, T>, signal?: AbortSignal, progress?: (done: number) => void): Promise<T> {
  let done = 0;
  let end = performance.now() + TURN_MS;
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    done += step.value;
    if (performance.now() < end) continue;
    progress?.(done);
    await nextTurn();
    signal?.throwIfAborted();
    end = performance.now() + TURN_MS;
  }
}
