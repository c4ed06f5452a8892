import { refuse } from '../refusal/refusal.ts';
import type { Trace } from '../trace/trace.ts';
import { activeTrace } from '../trace/current.ts';
import type { Sym } from '../value/symbolic.ts';

/** What each tracing run has brought in from outside, by what it stands for. */
const brought = new WeakMap<Trace, Map<object, Sym>>();

/**
 * The resource of the composition under way that stands for something outside it; made once for each run.
 *
 * @param key what it stands for
 * @param make makes the resource; called outside every condition and loop that is open
 */
export function bring(key: object, make: (trace: Trace) => Sym): Sym {
  const trace = activeTrace();
  const own = brought.get(trace) ?? new Map<object, Sym>();
  brought.set(trace, own);
  const known = own.get(key);
  if (known?.resource !== undefined) {
    // A branch that ends in `throw` takes back what was created in it.
    if (!trace.resources.includes(known.resource)) trace.resources.push(known.resource);
    return known;
  }
  if (trace.closed) {
    return refuse('unsupported', 'a reference to another composition is no value', 'read a field of it');
  }
  return trace.atRoot(() => {
    const made = make(trace);
    own.set(key, made);
    return made;
  });
}
