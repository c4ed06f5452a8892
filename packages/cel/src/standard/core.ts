import { chargePass, chargeSearch, declare } from '../lib/define.ts';
import type { CallContext, Library, Overload } from '../library.ts';
import { codePointLength } from '../utf8.ts';
import { type CelType, BOOL, BYTES, DYN, INT, STRING, listType, mapType, typeParam, typeType } from '../types.ts';
import { type Value, CelMap, CelTypeValue, MapView, elementsOf, isObject, typeNameOf } from '../values.ts';

const A = typeParam('A');
const B = typeParam('B');

function sizeOf(value: Value, context: CallContext): number {
  if (typeof value === 'string') {
    chargePass(context, value);
    return codePointLength(value);
  }
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof CelMap) return value.size;
  const elements = elementsOf(value);
  if (elements !== undefined) return elements.length;
  const size = value instanceof MapView ? value.size : isObject(value) ? Object.keys(value).length : 0;
  if (size > 64) context.charge(size);
  return size;
}

const SIZED: readonly (readonly [string, CelType])[] = [
  ['bytes', BYTES],
  ['list', listType(A)],
  ['map', mapType(A, B)],
  ['string', STRING],
];

function sizes(): Overload[] {
  return SIZED.flatMap(([name, type]) => [
    { id: `size_${name}`, params: [type], result: INT, call: sizeOf },
    { id: `${name}_size`, member: true, params: [type], result: INT, call: sizeOf },
  ]);
}

function textTest(id: string, test: (text: string, part: string, context: CallContext) => boolean): Overload {
  return {
    id,
    member: true,
    params: [STRING, STRING],
    result: BOOL,
    call: (text: string, part: string, context: CallContext) => {
      chargePass(context, text);
      return test(text, part, context);
    },
  };
}

/** `size`, `type`, `dyn`, and the tests of strings that take no pattern: `contains`, `startsWith` and `endsWith`. */
export const core: Library = {
  name: 'stdlib.core',
  functions: [
    { name: 'size', overloads: sizes() },
    declare('type', {
      id: 'type',
      params: [A],
      result: typeType(A),
      call: (value: Value) => new CelTypeValue(typeNameOf(value)),
    }),
    declare('dyn', { id: 'to_dyn', params: [A], result: DYN, call: (value: Value) => value }),
    declare(
      'contains',
      textTest('contains_string', (text, part, context) => {
        chargeSearch(context, text, part);
        return text.includes(part);
      }),
    ),
    declare(
      'endsWith',
      textTest('ends_with_string', (text, part) => text.endsWith(part)),
    ),
    declare(
      'startsWith',
      textTest('starts_with_string', (text, part) => text.startsWith(part)),
    ),
  ],
};
