import type { JsonObject, KubeObject } from '@typekro/kit/core';
import {
  dns1035Label,
  dnsSubdomain,
  objectAt,
  objectsAt,
  optionalAt,
  webhookClientErrors,
} from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';
import { fill } from '../types/parts.ts';
import { type ConditionChecker, validateMatchConditions, validateRule } from './admission-rules.ts';
import { validateSelector } from './validate-selector.ts';

const webhooksOf = (object: KubeObject) => objectsAt(object, 'webhooks');
const VERSIONS = ['v1', 'v1beta1'];

/** Maps a member to its allowed values. Only mutating webhooks have `reinvocationPolicy`. */
const CHOICES = new Map([
  ['failurePolicy', ['Fail', 'Ignore']],
  ['matchPolicy', ['Equivalent', 'Exact']],
  ['reinvocationPolicy', ['IfNeeded', 'Never']],
]);

/** The strategy of validating or mutating webhook configurations. */
export function webhookStrategy(mutating: boolean): Partial<Strategy> {
  return {
    defaults(object) {
      for (const hook of webhooksOf(object)) defaultWebhook(hook, mutating);
    },
    validate(object, problems, { schemas }) {
      const problemOf: ConditionChecker = (expression) => {
        const { ExpressionCompiler, conditionProblem } = schemas();
        return conditionProblem(ExpressionCompiler.for({ hasParams: false, hasAuthorizer: true }), expression);
      };
      const hooks = problems.field('', object).objects('webhooks');
      const repeated = repeatedFields(hooks.map((hook) => hook.text('name')));
      for (const hook of hooks) {
        const name = hook.text('name');
        validateWebhook(hook, problemOf);
        if (name.value !== '' && repeated.has(name.path)) name.duplicate();
      }
    },
  };
}

function defaultWebhook(hook: JsonObject, mutating: boolean) {
  fill(hook, {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    ...(mutating ? { reinvocationPolicy: 'Never' } : {}),
    timeoutSeconds: 10,
    namespaceSelector: {},
    objectSelector: {},
  });
  fill(optionalAt(objectAt(hook, 'clientConfig'), 'service'), { port: 443 });
  for (const rule of objectsAt(hook, 'rules')) fill(rule, { scope: '*' });
}

function validateWebhook(hook: Field, problemOf: ConditionChecker) {
  const name = hook.text('name');
  name.name(dnsSubdomain);
  if (name.value !== '' && dnsSubdomain(name.value).length === 0 && name.value.split('.').length < 3)
    name.invalid('should be a domain with at least three segments separated by dots');
  hook.objects('rules').forEach(validateRule);
  for (const [key, known] of CHOICES) hook.text(key).oneOfIfSet(known);
  const effects = hook.text('sideEffects');
  const harmless = ['None', 'NoneOnDryRun'];
  effects.notEmpty(`must specify one of ${harmless.join(', ')}`);
  effects.oneOfIfSet(harmless);
  hook.number('timeoutSeconds').between(1, 30, 'the timeout value must be between 1 and 30 seconds');
  validateSelector(hook.object('namespaceSelector'));
  validateSelector(hook.object('objectSelector'));
  const client = hook.object('clientConfig');
  hook.problems.push(...webhookClientErrors(client.value, client.path));
  validateMatchConditions(hook, problemOf);
  checkVersions(hook);
}

function checkVersions(hook: Field) {
  const [list, versions] = [hook.list('admissionReviewVersions'), hook.texts('admissionReviewVersions')];
  list.notEmpty(`must specify one of ${VERSIONS.join(', ')}`);
  const repeated = repeatedFields(versions);
  for (const version of versions) {
    if (repeated.has(version.path)) version.invalid('duplicate version');
    else version.matches(dns1035Label);
  }
  if (versions.length > 0 && !versions.some(({ value }) => VERSIONS.includes(value)))
    list.invalid(`must include at least one of ${VERSIONS.join(', ')}`);
}
