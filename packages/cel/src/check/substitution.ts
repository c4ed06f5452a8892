import { type CelType, DYN, isOptional, paramOf, sameType } from '../types.ts';

/** The kinds of types to which `null` is assignable. */
const NULLABLE: ReadonlySet<CelType['kind']> = new Set(['opaque', 'struct', 'duration', 'timestamp', 'null']);

const isDynOrError = (type: CelType) => type.kind === 'dyn' || type.kind === 'error';

/**
 * The values of the type variables of one check. A successful test of assignability may bind variables. A failed test
 * binds none.
 */
export class Substitution {
  readonly #bound = new Map<string, CelType>();
  #trail: [string, CelType | undefined][] = [];
  #fresh = 0;

  /** A new type variable. */
  variable(): CelType {
    return { kind: 'param', name: `_var${this.#fresh++}`, params: [] };
  }

  /** Is a value of type `from` assignable to type `to`? If so, binds type variables. */
  isAssignable(from: CelType, to: CelType): boolean {
    return this.areAssignable([from], [to]);
  }

  /** As `isAssignable`, for lists of types: all types must be assignable. */
  areAssignable(from: readonly CelType[], to: readonly CelType[]): boolean {
    this.#trail = [];
    const fits = this.#assignableList(from, to);
    if (!fits) {
      for (const [name, type] of this.#trail.reverse()) {
        if (type === undefined) this.#bound.delete(name);
        else this.#bound.set(name, type);
      }
    }
    return fits;
  }

  /** Replaces bound variables; unbound ones become `dyn` if `toDyn`. */
  apply(type: CelType, toDyn = false): CelType {
    if (type.kind === 'param') {
      const bound = this.#bound.get(type.name);
      if (bound !== undefined) return this.apply(bound, toDyn);
      return toDyn ? DYN : type;
    }
    if (type.params.length === 0) return type;
    let changed = false;
    const params = type.params.map((param) => {
      const applied = this.apply(param, toDyn);
      if (applied !== param) changed = true;
      return applied;
    });
    return changed ? { ...type, params } : type;
  }

  #bind(name: string, type: CelType): void {
    this.#trail.push([name, this.#bound.get(name)]);
    this.#bound.set(name, type);
  }

  #assignableList(from: readonly CelType[], to: readonly CelType[]): boolean {
    return from.length === to.length && from.every((type, index) => this.#assignable(type, to[index] as CelType));
  }

  #assignable(a: CelType, b: CelType): boolean {
    if (b.kind === 'param') {
      const { valid, bound } = this.#standsFor(a, b);
      if (valid) return true;
      if (bound) return false;
    }
    if (a.kind === 'param') return this.#standsFor(b, a).valid;
    if (isDynOrError(a) || isDynOrError(b)) return true;
    if (a.kind === 'null') return NULLABLE.has(b.kind);
    if (b.kind === 'null') return NULLABLE.has(a.kind);
    if (a.kind !== b.kind) return false;
    switch (a.kind) {
      case 'type':
        return true;
      case 'list':
      case 'map':
      case 'opaque':
        return a.name === b.name && this.#assignableList(a.params, b.params);
      default:
        return a.name === b.name;
    }
  }

  /**
   * Can the variable be bound to `type`? A variable that is already bound becomes the more general of its present type
   * and `type`. In the result, `bound` is true if the variable was bound before, or is `type` itself.
   */
  #standsFor(type: CelType, variable: CelType): { valid: boolean; bound: boolean } {
    if (sameType(type, variable)) return { valid: true, bound: true };
    const bound = this.#bound.get(variable.name);
    if (bound !== undefined) {
      if (sameType(type, bound)) return { valid: true, bound: true };
      if (!this.#assignable(type, bound)) return { valid: false, bound: true };
      const general = mostGeneral(type, bound);
      if (!this.#occurs(variable, general)) this.#bind(variable.name, general);
      return { valid: true, bound: true };
    }
    if (this.#occurs(variable, type)) return { valid: false, bound: false };
    this.#bind(variable.name, type);
    return { valid: true, bound: false };
  }

  #occurs(variable: CelType, within: CelType): boolean {
    if (sameType(variable, within)) return true;
    if (within.kind === 'param') {
      const bound = this.#bound.get(within.name);
      return bound !== undefined && this.#occurs(variable, bound);
    }
    return within.params.some((param) => this.#occurs(variable, param));
  }
}

/** The more general of two types that unify. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return isLessSpecific(a, b) ? a : b;
}

function isLessSpecific(a: CelType, b: CelType): boolean {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param') return false;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  return (
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isLessSpecific(param, b.params[index] as CelType))
  );
}

/** The value type of an optional, or the type itself. */
export function unwrapOptional(type: CelType): { type: CelType; optional: boolean } {
  return isOptional(type) ? { type: paramOf(type, 0), optional: true } : { type, optional: false };
}
