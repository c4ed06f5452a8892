import type { Call, Expr, MapEntry, StructField } from '../ast.ts';
import type { MacroBuilder } from '../library.ts';

/** Builds the expansion of one macro call; all its nodes have the position of the call. */
export class MacroExpander implements MacroBuilder {
  readonly #newId: () => number;
  readonly #call: Call;

  /** `newId` returns a new id for each node that the expander makes. */
  constructor(newId: () => number, call: Call) {
    this.#newId = newId;
    this.#call = call;
  }

  #node(): { id: number; start: number; end: number; at: number } {
    const { start, end, at } = this.#call;
    return { id: this.#newId(), start, end, at };
  }

  literal(value: boolean | number | string | null): Expr {
    const type =
      value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value === 'number' ? 'int' : 'string';
    return { kind: 'literal', ...this.#node(), type, value };
  }

  ident(name: string): Expr {
    return { kind: 'ident', ...this.#node(), name };
  }

  select(operand: Expr, field: string, test = false): Expr {
    return { kind: 'select', ...this.#node(), operand, field, test, optional: false, quoted: false };
  }

  call(name: string, args: readonly Expr[]): Expr {
    return { kind: 'call', ...this.#node(), name, target: undefined, args };
  }

  member(name: string, target: Expr, args: readonly Expr[]): Expr {
    return { kind: 'call', ...this.#node(), name, target, args };
  }

  list(elements: readonly Expr[]): Expr {
    return { kind: 'list', ...this.#node(), elements, optionals: new Set() };
  }

  map(entries: readonly (readonly [Expr, Expr])[]): Expr {
    const made: MapEntry[] = entries.map(([key, value]) => {
      const { id, at } = this.#node();
      return { id, at, key, value, optional: false };
    });
    return { kind: 'map', ...this.#node(), entries: made };
  }

  struct(name: string, fields: readonly (readonly [string, Expr])[]): Expr {
    const made: StructField[] = fields.map(([field, value]) => {
      const { id, at } = this.#node();
      return { id, at, name: field, value, optional: false };
    });
    return { kind: 'struct', ...this.#node(), name, fields: made };
  }

  fold(parts: Parameters<MacroBuilder['fold']>[0]): Expr {
    return { kind: 'comprehension', ...this.#node(), ...parts, variable2: parts.variable2 };
  }
}

/**
 * Returns the expression that the checker and the planner read: for a macro call its expansion, for any other
 * expression itself.
 */
export function expanded(expr: Expr): Expr {
  let current = expr;
  while (current.kind === 'macro') current = current.expansion;
  return current;
}
