import type { CelType } from '../types.ts';

/**
 * Is a value of type `from` assignable to type `to`? Every type is assignable to `dyn`; `dyn` is assignable only to
 * `dyn`.
 */
export function isAssignable(from: CelType, to: CelType): boolean {
  if (to.kind === 'dyn') return true;
  return (
    from.kind === to.kind &&
    from.name === to.name &&
    from.params.length === to.params.length &&
    to.params.every((param, index) => isAssignable(from.params[index] as CelType, param))
  );
}
