import type { Expr } from '../ast.ts';
import type { ValidationContext, Validator } from '../library.ts';
import { ErrorList } from '../syntax/error-list.ts';
import { expanded } from '../syntax/macro-expander.ts';
import type { CheckedAst } from './checker.ts';
import { walkExpr } from './walk.ts';

/** Runs the validators of the libraries on the calls of an expression. Returns undefined when they find no error. */
export function validateCalls(checked: CheckedAst, validators: readonly Validator[]): ErrorList | undefined {
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
