import type { Clock } from '@typekro/kube';

/**
 * The number of concurrent effects at first. It is small because each garbage collection copies the bodies of waiting
 * requests.
 */
const EFFECTS_AT_FIRST = 16;
/**
 * The interval, in milliseconds, at which the limit grows by `EFFECTS_AT_FIRST`, up to `MAX_EFFECTS`. The limit grows
 * so that hanging requests do not block the others.
 */
const MORE_AFTER_MS = 1000;
const MAX_EFFECTS = 128;

/**
 * Carries out an effect for each item with limited concurrency. Like `allEffects`, it waits for all effects and then
 * throws the first failure.
 */
export async function eachEffect<Item>(
  clock: Clock,
  items: readonly Item[],
  effect: (item: Item) => Promise<void>,
): Promise<void> {
  if (items.length === 0) return;
  const left = items.values();
  const failures: unknown[] = [];
  const work = async () => {
    for (const item of left) {
      try {
        await effect(item);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
  };
  const workers: Promise<void>[] = [];
  let timer: { cancel(): void } | undefined;
  const addWorkers = (added: number) => {
    for (let count = 0; count < added; count += 1) workers.push(work());
    const isMore = workers.length < Math.min(items.length, MAX_EFFECTS);
    timer = isMore ? clock.setTimer(MORE_AFTER_MS, () => addWorkers(EFFECTS_AT_FIRST)) : undefined;
  };
  addWorkers(Math.min(items.length, EFFECTS_AT_FIRST));
  // The loop also awaits workers that are added later.
  for (const worker of workers) await worker;
  timer?.cancel();
  if (failures.length > 0) throw failures[0];
}

/**
 * Waits for all effects and then throws the first failure. It waits even when one fails, because no effect may overlap
 * with the next pass of the same instance.
 */
export async function allEffects<Effects extends readonly unknown[]>(effects: {
  readonly [Index in keyof Effects]: Promise<Effects[Index]>;
}): Promise<Effects> {
  const values: unknown[] = [];
  for (const outcome of await Promise.allSettled(effects)) {
    if (outcome.status === 'rejected') throw outcome.reason;
    values.push(outcome.value);
  }
  return values as unknown as Effects;
}
