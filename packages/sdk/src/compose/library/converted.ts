import { call } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { STRING } from '../ir/types.ts';
import { Sym } from '../value/symbolic.ts';

/** Converts a value to its form in JavaScript: times and durations become strings, and bytes become base64. */
export function converted(value: Sym): Sym {
  const { type } = value;
  const as = (node: Node) => new Sym(node, { absence: value.absence, waits: value.waits, label: value.label });
  if (type.kind === 'timestamp' || type.kind === 'duration')
    return withoutShort(as(call('string', [value.node], STRING)));
  if (type.kind === 'bytes') return withoutShort(as(call('base64.encode', [value.node], STRING)));
  return value;
}

/**
 * Returns a converted value without the CEL optional in its `absence`, because this optional contains the value before
 * the conversion.
 */
export function withoutShort(value: Sym): Sym {
  if (value.absence === undefined) return value;
  const { optional: _, ...absence } = value.absence;
  return new Sym(value.node, { absence, waits: value.waits, label: value.label });
}
