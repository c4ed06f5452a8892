import type { Ast, Call, Comprehension, Expr } from './ast.ts';
import { expanded } from './syntax/macro-expander.ts';

/** A use of a root variable: its name, and the path of fields that the expression reads from it (`a.b.c`). */
export interface Use {
  readonly id: string;
  readonly path: string;
}

/** The variables and functions that an expression reads, in order of discovery. */
export interface Inspection {
  /** Uses of known variables. */
  readonly uses: readonly Use[];
  /** Uses of names that are neither known variables nor bound in the expression. */
  readonly unknown: readonly Use[];
  /** Names of global functions that are called and not declared. */
  readonly unknownFunctions: readonly string[];
  /** Is `omit()` called? */
  readonly usesOmit: boolean;
}

/** The options of {@link inspect}. */
export interface InspectOptions {
  /** The names of the known variables. */
  readonly variables: Pick<ReadonlySet<string>, 'has'>;
  readonly isFunction: (name: string) => boolean;
  /**
   * Concerns resources whose name is also the name of a loop variable or of a variable of `cel.bind`. With `kro` (the
   * default), the variable hides the resource in the whole macro call, including the range and the initial value. With
   * `exact` the variable hides the resource only where the variable is in scope.
   */
  readonly rule?: 'exact' | 'kro';
}

/**
 * Finds the variables that an expression reads. A path ends at an index, an optional step or a global call. Methods and
 * macros do not end a path: `a.b.f().c` reads `a.b.c`.
 */
export function inspect(ast: Ast, options: InspectOptions): Inspection {
  const inspector = new Inspector(options);
  inspector.visit(ast.expr, '');
  return inspector;
}

class Inspector implements Inspection {
  readonly uses: Use[] = [];
  readonly unknown: Use[] = [];
  readonly unknownFunctions: string[] = [];
  usesOmit = false;
  readonly #options: InspectOptions;
  readonly #bound: string[] = [];

  constructor(options: InspectOptions) {
    this.#options = options;
  }

  visit(node: Expr, path: string): void {
    const expr = expanded(node);
    switch (expr.kind) {
      case 'ident':
        this.#ident(expr.name, path);
        return;
      case 'select':
        if (expr.optional) this.visit(expr.operand, '');
        else this.visit(expr.operand, path === '' ? expr.field : `${expr.field}.${path}`);
        return;
      case 'call':
        this.#call(expr, path);
        return;
      case 'comprehension':
        this.#comprehension(expr, path);
        return;
      case 'list':
        for (const element of expr.elements) this.visit(element, '');
        return;
      case 'map':
        for (const entry of expr.entries) {
          this.visit(entry.key, '');
          this.visit(entry.value, '');
        }
        return;
      case 'struct':
        for (const field of expr.fields) this.visit(field.value, '');
        return;
      default:
    }
  }

  #ident(name: string, path: string): void {
    if (this.#bound.includes(name) || isInternal(name)) return;
    const use: Use = { id: name, path: path === '' ? name : `${name}.${path}` };
    if (this.#options.variables.has(name)) this.uses.push(use);
    else this.unknown.push(use);
  }

  #call({ name, target, args }: Call, path: string): void {
    for (const arg of args) this.visit(arg, '');
    if (target !== undefined) {
      if (!this.#options.isFunction(`${dotted(target)}.${name}`)) this.visit(target, path);
      return;
    }
    if (name === 'omit') this.usesOmit = true;
    if (!isOperator(name) && !this.#options.isFunction(name)) this.unknownFunctions.push(name);
  }

  #within(names: readonly string[], visit: () => void): void {
    const { length } = this.#bound;
    this.#bound.push(...names);
    visit();
    this.#bound.length = length;
  }

  #comprehension(expr: Comprehension, path: string): void {
    const loop = [expr.variable, ...(expr.variable2 === undefined ? [] : [expr.variable2])];
    const outside = () => {
      this.visit(expr.init, '');
      this.visit(expr.range, path);
    };
    const inside = () => {
      this.visit(expr.condition, '');
      this.visit(expr.step, '');
    };
    if (this.#options.rule === 'exact') {
      outside();
      this.#within([...loop, expr.accumulator], inside);
      this.#within([expr.accumulator], () => this.visit(expr.result, ''));
      return;
    }
    this.#within([...loop, expr.accumulator], () => {
      outside();
      inside();
      this.visit(expr.result, '');
    });
  }
}

/** Does this name occur only in the expansions of macros? */
function isInternal(name: string): boolean {
  return name === '@result' || name.startsWith('$$') || name.startsWith('@__');
}

function isOperator(name: string): boolean {
  return (
    (name.includes('_') && /[^A-Za-z0-9_.]|^_.*_$|^@/.test(name)) || name.startsWith('@') || name.startsWith('cel.@')
  );
}

/**
 * Returns a dotted name as a string. For any other expression, the result is a string that is not the name of a
 * function.
 */
function dotted(expr: Expr): string {
  const node = expanded(expr);
  if (node.kind === 'ident') return node.name;
  return node.kind === 'select' && !node.optional ? `${dotted(node.operand)}.${node.field}` : '?';
}

/**
 * The options of {@link references}. The field in which an expression is written determines which names it may read.
 */
export interface ReferenceOptions extends InspectOptions {
  /** `template`: template fields, `forEach` and `includeWhen`. `restricted`: `readyWhen`, status and conditions. */
  readonly place: 'restricted' | 'template';
  /** forEach variables (templates only). */
  readonly iterators?: ReadonlySet<string>;
  /** Is `omit()` allowed in templates? Default false. */
  readonly omit?: boolean;
}

/** The references that kro extracts from an expression. */
export interface References {
  /** The known variables in the order of their first use, then the iterators. */
  readonly ids: readonly string[];
  /**
   * The resources that the expression depends on: `ids` without `schema`, `runtime` and iterators. Empty when kro
   * refuses the expression.
   */
  readonly deps: readonly string[];
  /** The paths that the expression reads, without duplicates. Unknown identifiers come last. */
  readonly paths: readonly string[];
  /** kro's message when kro refuses the expression. */
  readonly error?: string;
}

/**
 * Extracts references by kro's rules. If there are several reasons to refuse the expression, `error` is the one that
 * kro reports.
 */
export function references(ast: Ast, options: ReferenceOptions): References {
  const found = inspect(ast, options);
  const paths = unique([...found.uses, ...found.unknown].map((use) => use.path));
  const iterators = options.iterators ?? new Set<string>();
  const ids = unique(found.uses.map((use) => use.id));
  const deps = ids.filter((id) => id !== 'schema' && id !== 'runtime');
  if (options.place === 'restricted') {
    const error = restrictedError(found, options);
    return { ids, deps: error === undefined ? deps : [], paths, ...(error === undefined ? {} : { error }) };
  }
  if (found.usesOmit && options.omit !== true) {
    const error = 'omit() requires the CELOmitFunction feature gate to be enabled';
    return { ids: [], deps: [], paths, error };
  }
  if (ids.includes('runtime')) {
    return { ids, deps: [], paths, error: 'runtime is only available in status.conditions expressions' };
  }
  const all = [...ids];
  for (const { id } of found.unknown) {
    if (!iterators.has(id)) return { ids: all, deps: [], paths, error: `references unknown identifiers: [${id}]` };
    if (!all.includes(id)) all.push(id);
  }
  const error = unknownFunctions(found);
  return { ids: all, deps: error === undefined ? deps : [], paths, ...(error === undefined ? {} : { error }) };
}

function restrictedError(found: Inspection, { variables }: ReferenceOptions): string | undefined {
  const foreign = found.uses.find((use) => !variables.has(use.id));
  if (foreign !== undefined) return `references unknown identifiers: [${foreign.id}]`;
  if (found.unknown.length > 0) {
    return `references unknown identifiers: [${found.unknown.map((use) => use.id).join(' ')}]`;
  }
  const unknown = unknownFunctions(found);
  if (unknown !== undefined) return unknown;
  return found.usesOmit ? 'omit() can only be used in resource template expressions' : undefined;
}

function unknownFunctions({ unknownFunctions: names }: Inspection): string | undefined {
  return names.length === 0 ? undefined : `uses unknown functions: [${names.map((name) => `{${name}}`).join(' ')}]`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
