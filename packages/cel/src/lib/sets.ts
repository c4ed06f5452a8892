import type { CallContext, Library } from '../library.ts';
import { BOOL, listType, typeParam } from '../types.ts';
import { elementsOf, type Value } from '../values.ts';
import { overload, declare } from './define.ts';
import { isEqual } from './equal.ts';

const LIST = listType(typeParam('T'));

/** cel-go's sets extension: functions that treat lists as sets. Stock kro does not turn it on. */
export const sets: Library = {
  name: 'cel.lib.ext.sets',
  functions: [
    declare('sets.contains', overload('list_sets_contains_list', [LIST, LIST], BOOL, containsAll)),
    declare(
      'sets.equivalent',
      overload(
        'list_sets_equivalent_list',
        [LIST, LIST],
        BOOL,
        (a: Value, b: Value, context: CallContext) => containsAll(a, b, context) && containsAll(b, a, context),
      ),
    ),
    declare(
      'sets.intersects',
      overload('list_sets_intersects_list', [LIST, LIST], BOOL, (a: Value, b: Value, context: CallContext) => {
        const right = elementsOf(b) ?? [];
        return (elementsOf(a) ?? []).some((element) => contains(right, element, context));
      }),
    ),
  ],
};

function contains(list: readonly Value[], element: Value, context: CallContext): boolean {
  context.charge(list.length);
  return list.some((other) => isEqual(element, other, context));
}

function containsAll(list: Value, part: Value, context: CallContext): boolean {
  const elements = elementsOf(list) ?? [];
  return (elementsOf(part) ?? []).every((element) => contains(elements, element, context));
}
