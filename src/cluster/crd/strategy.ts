import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';
import { validate } from '../../schema/index.ts';
import type { FieldProblem, GroupResource } from '../http/status.ts';
import { forbidden } from '../http/status.ts';
import type { Strategy } from '../registry/strategy.ts';
import { plainStrategy } from '../registry/strategy.ts';
import { ruleEvaluator } from './rules.ts';

/** How custom resources are written: validated by their schema, status apart if the definition says so. */
export function customStrategy(schema: Schema, hasStatus: boolean, terminating: boolean, resource: GroupResource): Strategy {
  const evaluateRules = ruleEvaluator(schema);
  const check = (object: KubeObject, old: KubeObject | undefined, problems: FieldProblem[]) => {
    const errors = validate(schema, object as unknown as JsonObject, { old: old as unknown as JsonObject | undefined, evaluateRules });
    problems.push(...errors);
  };
  return {
    ...plainStrategy,
    hasStatus,
    hasGeneration: true,
    unconditionalUpdate: false,
    validate: (object, problems) => check(object, undefined, problems),
    validateUpdate: (object, old, problems) => check(object, old, problems),
    admit(object, old) {
      if (!terminating || old !== undefined) return;
      throw forbidden(resource, object.metadata.name ?? '', 'create not allowed while custom resource definition is terminating');
    },
  };
}
