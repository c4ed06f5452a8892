import type { Ast, CelError, Environment, TypeProvider } from '@typekro/cel';
import { walkAst } from '@typekro/cel';

/** The field names of the object in which an expression reads an unknown field. */
export function fieldsAt(ast: Ast, error: CelError, environment: Environment, types: TypeProvider): readonly string[] {
  let fields: readonly string[] = [];
  walkAst(ast.expr, (expr) => {
    if (expr.kind !== 'select' || expr.at !== error.offset) return;
    const checked = environment.check(ast.text.slice(expr.operand.start, expr.operand.end));
    if (checked.ok && checked.type.kind === 'struct') fields = types.fieldNames(checked.type.name);
  });
  return fields;
}

/**
 * The offset at which the invalid text begins. For an unknown field, cel-go reports the dot before the field. This
 * function returns the offset after the dot, a `?` and blanks.
 */
export function offsetOfPlace(text: string, error: CelError): number {
  if (!error.message.startsWith('undefined field')) return error.offset;
  const dot = /^\.\??\s*/.exec(text.slice(error.offset));
  return error.offset + (dot?.[0].length ?? 0);
}
