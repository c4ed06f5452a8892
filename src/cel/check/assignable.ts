import type { CelType } from '../types.ts';

/**
 * Can a value of type `from` stand where `to` is wanted? Every type can stand for `dyn`; `dyn` can stand for `dyn`
 * only.
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
