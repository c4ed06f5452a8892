import { refuse } from '../trace/refusal.ts';

const LATER =
  'make the resource at once; one that is to wait for another reads a field of it, or names it in dependsOn()';

/** Functions that run others later: a composition is followed once, when it is made. */
const TIMERS: ReadonlySet<string> = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'nextTick',
]);

/** What waits for promises, of which a composition has none. */
const WAITING: ReadonlySet<string> = new Set(['all', 'allSettled', 'any', 'race', 'resolve']);

/** Refuses calls of the host that have no meaning in a composition, in words of their own. */
export function refuseHostCall(self: unknown, fn: { readonly name: string }, label: string): void {
  const isTimer = TIMERS.has(fn.name) && (fn === Reflect.get(globalThis, fn.name) || self === process);
  if (isTimer) refuse('native-call', `a composition has no clock: what ${label}() calls would run after it`, LATER);
  if (self === Promise && WAITING.has(fn.name)) {
    refuse(
      'native-call',
      `a composition waits for nothing, so ${label}() has no promise to wait for`,
      `leave out ${label}(): a factory gives its resource at once`,
    );
  }
}
