import type { JsonValue } from '@typekro/kit/core';
import { listAt } from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';
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
    validateQuotaSpec(problems.field('spec', object.spec));
    const scopes = listAt(object.spec, 'scopes');
    const before = new Set(listAt(old.spec, 'scopes'));
    if (new Set(scopes).size !== before.size || !scopes.every((scope) => before.has(scope)))
      problems.invalid('spec.scopes', scopes, 'field is immutable');
  },
};

function validateQuotaSpec(spec: Field) {
  for (const { name, amount } of spec.amounts('hard')) {
    checkQuotaResourceName(name);
    checkResourceAmount(name.value, amount);
  }
  const limited = Object.keys(spec.object('hard').value).filter(isQuotaName);
  validateScopes(spec.list('scopes'), limited);
  const selector = spec.optional('scopeSelector');
  if (selector !== undefined) validateScopeSelector(selector, limited);
}

const misses = (scope: string, limited: readonly string[]) => {
  const resources = SCOPES.get(scope);
  return resources === undefined ? [] : limited.filter((name) => !resources.includes(name));
};

const conflicts = (scopes: readonly unknown[]) =>
  OPPOSITES.filter(([one, other]) => scopes.includes(one) && scopes.includes(other));

function validateScopes(scopes: Field<readonly JsonValue[]>, limited: readonly string[]) {
  for (const scope of scopes.value.map(String)) {
    if (!SCOPES.has(scope)) scopes.invalid('unsupported scope');
    for (const _resource of misses(scope, limited)) scopes.invalid('unsupported scope applied to resource');
  }
  for (const _pair of conflicts(scopes.value)) scopes.invalid('conflicting scopes');
}

function validateScopeSelector(selector: Field, limited: readonly string[]) {
  const list = selector.list('matchExpressions');
  const expressions = selector.objects('matchExpressions').map((expression) => expression.at(list.path));
  const whole = {
    MatchExpressions: expressions.map((entry) => ({
      ScopeName: entry.text('scopeName').value,
      Operator: entry.text('operator').value,
      Values: entry.value['values'] ?? null,
    })),
  };
  for (const expression of expressions) {
    const [scope, operator] = [expression.text('scopeName'), expression.text('operator')];
    const values = expression.list('values');
    if (!SCOPES.has(scope.value)) scope.invalid('unsupported scope');
    for (const _resource of misses(scope.value, limited)) list.invalid('unsupported scope applied to resource', whole);
    if (SCOPES.has(scope.value) && !VALUED.has(scope.value) && operator.value !== 'Exists')
      operator.invalid(
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      );
    if (operator.value === 'In' || operator.value === 'NotIn')
      values.notEmpty("must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
    else if (operator.value !== 'Exists' && operator.value !== 'DoesNotExist')
      operator.invalid('not a valid selector operator');
    else if (values.value.length > 0)
      values.invalid("must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
  }
  for (const _pair of conflicts(expressions.map(({ value }) => value['scopeName'])))
    selector.invalid('conflicting scopes', whole);
}
