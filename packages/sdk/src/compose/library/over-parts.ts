import { unlessRefused } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { symOfItems } from '../value/value-nodes.ts';
import { isOpen } from '../value/open.ts';
import type { Sym } from '../value/symbolic.ts';

/**
 * Runs a callback for each part of a list whose elements are not all known, such as `[...spec.tags, 'main']`. If the
 * callback makes a resource with an explicit id, the parts would make several resources with this id. The callback then
 * runs once over the whole list instead, so that the resource is one collection.
 */
export function overParts<T>(items: readonly unknown[], each: () => T, whole: (list: Sym) => T): T {
  const trace = activeTrace();
  if (items.length < 2 || !items.some(isOpen)) return each();
  const before = trace.resources.length;
  const attempt = trace.attempt(each);
  if (!makesOneIdTwice(before)) return attempt.result;
  const list = joined(items);
  if (list === undefined) return attempt.result;
  attempt.takeBack();
  return whole(list);
}

function makesOneIdTwice(from: number): boolean {
  const made = activeTrace()
    .resources.slice(from)
    .filter(({ explicitId }) => explicitId);
  return new Set(made.map(({ id }) => id)).size < made.length;
}

/** The parts as one list. `undefined` when they cannot be one list; the resources with equal ids are refused then. */
const joined = (items: readonly unknown[]): Sym | undefined => unlessRefused(() => symOfItems(items));
