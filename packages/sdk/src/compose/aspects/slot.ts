import { defineFactory } from '../value/native-functions.ts';
import type { Variable } from '../ir/node.ts';
import type { ResourceRecord } from '../trace/records.ts';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { symbolic } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';

/**
 * Maps the variable of a resource to its slot. The key is the variable, because an aspect replaces the `ResourceRecord`
 * but keeps the variable.
 */
const slots = new WeakMap<Variable, string>();

/** The slot of a resource, if it has one. */
export function resourceSlot(record: ResourceRecord): string | undefined {
  return slots.get(record.variable);
}

/**
 * Gives a resource a name by which aspects find it, independent of its id: `slot('web', Deployment({ … }))`.
 *
 * @throws CompositionError when the value is not a resource.
 */
export const slot = defineFactory(<R extends object>(name: string, resource: R): R => {
  recordSlot(name, resource);
  return resource;
});

function recordSlot(name: string, raw: unknown): void {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    for (const side of [inner.then, inner.otherwise]) if (resolveMerged(side) !== undefined) recordSlot(name, side);
  } else if (inner instanceof Sym && inner.resource !== undefined) slots.set(inner.resource.variable, name);
  else refuse('types', 'slot() takes a resource', 'pass what a factory returned');
}
