import type {
  CheckResult,
  Checked,
  CompileResult,
  Environment,
  EnvironmentOptions,
  ParseResult,
  PlanResult,
  VariableOptions,
} from './api.ts';
import type { Ast, Expr } from './ast.ts';
import { CheckedAst, Checker } from './check/checker.ts';
import { Declarations } from './check/declarations.ts';
import type { Library, Macro, ValidationContext, Validator } from './library.ts';
import { planProgram } from './plan/program.ts';
import { standardLibrary } from './standard/index.ts';
import type { MacroTable } from './syntax/builder.ts';
import { parseExpression } from './syntax/parse-expression.ts';
import type { CelType } from './types.ts';
import { ErrorList } from './syntax/error-list.ts';
import { expanded } from './syntax/macro-expander.ts';
import { walkExpr } from './check/walk-expr.ts';

const toVariables = (variables: Readonly<Record<string, CelType | VariableOptions>>): Map<string, VariableOptions> =>
  new Map(
    Object.entries(variables).map(([name, declared]) => [name, 'params' in declared ? { type: declared } : declared]),
  );

function macroTable(libraries: readonly Library[]): MacroTable {
  const table = new Map<string, Macro[]>();
  for (const macro of libraries.flatMap((library) => library.macros ?? [])) {
    table.set(macro.name, [...(table.get(macro.name) ?? []), macro]);
  }
  return table;
}

/**
 * Builds an environment from the declarations in `options` and, by default, the standard library. This takes about a
 * millisecond. Callers therefore keep the environment, and add variables with `extend`.
 *
 * @example
 * const environment = createEnvironment({ variables: { name: STRING } });
 * const compiled = environment.compile('"hello " + name');
 * if (compiled.ok) compiled.program.evaluate({ name: 'you' }); // { ok: true, value: 'hello you' }
 */
export function createEnvironment(options: EnvironmentOptions = {}): Environment {
  const libraries = [...(options.standardLibrary === false ? [] : [standardLibrary]), ...(options.libraries ?? [])];
  const declarations = new Declarations({
    libraries,
    variables: toVariables(options.variables ?? {}),
    ...(options.types === undefined ? {} : { provider: options.types }),
    ...(options.container === undefined ? {} : { container: options.container }),
    typeNames: options.typeNames === false ? 'checkOnly' : 'full',
    strictPresence: options.strictPresence === true,
  });
  return new CelEnvironment(declarations, macroTable(libraries));
}

class CelEnvironment implements Environment {
  readonly #declarations: Declarations;
  readonly #macros: MacroTable;

  constructor(declarations: Declarations, macros: MacroTable) {
    this.#declarations = declarations;
    this.#macros = macros;
  }

  parse(text: string): ParseResult {
    return parseExpression(text, this.#macros);
  }

  check(input: string | Ast): CheckResult {
    const parsed: ParseResult = typeof input === 'string' ? this.parse(input) : { ok: true, ast: input };
    if (!parsed.ok) return { ok: false, phase: 'parse', errors: parsed.errors, text: parsed.text };
    const { ast } = parsed;
    const result = new Checker(ast.text, this.#declarations).check(ast);
    const errors = 'errors' in result ? result.errors : validateCalls(result.checked, this.#declarations.validators);
    if ('errors' in result || errors !== undefined) {
      const found = errors as NonNullable<typeof errors>;
      return { ok: false, phase: 'check', errors: found.sorted(), text: found.render() };
    }
    return { ok: true, checked: result.checked, type: result.checked.type };
  }

  plan(expression: Ast | Checked): PlanResult {
    if (expression instanceof CheckedAst) return planProgram(expression);
    const ast = 'ast' in expression ? expression.ast : expression;
    return planProgram(new Checker(ast.text, this.#declarations).resolve(ast));
  }

  compile(text: string): CompileResult {
    const checked = this.check(text);
    if (!checked.ok) return checked;
    const planned = this.plan(checked.checked);
    return planned.ok ? { ...planned, checked: checked.checked, type: checked.type } : planned;
  }

  extend(
    variables: Readonly<Record<string, CelType | VariableOptions>> | ReadonlyMap<string, VariableOptions>,
    options: Pick<EnvironmentOptions, 'typeNames' | 'types'> = {},
  ): Environment {
    const declarations = new Declarations({
      parent: this.#declarations,
      variables: variables instanceof Map ? variables : toVariables(variables as Record<string, VariableOptions>),
      ...(options.types === undefined ? {} : { provider: options.types }),
      ...(options.typeNames === undefined ? {} : { typeNames: options.typeNames ? 'full' : 'checkOnly' }),
    });
    return new CelEnvironment(declarations, this.#macros);
  }

  isFunction(name: string): boolean {
    return this.#declarations.functionNamed(name) !== undefined;
  }
}

/** Runs the validators of the libraries on the calls of an expression. Returns undefined when they find no error. */
function validateCalls(checked: CheckedAst, validators: readonly Validator[]): ErrorList | undefined {
  if (validators.length === 0) return undefined;
  const byName = new Map(validators.map((validator) => [validator.functionName, validator]));
  const errors = new ErrorList(checked.ast.text);
  const context: ValidationContext = {
    typeOf: (expr) => checked.typeOf(expanded(expr).id),
    report: (expr: Expr, message) => errors.add(expr.at, message),
  };
  walkExpr(checked.ast.expr, (expr) => {
    if (expr.kind === 'call') byName.get(expr.name)?.validate(expr, context);
  });
  return errors.count > 0 ? errors : undefined;
}
