import { oncePerObject } from '@typekro/kit/core';
import { refuse } from '../refusal/refusal.ts';
import type { Trace } from '../trace/trace.ts';
import { activeTrace } from '../trace/current-trace.ts';
import type { Sym } from '../value/symbolic.ts';

/** For each trace, the resources that stand for values made outside of the composition function, by key. */
const broughtInto = oncePerObject((_: Trace) => new Map<object, Sym>());

/**
 * Returns the resource that stands for a value made outside of the composition function: a reference to another
 * composition, or a resource that a factory made. Each trace makes the resource once.
 *
 * @param key the thing that the resource represents
 * @param make makes the resource; called outside all open conditions and loops
 */
export function bring(key: object, make: (trace: Trace) => Sym): Sym {
  const trace = activeTrace();
  const own = broughtInto(trace);
  const known = own.get(key);
  if (known?.resource !== undefined) {
    // A branch that ended in `throw` may have removed the resource. It is then added again.
    if (!trace.resources.includes(known.resource)) trace.resources.push(known.resource);
    return known;
  }
  if (trace.closed) {
    return refuse('unsupported', 'a reference to another composition is not a value', 'read a field of it');
  }
  return trace.atRoot(() => {
    const made = make(trace);
    own.set(key, made);
    return made;
  });
}
