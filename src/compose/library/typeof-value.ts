import { cond, literal } from '../ir/build.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { textValue } from '../value/ops.ts';
import { labelOf, symbolic } from '../value/proxy.ts';
import type { Sym } from '../value/symbolic.ts';
import { Phi } from '../value/symbolic.ts';
import { refuse } from '../refusal/refusal.ts';

/** `typeof value`: a constant by the static type, or a condition where the value may be missing. */
export function typeofValue(raw: unknown): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner === undefined) return typeof value;
  if (inner instanceof Phi) return distribute(inner, typeofValue);
  const name = nameOf(inner);
  if (inner.absence === undefined) return name;
  return textValue(cond(inner.absence.has, literal(name), literal('undefined')));
}

function nameOf(value: Sym): string {
  switch (value.type.kind) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'bool':
      return 'boolean';
    case 'dyn':
      return refuse('types', `the type of ${labelOf(value)} is not known`, 'declare it in the schema');
    default:
      return 'object';
  }
}
