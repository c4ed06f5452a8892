import type { CelType } from '../types.ts';

/** Can a value of type `from` stand where `to` is wanted? `dyn` takes anything but is taken only by `dyn`. */
export function isAssignable(from: CelType, to: CelType): boolean {
  if (to.kind === 'dyn') return true;
  return (
    from.kind === to.kind &&
    from.name === to.name &&
    from.params.length === to.params.length &&
    to.params.every((param, index) => isAssignable(from.params[index] as CelType, param))
  );
}
