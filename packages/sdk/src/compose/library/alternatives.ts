import type { Schema } from '@typekro/engine/schema';
import { and, eq, has, literal, not, or, select, TRUE } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import type { ObjectStaticType } from '../ir/types.ts';
import { activeTrace } from '../trace/current-trace.ts';

/**
 * Adds the fact that an object has the fields of one alternative of its schema. Then a test of a field, such as the one
 * that tells the alternatives apart, decides which of the other fields are present.
 */
export function assumeAlternatives(node: Node, type: ObjectStaticType): void {
  const { alternatives } = type;
  if (alternatives === undefined) return;
  activeTrace().facts.assume(alternatives.map((branch) => factOf(branch, node, type)).reduce(or));
}

/** The condition that an object belongs to an alternative. */
function factOf({ required = [], properties = {}, ...branch }: Schema, object: Node, type: ObjectStaticType): Node {
  const facts = type.names().map((name): Node => {
    if (!Object.hasOwn(properties, name))
      return branch.additionalProperties === false ? not(has(object, name)) : TRUE();
    const isOptional = type.field(name)?.required !== true;
    const value = oneOf(properties[name]?.enum, select(object, name, type.field(name)?.type ?? { kind: 'dyn' }));
    if (required.includes(name)) return isOptional ? and(has(object, name), value) : value;
    return isOptional ? or(not(has(object, name)), value) : value;
  });
  return facts.reduce(and, TRUE());
}

/** The condition that a value is one of the constants of its schema; true for a schema without constants. */
function oneOf(constants: Schema['enum'], value: Node): Node {
  if (constants === undefined) return TRUE();
  const tests = constants.map((constant) => {
    if (typeof constant === 'boolean') return constant ? value : not(value);
    return typeof constant === 'string' || typeof constant === 'number' ? eq(value, literal(constant)) : TRUE();
  });
  return tests.reduce(or);
}
