/** The checks that are the same for webhook configurations and admission policies. */
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { listAt, objectAt, objectsAt, optionalAt, pathSegment, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { fill } from '../types/parts.ts';
import { validateSelector } from './validate-selector.ts';

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const SCOPES = ['*', 'Cluster', 'Namespaced'];
const MATCH_POLICIES = ['Equivalent', 'Exact'];

/** Checks a rule that names operations and resources. */
export function validateRule(rule: JsonObject, at: string, problems: Problems): void {
  for (const [key, others] of [
    ['operations', 'operations'],
    ['apiGroups', 'API groups'],
    ['apiVersions', 'API versions'],
  ] as const) {
    const list = listAt(rule, key);
    if (list.length === 0) problems.required(`${at}.${key}`);
    else if (list.length > 1 && list.includes('*'))
      problems.invalid(`${at}.${key}`, list, `if '*' is present, must not specify other ${others}`);
  }
  for (const [index, operation] of listAt(rule, 'operations').entries())
    problems.requireOneOf(`${at}.operations[${index}]`, operation, OPERATIONS);
  for (const [index, version] of listAt(rule, 'apiVersions').entries())
    if (version === '') problems.required(`${at}.apiVersions[${index}]`);
  validateResources(listAt(rule, 'resources'), `${at}.resources`, problems);
  const scope = textAt(rule, 'scope');
  if (scope !== '' && !SCOPES.includes(scope)) problems.notSupported(`${at}.scope`, scope, SCOPES);
}

function validateResources(resources: readonly JsonValue[], at: string, problems: Problems) {
  if (resources.length === 0) problems.required(at);
  const wholeResources = new Set<string>();
  const wholeParts = new Set<string>();
  for (const [index, entry] of resources.entries()) {
    const text = String(entry);
    if (text === '') problems.required(`${at}[${index}]`);
    const slash = text.indexOf('/');
    if (slash < 0) continue;
    const [resource, part] = [text.slice(0, slash), text.slice(slash + 1)];
    if (wholeResources.has(resource))
      problems.invalid(`${at}[${index}]`, text, `if '${resource}/*' is present, must not specify ${text}`);
    if (wholeParts.has(part))
      problems.invalid(`${at}[${index}]`, text, `if '*/${part}' is present, must not specify ${text}`);
    if (part === '*') wholeResources.add(resource);
    if (resource === '*') wholeParts.add(part);
  }
  if (resources.length > 1 && resources.includes('*/*'))
    problems.invalid(at, resources, "if '*/*' is present, must not specify other resources");
  // The API server checks only the last non-empty name without a subresource.
  const last = resources.findLast((name) => name !== '' && !String(name).includes('/'));
  if (resources.includes('*') && last !== '*')
    problems.invalid(at, resources, "if '*' is present, must not specify other resources without subresources");
}

/** Returns the message for an invalid expression of a match condition; `undefined` for a valid expression. */
export type ConditionChecker = (expression: string) => string | undefined;

const MAX_CONDITIONS = 64;

/** Checks the match conditions of a webhook or policy. */
export function validateMatchConditions(
  conditions: readonly JsonObject[],
  at: string,
  problems: Problems,
  problemOf: ConditionChecker,
): void {
  if (conditions.length > MAX_CONDITIONS) problems.tooMany(at, conditions.length, MAX_CONDITIONS);
  const names = new Set<string>();
  for (const [index, condition] of conditions.entries()) {
    const own = `${at}[${index}]`;
    const name = textAt(condition, 'name');
    const expression = textAt(condition, 'expression').trim();
    if (expression === '') problems.required(`${own}.expression`);
    else {
      const problem = problemOf(expression);
      if (problem !== undefined) problems.invalid(`${own}.expression`, expression, problem);
    }
    problems.requireName(`${own}.name`, name, qualifiedName);
    if (name !== '' && names.has(name)) problems.duplicate(`${own}.name`, name);
    names.add(name);
  }
}

/** Sets the defaults in the `matchConstraints` of a policy or the `matchResources` of a binding. */
export function defaultMatchResources(match: JsonObject | undefined): void {
  if (match === undefined) return;
  fill(match, { matchPolicy: 'Equivalent' });
  match['namespaceSelector'] ??= {};
  match['objectSelector'] ??= {};
  for (const key of ['resourceRules', 'excludeResourceRules'])
    for (const rule of objectsAt(match, key)) fill(rule, { scope: '*' });
}

/** Checks the `matchConstraints` of a policy or the `matchResources` of a binding. */
export function validateMatchResources(match: JsonObject, at: string, problems: Problems): void {
  const policy = textAt(match, 'matchPolicy');
  if (policy === '') problems.required(`${at}.matchPolicy`);
  else problems.requireOneOf(`${at}.matchPolicy`, policy, MATCH_POLICIES);
  for (const key of ['namespaceSelector', 'objectSelector']) {
    if (optionalAt(match, key) === undefined) problems.required(`${at}.${key}`);
    else validateSelector(objectAt(match, key), `${at}.${key}`, problems);
  }
  for (const key of ['resourceRules', 'excludeResourceRules']) {
    for (const [index, rule] of objectsAt(match, key).entries()) {
      const own = `${at}.${key}[${index}]`;
      const names = new Set<JsonValue>();
      for (const [position, name] of listAt(rule, 'resourceNames').entries()) {
        problems.invalidFor(`${own}.resourceNames[${position}]`, name, pathSegment(String(name)));
        if (names.has(name)) problems.duplicate(`${own}.resourceNames[${position}]`, name);
        names.add(name);
      }
      validateRule(rule, own, problems);
    }
  }
}
