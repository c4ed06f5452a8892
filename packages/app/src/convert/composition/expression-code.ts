import { type Ast, freeIdentifiers, kroEnvironment, namesBoundBy, unparse, walkAst } from '@typekro/cel';
import type { Expression } from '@typekro/engine/graph';
import { type Code, call, stringCode, textCode } from './code.ts';
import { type ExpressionScope, javaScriptOf } from './javascript-of.ts';

/** The TypeScript code of an expression in a composition, and the variables that it reads. */
export interface ExpressionCode {
  readonly code: Code;
  /**
   * The variables of the resources that the JavaScript code reads. Empty for hand-written CEL, because CEL refers to
   * resources by their ids.
   */
  readonly resources: readonly string[];
  readonly readsSpec: boolean;
  /** True when the code contains hand-written CEL. */
  readonly isCel: boolean;
}

/** The reason why a composition cannot express an expression. */
export interface NoForm {
  readonly reason: string;
}

/**
 * Converts an expression to JavaScript if the meaning is exactly the same, and to hand-written CEL if not. In
 * hand-written CEL, iterators are passed as values, because they have other names in the composition.
 *
 * @param form `list` for the list of a loop
 */
export function expressionCode(
  expression: Expression,
  scope: ExpressionScope,
  form: 'list' | 'value' = 'value',
): ExpressionCode | NoForm {
  const environment = kroEnvironment({ features: { now: true } });
  const given = environment.parse(expression.cel);
  // The compiler puts each part of a string template in parentheses. Printing and parsing the expression removes them.
  const parsed = given.ok && expression.template !== undefined ? environment.parse(unparse(given.ast.expr)) : given;
  if (!parsed.ok) return { reason: `it is not CEL: ${parsed.errors[0]?.message ?? 'syntax error'}` };
  const resources = new Set<string>();
  const noted: ExpressionScope = {
    ...scope,
    resource: (id) => {
      const found = scope.resource(id);
      if (found !== undefined) resources.add(found.variable);
      return found;
    },
  };
  const script = javaScriptOf(parsed.ast.expr, noted);
  if (script !== undefined) {
    const readsSpec = expression.references.includes('schema');
    return { code: script, resources: [...resources], readsSpec, isCel: false };
  }
  return celCode(parsed.ast, scope, typeScriptOf(expression.type, form));
}

/**
 * Is a condition passed to the composition as a CEL string? True if a composition cannot express the expression. Also
 * true if JavaScript cannot express it and the expression reads no iterator.
 */
export function isWrittenAsCel(expression: Expression, scope: ExpressionScope): boolean {
  const written = expressionCode(expression, scope);
  const reads = expression.references.some((name) => scope.iterator(name) !== undefined);
  return 'reason' in written || (written.isCel && !reads);
}

function celCode(ast: Ast, scope: ExpressionScope, type: string): ExpressionCode | NoForm {
  const { text: cel } = ast;
  const uses = freeIdentifiers(ast).filter(({ name }) => scope.iterator(name) !== undefined);
  const bound = new Set<string>();
  walkAst(ast, (expr) => {
    if (expr.kind === 'macro') for (const name of namesBoundBy(expr)) bound.add(name);
  });
  const shadowed = uses.find(({ name }) => bound.has(name));
  if (shadowed !== undefined) {
    return { reason: `${shadowed.name} names an iterator and a variable of a macro; give one of them another name` };
  }
  const pieces: Code[] = [];
  let at = 0;
  let bracket = '';
  for (const use of uses) {
    // Without parentheses, `Cel.expr` could take the CEL after the name for a string literal.
    const isPlain = /^\s*(?:$|[.,)\]])/.test(cel.slice(use.end));
    const before = `${bracket}${cel.slice(at, use.start)}${isPlain ? '' : '('}`;
    if (before !== '') pieces.push(stringCode(before));
    pieces.push(textCode(scope.iterator(use.name)?.variable ?? use.name));
    at = use.end;
    bracket = isPlain ? '' : ')';
  }
  const rest = bracket + cel.slice(at);
  if (rest !== '') pieces.push(stringCode(rest));
  return { code: call(`Cel.expr<${type}>`, ...pieces), resources: [], readsSpec: false, isCel: true };
}

/**
 * Replaces the variables in `names` by the variable `name` in a CEL expression. Variables of macros keep their names.
 */
export function renamedTo(name: string, cel: string, names: ReadonlySet<string>): string {
  const parsed = kroEnvironment({ features: { propagation: true } }).parse(cel);
  if (!parsed.ok || names.size === 0) return cel;
  const uses = freeIdentifiers(parsed.ast).filter((use) => names.has(use.name));
  return uses.toReversed().reduce((text, { start, end }) => text.slice(0, start) + name + text.slice(end), cel);
}

/**
 * Converts a type of CEL to a type of TypeScript; with the form `list`, to an array type. For any other type, such as
 * that of an object, returns `never`, because `never` is assignable to every type.
 */
function typeScriptOf(type: string, form: 'list' | 'value' = 'value'): string {
  const list = /^list\((.*)\)$/.exec(type)?.[1];
  if (list !== undefined) {
    const item = typeScriptOf(list);
    return Object.hasOwn(SCALARS, list) || form === 'list' ? `${item}[]` : 'never';
  }
  const value = /^map\(string, (.*)\)$/.exec(type)?.[1];
  if (value !== undefined) {
    const item = typeScriptOf(value);
    return item === 'never' ? 'never' : `Record<string, ${item}>`;
  }
  const scalar = Object.hasOwn(SCALARS, type) ? SCALARS[type] : undefined;
  return scalar ?? (form === 'list' ? 'never[]' : 'never');
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  int: 'number',
  uint: 'number',
  double: 'number',
  bool: 'boolean',
};
