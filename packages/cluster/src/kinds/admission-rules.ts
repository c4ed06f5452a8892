/** The checks that are the same for webhook configurations and admission policies. */
import type { JsonObject } from '@typekro/kit/core';
import { objectsAt, pathSegment, qualifiedName } from '@typekro/kit/kubernetes';
import { Field, repeatedFields } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { validateSelector } from './validate-selector.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MATCH_POLICIES = ['Equivalent', 'Exact'];

/** Checks a rule that names operations and resources. */
export function validateRule(rule: Field): void {
  for (const [key, others] of [
    ['operations', 'operations'],
    ['apiGroups', 'API groups'],
    ['apiVersions', 'API versions'],
  ] as const) {
    const list = rule.list(key);
    list.notEmpty();
    if (list.value.length > 1 && list.value.includes('*'))
      list.invalid(`if '*' is present, must not specify other ${others}`);
  }
  for (const operation of rule.texts('operations')) operation.oneOf(OPERATIONS);
  for (const version of rule.texts('apiVersions')) version.notEmpty();
  validateResources(rule);
  rule.text('scope').oneOfIfSet(SCOPES);
}

function validateResources(rule: Field) {
  const list = rule.list('resources');
  list.notEmpty();
  const wholeResources = new Set<string>();
  const wholeParts = new Set<string>();
  for (const entry of rule.texts('resources')) {
    const text = entry.value;
    entry.notEmpty();
    const slash = text.indexOf('/');
    if (slash < 0) continue;
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)];
    if (wholeResources.has(resource)) entry.invalid(`if '${resource}/*' is present, must not specify ${text}`);
    if (wholeParts.has(part)) entry.invalid(`if '*/${part}' is present, must not specify ${text}`);
    if (part === '*') wholeResources.add(resource);
    if (resource === '*') wholeParts.add(part);
  }
  if (list.value.length > 1 && list.value.includes('*/*'))
    list.invalid("if '*/*' is present, must not specify other resources");
  // The API server checks only the last non-empty name without a subresource.
  const last = list.value.findLast((name) => name !== '' && !String(name).includes('/'));
  if (list.value.includes('*') && last !== '*')
    list.invalid("if '*' is present, must not specify other resources without subresources");
}

/** Returns the message for an invalid expression of a match condition; `undefined` for a valid expression. */
export type ConditionChecker = (expression: string) => string | undefined;

const MAX_CONDITIONS = 64;

/** Checks the match conditions of a webhook or policy. */
export function validateMatchConditions(owner: Field, problemOf: ConditionChecker): void {
  owner.list('matchConditions').hasTooMany(MAX_CONDITIONS);
  const conditions = owner.objects('matchConditions');
  const repeated = repeatedFields(conditions.map((condition) => condition.text('name')));
  for (const condition of conditions) {
    const [name, { path, problems, value }] = [condition.text('name'), condition.text('expression')];
    const expression = new Field(value.trim(), path, problems);
    expression.notEmpty();
    if (expression.value !== '') expression.problem(problemOf(expression.value));
    name.name(qualifiedName);
    if (name.value !== '' && repeated.has(name.path)) name.duplicate();
  }
}

/** Sets the defaults in the `matchConstraints` of a policy or the `matchResources` of a binding. */
export function defaultMatchResources(match: JsonObject | undefined): void {
  if (match === undefined) return;
  fill(match, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
  for (const key of ['resourceRules', 'excludeResourceRules'])
    for (const rule of objectsAt(match, key)) fill(rule, { scope: '*' });
}

/** Checks the `matchConstraints` of a policy or the `matchResources` of a binding. */
export function validateMatchResources(match: Field): void {
  match.text('matchPolicy').requiredOneOf(MATCH_POLICIES);
  for (const key of ['namespaceSelector', 'objectSelector']) {
    const selector = match.optional(key);
    if (selector === undefined) match.member(key).required();
    else validateSelector(selector);
  }
  for (const rule of [...match.objects('resourceRules'), ...match.objects('excludeResourceRules')]) {
    const names = rule.texts('resourceNames');
    const repeated = repeatedFields(names);
    for (const name of names) {
      name.matches(pathSegment);
      if (repeated.has(name.path)) name.duplicate();
    }
    validateRule(rule);
  }
}
