import { type Expr, KRO_LIBRARIES, walkAst } from '@typekro/cel';

let names: ReadonlySet<string> | undefined;

/**
 * The function names that hints may suggest: the functions of the libraries (except operators) and CEL's standard
 * functions.
 */
export function functionNames(): ReadonlySet<string> {
  names ??= new Set([
    ...KRO_LIBRARIES.flatMap((library) => (library.functions ?? []).map((each) => each.name)).filter((name) =>
      /^[a-z][\w.]*$/.test(name),
    ),
    'size',
    'string',
    'int',
    'uint',
    'double',
    'bool',
    'bytes',
    'dyn',
    'type',
    'timestamp',
    'duration',
  ]);
  return names;
}

/** Functions whose feature gates are off by default. */
const GATED: ReadonlySet<string> = new Set(['omit', 'now']);

/** Namespaces of libraries that kro does not have. */
const FOREIGN: ReadonlySet<string> = new Set(['math', 'sets']);

/** Is this the name of a function or library that a feature turns on? */
export function isFeature(name: string): boolean {
  return GATED.has(name) || FOREIGN.has(name);
}

/** The calls that stock kro refuses in an expression, such as `omit()` or `math.greatest()`, without repetition. */
export function callsBeyondStock(root: Expr, isVariable: (name: string) => boolean): string[] {
  const found = new Set<string>();
  walkAst(root, (expr) => {
    const call = expr.kind === 'macro' ? expr.call : expr;
    if (call.kind !== 'call') return;
    if (call.target === undefined && GATED.has(call.name)) found.add(`${call.name}()`);
    if (call.target?.kind !== 'ident' || !FOREIGN.has(call.target.name) || isVariable(call.target.name)) return;
    found.add(`${call.target.name}.${call.name}()`);
  });
  return [...found];
}

/** Does the expression call this global function anywhere? */
export function callsGlobal(root: Expr, name: string): boolean {
  let found = false;
  walkAst(root, (expr) => {
    if (expr.kind === 'call' && expr.target === undefined && expr.name === name) found = true;
  });
  return found;
}
