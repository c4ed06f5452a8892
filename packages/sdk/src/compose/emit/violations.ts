import { type Environment, DYN, kroEnvironment } from '@typekro/cel';
import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type Schema, CelTypes } from '@typekro/engine/schema';
import { ExpressionWriter } from './expression-writer.ts';
import type { Node } from '../ir/node.ts';
import type { ValidationRecord } from '../trace/records.ts';

/**
 * The author's messages of the preconditions that an instance violates, or that cannot be evaluated for it. As in an API
 * server, `spec` decides the types of the values: a whole number of the type `number` is a double.
 */
export function violations(validations: readonly ValidationRecord[], spec: Schema, instance: KubeObject): string[] {
  if (validations.length === 0) return [];
  const schema = { type: DYN, shape: CelTypes.shapeOf({ type: 'object', properties: { spec } }) };
  const environment = kroEnvironment({ variables: { schema } });
  return validations.filter(({ rule }) => !holds(rule, environment, instance)).map(({ message }) => message);
}

/** Does a rule hold for an instance, the variable `schema`? A rule that cannot be evaluated for it does not hold. */
export function holds(rule: Node, environment: Environment, instance: unknown): boolean {
  const text = new ExpressionWriter(new Set(), 'typekro').cel(rule);
  const compiled = environment.compile(text);
  if (!compiled.ok)
    throw new TypeKroError(`a precondition cannot be checked: ${text}`, { code: 'compose/precondition' });
  const result = compiled.program.evaluate(new Map([['schema', instance]]));
  return result.ok && result.value !== false;
}
