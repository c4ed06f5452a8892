import { makeNode } from '../ir/node.ts';
import { describeType, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { textNode, textValue } from '../value/ops.ts';
import { labelOf, wrap } from '../value/proxy.ts';
import type { Sym } from '../value/symbolic.ts';

/** Calls a method of a number or boolean. */
export function numberMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
  switch (name) {
    case 'toString':
      if (args.length > 0 && resolveMerged(args[0]) !== 10)
        return refuse('no-cel', '.toString() with a base has no CEL form');
      return textValue(textNode(wrap(value)), value.waits);
    case 'valueOf':
      return wrap(value);
    case 'toFixed':
      return toFixed(value, resolveMerged(args[0]) ?? 0);
    case 'toLocaleString':
    case 'toPrecision':
    case 'toExponential':
      return refuse('no-cel', `.${name}() of a number has no CEL form`, 'use .toFixed()');
    default:
      return refuse(
        'member',
        `${labelOf(value)} is a ${value.type.kind === 'bool' ? 'boolean' : 'number'}; it has no member "${name}"`,
      );
  }
}

function toFixed(value: Sym, digits: unknown): unknown {
  if (typeof digits !== 'number' || !Number.isInteger(digits) || digits < 0 || digits > 20) {
    return refuse('no-cel', '.toFixed() needs a constant number of digits, from 0 to 20');
  }
  if (value.type.kind !== 'number')
    return refuse('types', `.toFixed() of ${labelOf(value)} (${describeType(value.type)}) has no CEL form`);
  return textValue(makeNode({ kind: 'tofixed', args: [value.node], digits, type: STRING }), value.waits);
}
