import type { CelType } from '../types.ts';
import { ERROR } from '../types.ts';

/** A type as error messages write it. Only `null`, `timestamp` and `duration` differ from {@link typeToString}. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'null':
      return 'null';
    case 'timestamp':
      return 'timestamp';
    case 'duration':
      return 'duration';
    default:
      return type.params.length === 0 ? type.name : `${type.name}(${type.params.map(formatType).join(', ')})`;
  }
}

/** Formats the argument types of a call: `(int, string)`, or `string.(int)` for a call with a receiver. */
export function formatArguments(types: readonly CelType[], member: boolean): string {
  const target = member ? `${formatType(types[0] ?? ERROR)}.` : '';
  return `${target}(${(member ? types.slice(1) : types).map(formatType).join(', ')})`;
}
