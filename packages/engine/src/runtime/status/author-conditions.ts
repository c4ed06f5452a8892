import { type Value, OpaqueValue, RUNTIME_VALUE } from '@typekro/cel';
import type { KubeObject } from '@typekro/kit/core';
import type { Graph } from '../../graph/index.ts';
import type { ConditionExpression } from '../../graph/model.ts';
import { type ConditionContent, readConditions, transition } from '../conditions.ts';
import { type EvaluateContext, type Variables, evaluateRaw } from '../evaluate.ts';
import type { Condition, StatusProblem, StepOptions } from '../model.ts';
import { isNodeCondition } from './node-conditions.ts';
import { PROPAGATED_CONDITION } from './propagation-condition.ts';
import { isNowCondition } from '../now-sample.ts';
import { REVISION_CONDITION } from '../revision-condition.ts';

/** The author's conditions, which replace kro's in the status. */
export interface AuthorConditions {
  readonly conditions: readonly Condition[];
  readonly problems: readonly StatusProblem[];
}

/**
 * Does the author define the conditions in the instance's status? The graph decides; without a graph, the caller's
 * option decides. The condition types cannot decide, because an author may override any of kro's types.
 */
export function hasAuthorConditions(graph: Graph | undefined, { authorConditions: declared }: StepOptions): boolean {
  return graph === undefined ? declared === true : graph.status.conditions !== undefined;
}

/**
 * Evaluates the author's condition expressions. Previous conditions are looked up by type alone, as in kro. A
 * transition time changes only with the status. While an expression waits for data or fails, the previous conditions of
 * its types stay. An expression whose types are not literals may set any type. While such an expression has no value,
 * every previous condition stays. The exceptions are conditions that another expression sets, and conditions about
 * writes that are held back. If two expressions set the same type, the previous condition of this type stays, and the
 * duplicate is reported.
 */
export function authorConditions(
  expressions: readonly ConditionExpression[],
  instance: KubeObject,
  variables: Variables,
  context: EvaluateContext,
  now: number,
): AuthorConditions {
  const generation = instance.metadata.generation ?? 0;
  const previous = previousConditions(instance);
  const problems: StatusProblem[] = [];
  const found = new Map<string, Condition>();
  const duplicates = new Set<string>();
  const keptOf: ConditionExpression[] = [];
  const bound = new Map(variables).set('runtime', RUNTIME_VALUE);
  for (const [index, expression] of expressions.entries()) {
    const result = evaluateRaw(expression, bound, context);
    const values = result.state === 'value' ? conditionsIn(result.value) : undefined;
    if (values === undefined) {
      keptOf.push(expression);
      if (result.state === 'pending') continue;
      const message = result.state === 'error' ? result.failure.message : 'the result is not a condition';
      problems.push({ path: `conditions[${index}]`, expression: expression.cel, message });
      continue;
    }
    for (const { type, value } of values) {
      if (found.has(type)) duplicates.add(type);
      else found.set(type, withoutEmptyMessage(transition(type, value, previous.get(type), generation, now)));
    }
  }
  for (const type of duplicates) {
    const message = `condition type "${type}" is set more than once by the entries of conditions`;
    problems.push({ path: 'conditions', expression: type, message });
    const before = previous.get(type);
    if (before === undefined) found.delete(type);
    else found.set(type, before);
  }
  const kept = keptTypes(
    keptOf,
    [...previous.keys()].filter((type) => !PROPAGATION_CONDITIONS.has(type)),
  );
  for (const [type, condition] of previous) if (!found.has(type) && kept.has(type)) found.set(type, condition);
  return { conditions: [...found.values()], problems };
}

/**
 * The types of conditions about writes that are held back. The controller writes these conditions, unless an expression
 * of the author sets the same type.
 */
const PROPAGATION_CONDITIONS: ReadonlySet<string> = new Set([PROPAGATED_CONDITION, REVISION_CONDITION]);

/** Maps types to the instance's conditions, without the conditions that report nodes or record `now()`. */
function previousConditions(instance: KubeObject): Map<string, Condition> {
  const all = readConditions(instance.status?.['conditions']);
  const others = all.filter(({ type }) => !isNodeCondition(type) && !isNowCondition(type));
  return new Map(others.map((condition) => [condition.type, condition]));
}

/**
 * The types whose previous conditions stay: the literal types of the given expressions, or all previous types if an
 * expression has a type that is not a literal.
 */
function keptTypes(expressions: readonly ConditionExpression[], previous: readonly string[]): Set<string> {
  return new Set(expressions.flatMap(({ types }) => types ?? previous));
}

/**
 * The conditions in an expression's result, which is a condition or a list of conditions; undefined for any other
 * result.
 */
function conditionsIn(result: Value): { type: string; value: ConditionContent }[] | undefined {
  const list: readonly Value[] = Array.isArray(result) ? (result as readonly Value[]) : [result];
  const found: { type: string; value: ConditionContent }[] = [];
  for (const entry of list) {
    const text = (name: string): string => {
      const value = entry instanceof OpaqueValue ? entry.field(name) : undefined;
      return typeof value === 'string' ? value : '';
    };
    const [type, status, reason, message] = ['type', 'status', 'reason', 'message'].map(text) as [
      string,
      string,
      string,
      string,
    ];
    if (type === '' || (status !== 'True' && status !== 'False' && status !== 'Unknown')) return undefined;
    found.push({ type, value: { status, reason, message } });
  }
  return found;
}

/** Removes an empty message. kro's own conditions keep an empty message. */
function withoutEmptyMessage({ message, ...rest }: Condition): Condition {
  return message === undefined || message === '' ? rest : { ...rest, message };
}
