import { ruleEvaluator } from '@typekro/cluster/rule-evaluator';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { dnsLabel, dnsSubdomain, textAt } from '@typekro/kit/kubernetes';
import { type Schema, StructuralSchema, RefusedPlace } from '@typekro/engine/schema';
import type { InstanceCheck, InstanceProblem } from './input.ts';

/**
 * Returns the errors that an API server reports for an instance: invalid names, and violations of its schema and of the
 * schema's CEL rules. The defaults of the schema are added to the instance first.
 */
export function checkInstance({ schema, instance }: InstanceCheck): InstanceProblem[] {
  const whole = StructuralSchema.of({ type: 'object', properties: { spec: schema } });
  const { metadata, spec } = instance;
  return [...nameProblems({ metadata }), ...schemaProblems(whole, StructuralSchema.applyDefaults(whole, { spec }))];
}

/** Returns the violations of a schema, including its CEL rules, in a value. */
export function schemaProblems(schema: Schema, value: JsonValue): InstanceProblem[] {
  const errors = StructuralSchema.validate(schema, value, { evaluateRules: ruleEvaluator(schema)() });
  return errors
    .filter(({ field }) => field !== NO_FIELD)
    .map(({ field, message }) => ({ field, steps: RefusedPlace.stepsIn(value, field).map(String), message }));
}

/** The field name in the API server's note that CEL rules were not evaluated because of other errors. */
const NO_FIELD = '<nil>';

function nameProblems(instance: JsonObject): InstanceProblem[] {
  const of = (name: string, check: (text: string) => readonly string[]): InstanceProblem[] => {
    const text = textAt(instance, 'metadata', name);
    return text === ''
      ? []
      : check(text).map((message) => ({ field: `metadata.${name}`, steps: ['metadata', name], message }));
  };
  return [...of('name', dnsSubdomain), ...of('namespace', dnsLabel)];
}
