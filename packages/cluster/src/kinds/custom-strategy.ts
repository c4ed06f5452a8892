import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { type FieldError, valueAt } from '@typekro/kit/kubernetes';
import type { RuleSite, Schema, ValidationRule } from '@typekro/engine/schema';
import type { Problems } from '../errors/field-problems.ts';
import { type GroupResource, forbidden } from '../errors/api-error.ts';
import { STANDARD_FINALIZERS } from './metadata.ts';
import { type Strategy, type WriteContext, plainStrategy } from './strategy.ts';
import { type DefinedVersion, pathParts } from '../crd/parsed-crd.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import { goQuote, goTypeOf } from '@typekro/kit/golang';

/**
 * The strategy of custom resources. Objects are validated against the schema. They have a status subresource if the
 * definition declares it.
 */
export function customStrategy(
  schema: Schema,
  version: DefinedVersion,
  terminating: boolean,
  resource: GroupResource,
  schemas: SchemaEngineSource,
): Strategy {
  let evaluateRules: ReturnType<ReturnType<SchemaEngineSource>['ruleEvaluator']> | undefined;
  const check = (object: KubeObject, old: KubeObject | undefined, problems: Problems, context: WriteContext) => {
    const { ruleEvaluator, StructuralSchema } = schemas();
    const evaluate = (evaluateRules ??= ruleEvaluator(schema))();
    const ratchet = (site: RuleSite) => ratcheted(site, evaluate, context);
    const changesStatus = context.subresource === 'status';
    problems.push(
      ...StructuralSchema.validate(schema, object, {
        old,
        member: changesStatus ? 'status' : undefined,
        evaluateRules: ratchet,
      }),
    );
    if (version.scale === undefined) return;
    if (!changesStatus) checkReplicas(object, version.scale.specReplicasPath, problems);
    if (old !== undefined) checkReplicas(object, version.scale.statusReplicasPath, problems);
  };
  return {
    ...plainStrategy,
    hasStatus: version.hasStatus,
    hasGeneration: true,
    unconditionalUpdate: false,
    warnings: finalizerWarnings,
    validate: (object, problems, context) => check(object, undefined, problems, context),
    validateUpdate: check,
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

/** Converts errors of rules for unchanged values to warnings. Errors of a rule that reads `oldSelf` remain errors. */
function ratcheted(
  site: RuleSite,
  evaluate: (site: RuleSite) => readonly FieldError[],
  context: WriteContext,
): readonly FieldError[] {
  if (site.old === undefined || !jsonEquals(site.value, site.old)) return evaluate(site);
  const aboutChange = (rule: ValidationRule) => /\boldSelf\b/.test(rule.rule);
  for (const { field, message } of evaluate({ ...site, rules: site.rules.filter((rule) => !aboutChange(rule)) }))
    context.warn(`${field}: ${message}`);
  return evaluate({ ...site, rules: site.rules.filter(aboutChange) });
}

const MAX_INT32 = 2_147_483_647;

/** Checks that a field to which the scale subresource maps is either unset or a valid number of replicas. */
function checkReplicas(object: JsonObject, path: string, problems: Problems) {
  const value = valueAt(object, ...pathParts(path));
  if (value === undefined) return;
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    if (value < 0) problems.invalid(path, value, 'should be a non-negative integer');
    if (value > MAX_INT32) problems.invalid(path, value, `should be less than or equal to ${MAX_INT32}`);
    return;
  }
  const shown = value === null ? '<nil>' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const text = `${path} accessor error: ${shown} is of the type ${goTypeOf(value)}, expected int64`;
  problems.invalid(path, 0, text);
}

/** Warnings about finalizers without a domain, for the finalizers that a write adds to a custom resource. */
export function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): readonly string[] {
  const before = new Set(old?.metadata.finalizers ?? []);
  return [...new Set(object.metadata.finalizers ?? [])]
    .filter((name) => !before.has(name) && !name.includes('/') && !STANDARD_FINALIZERS.has(name))
    .toSorted()
    .map((name) => {
      const path = name.includes('.') ? ' including a path (/)' : '';
      return `metadata.finalizers: ${goQuote(name)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;
    });
}
