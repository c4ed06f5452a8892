import { oncePerObject } from '@typekro/kit/core';
import type { Overload } from '../library.ts';
import type { CelType } from '../types.ts';
import type { Substitution } from './substitution.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);
const NUMBERS: ReadonlySet<CelType['kind']> = new Set(['int', 'uint', 'double']);

/** Type parameters of overloads, computed once for all checks. */
const parametersOf = oncePerObject((overload: Overload): readonly string[] => {
  const found = new Set<string>();
  const visit = (type: CelType): void => {
    if (type.kind === 'param') found.add(type.name);
    type.params.forEach(visit);
  };
  [...overload.params, overload.result].forEach(visit);
  return [...found];
});

/** Prepares the signatures of overloads for the type check. */
export class Signatures {
  /** Returns the parameter and result types, with each type parameter replaced by a fresh type variable. */
  instantiate(overload: Overload, substitution: Substitution): { params: readonly CelType[]; result: CelType } {
    const names = parametersOf(overload);
    if (names.length === 0) return overload;
    const fresh = new Map(names.map((name) => [name, substitution.variable()]));
    const replace = (type: CelType): CelType => {
      if (type.kind === 'param') return fresh.get(type.name) ?? type;
      return type.params.length === 0 ? type : { ...type, params: type.params.map(replace) };
    };
    return { params: overload.params.map(replace), result: replace(overload.result) };
  }

  /** Is the overload a comparison of two different number types? */
  isMixedComparison(name: string, { params: [a, b] }: Overload): boolean {
    return COMPARISONS.has(name) && a !== undefined && b !== undefined && a.kind !== b.kind && NUMBERS.has(a.kind);
  }
}
