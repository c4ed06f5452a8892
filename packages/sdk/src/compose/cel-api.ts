import { call, concat, has, list, literal, method, not, raw } from './ir/build.ts';
import type { Node } from './ir/node.ts';
import { BOOL, DYN, FLOAT, INTEGER, STRING } from './ir/types.ts';
import { defineFactory } from './value/native-functions.ts';
import { logicalOperation } from './interp/logical-operators.ts';
import { choose } from './interp/branches.ts';
import { refuse } from './refusal/refusal.ts';
import { activeTrace } from './trace/current-trace.ts';
import { resolveMerged } from './value/merge.ts';
import { toNode } from './value/value-nodes.ts';
import { textNode, textValue, truthy } from './value/ops.ts';
import { hasTokens, symbolic, wrap } from './value/proxy.ts';
import { Sym } from './value/symbolic.ts';
import { plainCounter, rawParts } from './raw-cel.ts';
import type { CelValue } from './public-types.ts';

/** A part of an expression: a value, a reference, or a piece of CEL. */
export type CelPart = unknown;

function value(node: Node): unknown {
  const trace = activeTrace();
  trace.handwritten = true;
  return wrap(new Sym(trace.originate(node), { waits: true }));
}

function native<F extends (...args: never[]) => unknown>(fn: F): F {
  return defineFactory(fn);
}

/**
 * Functions for hand-written CEL, for expressions that TypeScript cannot express. References and values may stand
 * between pieces of CEL source. Inside a composition, most of these functions are not needed, because ordinary
 * operators are translated.
 */
export const Cel = {
  /**
   * Joins the parts to one expression. The strings are CEL source. If a string cannot continue the string expression
   * before it, all strings are string literals instead, and the parts are concatenated.
   */
  expr: native(<T = unknown>(...parts: readonly CelPart[]): T & CelValue => value(rawParts(parts, '')) as T & CelValue),
  /** Joins the parts like `expr`, with spaces between them. */
  join: native(
    <T = unknown>(...parts: readonly CelPart[]): T & CelValue => value(rawParts(parts, ' ')) as T & CelValue,
  ),
  /** A string in which each `%s` is replaced by the next value. */
  template: native((format: string, ...values: readonly unknown[]): string => templateText(format, values)),
  /** `condition ? whenTrue : whenFalse`. A string as the condition is CEL; a string as a value is a string literal. */
  conditional: native(
    <T>(condition: unknown, whenTrue: T, whenFalse: T): T => conditional(condition, whenTrue, whenFalse) as T,
  ),
  /** @deprecated The same as `conditional`. */
  cond: native(
    <T>(condition: unknown, whenTrue: T, whenFalse: T): T => conditional(condition, whenTrue, whenFalse) as T,
  ),
  /** The first value, or the second value if the first is null or missing. */
  default: native(
    <T>(first: T | undefined | null, fallback: T): T => logicalOperation('??', first, () => fallback) as T,
  ),
  /** @deprecated The same as `default`. */
  coalesce: native(
    <T>(first: T | undefined | null, fallback: T): T => logicalOperation('??', first, () => fallback) as T,
  ),
  /** Concatenates values to a string. */
  concat: native((...parts: readonly unknown[]): string => textValue(concat(parts.map(textNode))) as string),
  /** Is the field present? */
  has: native((reference: unknown): boolean => hasValue(reference)),
  /** The negation of a condition. */
  not: native((condition: unknown): boolean => negated(condition)),
  /** The number of items, members or characters. */
  size: native((of: unknown): number => value(call('size', [toNode(of)], INTEGER)) as number),
  /** Converts a value to a string. */
  string: native((of: unknown): string => textValue(textNode(of)) as string),
  /** Converts a value to an integer. */
  int: native((of: unknown): number => value(call('int', [toNode(of)], INTEGER)) as number),
  /** Converts a value to a floating-point number. */
  double: native((of: unknown): number => value(call('double', [toNode(of)], FLOAT)) as number),
  /** The smallest of the values. */
  min: native((...values: readonly unknown[]): number => extreme('min', values)),
  /** The largest of the values. */
  max: native((...values: readonly unknown[]): number => extreme('max', values)),
  /** Calls any function of CEL: `Cel.math('abs', x)` is `abs(x)`. */
  math: native(
    (name: string, ...values: readonly unknown[]): number => value(call(name, values.map(toNode), DYN)) as number,
  ),
  /** @deprecated Write `Cel.expr<boolean>(…)`. */
  boolean: native((...parts: readonly CelPart[]): boolean => value(typed(rawParts(parts, ''), BOOL)) as boolean),
  /** @deprecated Write `Cel.expr<string>(…)`. */
  str: native((...parts: readonly CelPart[]): string => value(typed(rawParts(parts, ''), STRING)) as string),
  /** @deprecated Write `Cel.expr<number>(…)`. */
  number: native((...parts: readonly CelPart[]): number => value(typed(rawParts(parts, ''), INTEGER)) as number),
  /** @deprecated The same as `cel`. */
  tag: native((strings: TemplateStringsArray, ...values: readonly unknown[]): string => tagged(strings, values)),
} as const;

/** A tagged template for strings with values: `` cel`http://${svc.spec.clusterIP}:80` ``. */
export const cel = native((strings: TemplateStringsArray, ...values: readonly unknown[]): string =>
  tagged(strings, values),
);

function typed(node: Node, type: Node['type']): Node {
  return node.kind === 'raw' ? raw(node.pieces, node.args, type) : node;
}

function tagged(strings: readonly string[], values: readonly unknown[]): string {
  const parts = strings.flatMap((text, position) =>
    position < values.length ? [literal(text), textNode(values[position])] : [literal(text)],
  );
  return textValue(concat(parts)) as string;
}

function templateText(format: string, values: readonly unknown[]): string {
  const pieces = format.split('%s');
  if (pieces.length - 1 !== values.length) {
    refuse(
      'types',
      `Cel.template("${format}") has ${pieces.length - 1} places for ${values.length} values`,
      'write one %s for each value',
    );
  }
  return tagged(pieces, values);
}

function conditional(condition: unknown, whenTrue: unknown, whenFalse: unknown): unknown {
  const found = resolveMerged(condition);
  const test = typeof found === 'string' && !hasTokens(found) ? raw([found], [], BOOL) : truthy(found);
  return choose(
    test,
    () => resolveMerged(whenTrue),
    () => resolveMerged(whenFalse),
  );
}

function hasValue(reference: unknown): boolean {
  const inner = symbolic(resolveMerged(reference));
  if (inner instanceof Sym) {
    const node = plainCounter(inner.node);
    if (inner.absence === undefined && node === inner.node) return true;
    return value(
      node.kind === 'select' ? has(node.args[0], node.field) : (inner.absence?.has ?? literal(true)),
    ) as boolean;
  }
  return resolveMerged(reference) !== undefined;
}

function negated(condition: unknown): boolean {
  const test = truthy(condition);
  return typeof test === 'boolean' ? !test : (value(not(test)) as boolean);
}

function extreme(name: 'min' | 'max', values: readonly unknown[]): number {
  const nodes = values.map(toNode);
  const type = list(nodes).type;
  return value(method(name, list(nodes), [], type.kind === 'list' ? type.element : DYN)) as number;
}
