import { type CelType, ERROR } from '../types.ts';
import { oncePerObject } from '@typekro/kit/core';

/** The maximum number of names in the type of a map literal. The types in real expressions have a few dozen names. */
export const MAX_TYPE_SIZE = 2_000;

/**
 * The number of type names in a type when it is printed. Type objects share their parts, so a small object can have a
 * very long printed form.
 */
export const typeSize: (type: CelType) => number = oncePerObject((type) =>
  type.params.reduce((sum, param) => sum + typeSize(param), 1),
);

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
