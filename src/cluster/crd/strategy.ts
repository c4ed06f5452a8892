import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';
import { fieldInvalid } from '../http/problems.ts';
import type { FieldProblem, GroupResource } from '../http/status.ts';
import { forbidden } from '../http/status.ts';
import type { Strategy } from '../registry/strategy.ts';
import { plainStrategy } from '../registry/strategy.ts';
import type { DefinedVersion } from './definition.ts';
import { pathParts } from './definition.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';
import { schemas } from './schemas.ts';

/** How custom resources are written: validated by their schema, status apart if the definition says so. */
export function customStrategy(
  schema: Schema,
  version: DefinedVersion,
  terminating: boolean,
  resource: GroupResource,
): Strategy {
  let evaluateRules: ReturnType<ReturnType<typeof schemas>['ruleEvaluator']> | undefined;
  const check = (object: KubeObject, old: KubeObject | undefined, problems: FieldProblem[]) => {
    const json = object as unknown as JsonObject;
    const { ruleEvaluator, validate } = schemas();
    evaluateRules ??= ruleEvaluator(schema);
    problems.push(...validate(schema, json, { old: old as unknown as JsonObject | undefined, evaluateRules }));
    if (version.scale === undefined) return;
    checkReplicas(json, version.scale.specReplicasPath, problems);
    if (old !== undefined) checkReplicas(json, version.scale.statusReplicasPath, problems);
  };
  return {
    ...plainStrategy,
    hasStatus: version.hasStatus,
    hasGeneration: true,
    unconditionalUpdate: false,
    warnings: finalizerWarnings,
    validate: (object, problems) => check(object, undefined, problems),
    validateUpdate: (object, old, problems) => check(object, old, problems),
    admit(object, old) {
      if (!terminating || old !== undefined) return;
      throw forbidden(
        resource,
        object.metadata.name ?? '',
        'create not allowed while custom resource definition is terminating',
      );
    },
  };
}

const MAX_INT32 = 2_147_483_647;

/** The places that scale reads must hold a replica count. */
function checkReplicas(object: JsonObject, path: string, problems: FieldProblem[]) {
  let value: JsonValue | undefined = object;
  for (const part of pathParts(path))
    value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  if (value === undefined || value === null) return;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    if (value < 0) problems.push(fieldInvalid(path, value, 'should be a non-negative integer'));
    if (value > MAX_INT32) problems.push(fieldInvalid(path, value, `should be less than or equal to ${MAX_INT32}`));
    return;
  }
  const type =
    typeof value === 'number'
      ? 'float64'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value === 'string'
          ? 'string'
          : Array.isArray(value)
            ? '[]interface {}'
            : 'map[string]interface {}';
  const shown = typeof value === 'object' ? JSON.stringify(value) : String(value);
  problems.push(fieldInvalid(path, 0, `${path} accessor error: ${shown} is of the type ${type}, expected int64`));
}
