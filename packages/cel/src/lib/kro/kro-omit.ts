import type { Library } from '../../library.ts';
import { DYN } from '../../types.ts';
import { fail } from '../../values.ts';
import { overload, declare } from '../define.ts';
import { LibraryValue } from '../opaque.ts';

/** The value of `omit()`: the renderer of a template removes the field or element with this value. */
class OmitValue extends LibraryValue {
  get typeName(): string {
    return 'kro.omit';
  }
  equals(): boolean {
    return fail('omit() is a field-removal sentinel and cannot be compared');
  }
  toString(): string {
    return '{}';
  }
}

/** The only value of its type. */
export const OMIT: LibraryValue = new OmitValue();

/**
 * kro's `omit()`. `../references.ts` refuses calls when the feature is off, and outside of templates. `packages/engine/src/graph`
 * refuses calls in `forEach` and in identity fields (such as `metadata.name`).
 */
export const kroOmit: Library = {
  name: 'kro.omit',
  functions: [
    declare(
      'omit',
      overload('omit_void', [], DYN, () => OMIT),
    ),
  ],
};
