import { oncePerObject } from '@typekro/kit/core';
import type { Expression, Graph } from '../../graph/index.ts';
import { expressionsOf, statusExpressions } from '../placed-expressions.ts';
import { expressionsIntoSecrets } from './secret-fields.ts';
import { secretFlow } from './secret-flow.ts';
import { secretSpec } from './secret-spec.ts';

/** The string that replaces a value that can come from a Secret. */
export const SECRET_MASK = '(secret)';

/**
 * How an expression uses values of Secrets. `reads`: the expression takes a value of a Secret, or a spec field that is
 * written only into Secrets. `writes`: the expression's value is written into a Secret, so its literals are secret too.
 */
export type SecretUse = 'reads' | 'writes';

/**
 * How an expression of a graph uses values of Secrets; `undefined` if it uses none. Only failed expressions need this
 * result. The first call for a graph computes and caches the results for all its expressions.
 */
export const secretUseOf = (graph: Graph, expression: Expression): SecretUse | undefined =>
  usesIn(graph).get(expression);

const usesIn = oncePerObject((graph: Graph): ReadonlyMap<Expression, SecretUse> => {
  const { isSecretExpression } = secretFlow(graph, ANY_OBJECT);
  const isInto = expressionsIntoSecrets(graph, ANY_OBJECT);
  const spec = secretSpec(graph, ANY_OBJECT);
  const uses = new Map<Expression, SecretUse>();
  const places = [
    ...[...graph.nodes.values()].flatMap((node) => expressionsOf(node).map((placed) => ({ node, placed }))),
    ...statusExpressions(graph).map((placed) => ({ node: undefined, placed })),
  ];
  for (const { node, placed } of places) {
    const { expression } = placed;
    if (isInto(node, placed)) uses.set(expression, 'writes');
    else if (isSecretExpression(node, expression) || spec.isRepeatedBy(expression)) uses.set(expression, 'reads');
  }
  return uses;
});

/** No live object is known here, so a node with a computed kind counts as a Secret. */
const ANY_OBJECT = { mayHaveSecret: () => true, sharing: () => [] };

/** Matches CEL's reasons that contain only names of types. */
const OF_TYPES =
  /^(?:no such overload|type conversion error|no such attribute|divi(?:sion|de) by zero|modulus by zero|unsupported type: (?:[\w.]+$|bytes)|(?:failed to convert map key: )?(?:map|a) key must be (?:a )?string|bad map key$|result is (?:nested too deep|too large)$)/;

/** Matches the beginning of CEL's reasons that continue with a value. */
const BEFORE_VALUE =
  /^(?:no such (?:key|field)|index out of (?:bounds|range)|error parsing regexp|Illegal regex|illegal base64 data|invalid RFC 3339 timestamp|unknown time zone|duplicate key|json\.unmarshal failed to parse JSON|URL parse error during conversion from string|IP address|strconv\.\w+)(?=[:\s]|$)/i;

/**
 * The reason why an expression that uses values of Secrets failed, without the values. CEL quotes values in many
 * reasons. Therefore only known words stay. The name of a missing key also stays if the expression itself contains it.
 */
export function maskedReason(reason: string, cel: string): string {
  if (OF_TYPES.test(reason)) return reason;
  const [, key] = /^no such key: (\w+)$/.exec(reason) ?? [];
  if (key !== undefined && new RegExp(`\\.\\??${key}(?!\\w)|\\[\\??["']${key}["']\\]`).test(cel)) return reason;
  const [words] = BEFORE_VALUE.exec(reason) ?? [];
  return words === undefined ? SECRET_MASK : `${words}: ${SECRET_MASK}`;
}

/**
 * Masks the strings and numbers of an expression, because they become values of a Secret. Keys in brackets and numbers
 * of up to three digits stay.
 */
export function maskedLiterals(cel: string): string {
  return cel.replaceAll(LITERAL, (literal) => (literal.startsWith('[') ? literal : `"${SECRET_MASK}"`));
}

const LITERAL =
  /\[\??(?:"\w*"|'\w*')\]|[rRbB]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?<![\w.])\d{4,}(?:\.\d+)?/g;
