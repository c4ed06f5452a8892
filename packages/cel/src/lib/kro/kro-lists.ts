import type { CallContext, Library } from '../../library.ts';
import { INT, listType, typeParam } from '../../types.ts';
import { elementsOf, fail, type Int, type Value } from '../../values.ts';
import { overload, declare } from '../define.ts';

const T = typeParam('T');
const LIST = listType(T);

/** kro's functions that return a list with one element set, inserted or removed. */
export const kroLists: Library = {
  name: 'kro.lists',
  functions: [
    declare(
      'lists.setAtIndex',
      overload(
        'lists.setAtIndex_list_int_T',
        [LIST, INT, T],
        LIST,
        (list: Value, index: Int, value: Value, context: CallContext) =>
          changed('lists.setAtIndex', list, index, 0, context, (copy, at) => (copy[at] = value)),
      ),
    ),
    declare(
      'lists.insertAtIndex',
      overload(
        'lists.insertAtIndex_list_int_T',
        [LIST, INT, T],
        LIST,
        (list: Value, index: Int, value: Value, context: CallContext) =>
          changed('lists.insertAtIndex', list, index, 1, context, (copy, at) => copy.splice(at, 0, value)),
      ),
    ),
    declare(
      'lists.removeAtIndex',
      overload('lists.removeAtIndex_list_int', [LIST, INT], LIST, (list: Value, index: Int, context: CallContext) =>
        changed('lists.removeAtIndex', list, index, 0, context, (copy, at) => copy.splice(at, 1)),
      ),
    ),
  ],
};

/**
 * Returns a changed copy of the list. `beyond` is 1 if the index after the last element is allowed, as for an
 * insertion.
 */
function changed(
  name: string,
  list: Value,
  index: Int,
  beyond: 0 | 1,
  context: CallContext,
  change: (copy: Value[], at: number) => unknown,
): Value {
  const elements = elementsOf(list) ?? [];
  if (index < 0 || index >= elements.length + beyond) {
    const range = `[0, ${elements.length}${beyond === 1 ? ']' : ')'}`;
    return fail(`${name}: index ${index} out of bounds ${range}`);
  }
  context.charge(elements.length);
  const copy = [...elements];
  change(copy, Number(index));
  return copy;
}
