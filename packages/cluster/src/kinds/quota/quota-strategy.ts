import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { listAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { checkQuotaResourceName, isQuotaName, checkResourceAmount } from '../pods/resource-names.ts';

const PODS = ['pods', 'cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Maps a scope to the resources that a quota with this scope may limit. */
const SCOPES = new Map<string, readonly string[]>([
  ['BestEffort', ['pods']],
  ...['NotBestEffort', 'Terminating', 'NotTerminating', 'PriorityClass', 'CrossNamespacePodAffinity'].map(
    (scope) => [scope, PODS] as const,
  ),
  ['VolumeAttributesClass', ['persistentvolumeclaims', 'requests.storage']],
]);
/**
 * The scopes whose selectors can name values. For any other scope, a selector can only require that the scope applies.
 */
const VALUED = new Set(['PriorityClass', 'VolumeAttributesClass']);
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** The strategy of ResourceQuotas. */
export const quotaStrategy: Partial<Strategy> = {
  validate(object, problems, _context, old = object) {
    validateQuotaSpec(object.spec ?? {}, problems);
    const scopes = listAt(object.spec, 'scopes');
    const before = new Set(listAt(old.spec, 'scopes'));
    if (new Set(scopes).size !== before.size || !scopes.every((scope) => before.has(scope)))
      problems.invalid('spec.scopes', scopes, 'field is immutable');
  },
};

function validateQuotaSpec(spec: JsonObject, problems: Problems) {
  const hard = objectAt(spec, 'hard');
  for (const [name, value = null] of Object.entries(hard)) {
    const at = `spec.hard[${name}]`;
    checkQuotaResourceName(name, at, problems);
    checkResourceAmount(name, value, at, problems);
  }
  const limited = Object.keys(hard).filter(isQuotaName);
  validateScopes(listAt(spec, 'scopes'), limited, problems);
  const selector = optionalAt(spec, 'scopeSelector');
  if (selector !== undefined) validateScopeSelector(selector, limited, problems);
}

const misses = (scope: string, limited: readonly string[]) => {
  const resources = SCOPES.get(scope);
  return resources === undefined ? [] : limited.filter((name) => !resources.includes(name));
};

const conflicts = (scopes: readonly unknown[]) =>
  OPPOSITES.filter(([one, other]) => scopes.includes(one) && scopes.includes(other));

function validateScopes(scopes: readonly JsonValue[], limited: readonly string[], problems: Problems) {
  const refuse = (text: string) => problems.invalid('spec.scopes', scopes, text);
  for (const scope of scopes.map(String)) {
    if (!SCOPES.has(scope)) refuse('unsupported scope');
    for (const _resource of misses(scope, limited)) refuse('unsupported scope applied to resource');
  }
  for (const _pair of conflicts(scopes)) refuse('conflicting scopes');
}

function validateScopeSelector(selector: JsonObject, limited: readonly string[], problems: Problems) {
  const at = 'spec.scopeSelector.matchExpressions';
  const expressions = objectsAt(selector, 'matchExpressions');
  const whole = {
    MatchExpressions: expressions.map((entry) => ({
      ScopeName: textAt(entry, 'scopeName'),
      Operator: textAt(entry, 'operator'),
      Values: entry['values'] ?? null,
    })),
  };
  for (const expression of expressions) {
    const [scope, operator] = [textAt(expression, 'scopeName'), textAt(expression, 'operator')];
    const values = listAt(expression, 'values');
    if (!SCOPES.has(scope)) problems.invalid(`${at}.scopeName`, scope, 'unsupported scope');
    for (const _resource of misses(scope, limited))
      problems.invalid(at, whole, 'unsupported scope applied to resource');
    if (SCOPES.has(scope) && !VALUED.has(scope) && operator !== 'Exists') {
      const onlyExists =
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      problems.invalid(`${at}.operator`, operator, onlyExists);
    }
    if (operator === 'In' || operator === 'NotIn') {
      const required = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
      if (values.length === 0) problems.required(`${at}.values`, required);
    } else if (operator !== 'Exists' && operator !== 'DoesNotExist') {
      problems.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    } else if (values.length > 0) {
      const none = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
      problems.invalid(`${at}.values`, values, none);
    }
  }
  for (const _pair of conflicts(expressions.map((entry) => entry['scopeName'])))
    problems.invalid('spec.scopeSelector', whole, 'conflicting scopes');
}
