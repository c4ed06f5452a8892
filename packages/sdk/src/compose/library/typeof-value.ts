import { cond, literal } from '../ir/build.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { textValue } from '../value/ops.ts';
import { labelOf, symbolic } from '../value/proxy.ts';
import { type Sym, Phi, testedPresence } from '../value/symbolic.ts';
import { refuse } from '../refusal/refusal.ts';

/**
 * `typeof value`: a constant, which the static type determines; a conditional expression when the value may be missing.
 *
 * @param compared the constant with which the result is compared. Without it, or if it is `object` or `undefined`, a
 *   value that may be null or absent is refused, because a graph does not distinguish the two.
 */
export function typeofValue(raw: unknown, compared?: string): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner === undefined) return typeof value;
  if (inner instanceof Phi) return distribute(inner, (side) => typeofValue(side, compared));
  const name = nameOf(inner);
  const { absence } = inner;
  if (absence === undefined) return name;
  if (absence.missing === 'either' && ['object', 'undefined'].includes(compared ?? 'object'))
    refuse(
      'absent',
      `${labelOf(inner)} may be null or absent, and typeof distinguishes them`,
      'test it with == null first, or declare the field as nullable or as optional, not both',
    );
  const missing = absence.missing === 'null' ? 'object' : 'undefined';
  return missing === name ? name : textValue(cond(testedPresence(absence), literal(name), literal(missing)));
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
