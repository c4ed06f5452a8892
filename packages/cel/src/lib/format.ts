import type { Call, Expr } from '../ast.ts';
import type { CallContext, FunctionDeclaration, Implementation, ValidationContext, Validator } from '../library.ts';
import { DYN, listType, STRING, type TypeKind } from '../types.ts';
import { elementsOf, fail, type Value } from '../values.ts';
import { member, declare } from './define.ts';
import { clauseTakes, formatClause, type Clause } from './format-clause.ts';
import { parseFormat, type FormatPart } from './format-parse.ts';

const RUNTIME_PREFIX = 'error during formatting: ';

/**
 * Applies a parsed format to a list of arguments. As in cel-go, a missing argument is reported before a clause that
 * cannot be parsed.
 */
function run(parts: readonly FormatPart[], list: Value, context: CallContext): string {
  const args = elementsOf(list) ?? [];
  let out = '';
  let index = 0;
  for (const part of parts) {
    if (typeof part === 'string') {
      out += part;
      continue;
    }
    const argument = args[index];
    if (argument === undefined) return fail(`index ${index} out of range`);
    if ('problem' in part) return fail(part.problem);
    const text = formatClause(part, argument, context);
    if (typeof text !== 'string') return fail(RUNTIME_PREFIX + text.message);
    context.charge(text.length);
    out += text;
    index += 1;
  }
  context.charge(out.length);
  return out;
}

const declaration: FunctionDeclaration = declare('format', {
  ...member('string_format', [STRING, listType(DYN)], STRING, (format: string, list: Value, context: CallContext) => {
    context.charge(format.length);
    return run(parseFormat(format), list, context);
  }),
  specialize(constants): Implementation | undefined {
    const format = constants[0];
    if (typeof format !== 'string') return undefined;
    const parts = parseFormat(format);
    return (_format: string, list: Value, context: CallContext) => run(parts, list, context);
  },
});

/** An error that the validator found, and its node. */
interface Finding {
  readonly expr: Expr;
  readonly message: string;
}

function check(call: Call, format: string, args: readonly Expr[], context: ValidationContext): Finding | undefined {
  let index = 0;
  for (const part of parseFormat(format)) {
    if (typeof part === 'string') continue;
    if ('problem' in part && part.atEnd) return { expr: call, message: part.problem };
    const argument = args[index];
    if (argument === undefined) return { expr: call, message: `index ${index} out of range` };
    if ('problem' in part) return { expr: call, message: part.problem };
    const finding = checkArgument(part, argument, context);
    if (finding) return finding;
    index += 1;
  }
  if (args.length <= index) return undefined;
  const message = `too many arguments supplied to string.format (expected ${index}, got ${args.length})`;
  return { expr: call, message };
}

function checkArgument(clause: Clause, argument: Expr, context: ValidationContext): Finding | undefined {
  const bad =
    clause.verb === 's' ? findUnprintable(argument, context) : takes(clause, argument, context) ? undefined : argument;
  if (!bad) return undefined;
  const { refusal } = clauseTakes(clause);
  return { expr: bad, message: `${RUNTIME_PREFIX}${refusal}, was given ${context.typeOf(bad).name}` };
}

function takes(clause: Clause, expr: Expr, context: ValidationContext): boolean {
  const kind: TypeKind = context.typeOf(expr).kind;
  return kind === 'dyn' || clauseTakes(clause).kinds.has(kind);
}

/** Returns the first part of an argument that `%s` cannot print. Also searches inside literals. */
function findUnprintable(expr: Expr, context: ValidationContext): Expr | undefined {
  if (!takes({ verb: 's', precision: 0 }, expr, context)) return expr;
  const children =
    expr.kind === 'list'
      ? expr.elements
      : expr.kind === 'map'
        ? expr.entries.flatMap(({ key, value }) => [key, value])
        : [];
  for (const child of children) {
    const bad = findUnprintable(child, context);
    if (bad) return bad;
  }
  return undefined;
}

const validator: Validator = {
  functionName: 'format',
  validate(call, context) {
    const [list] = call.args;
    if (call.args.length !== 1 || list?.kind !== 'list') return;
    if (call.target?.kind !== 'literal' || typeof call.target.value !== 'string') return;
    const finding = check(call, call.target.value, list.elements, context);
    if (finding) context.report(finding.expr, finding.message);
  },
};

/** The function `"…".format([…])`, and the check of literal formats against literal lists. */
export const stringFormat: { readonly declaration: FunctionDeclaration; readonly validator: Validator } = {
  declaration,
  validator,
};
