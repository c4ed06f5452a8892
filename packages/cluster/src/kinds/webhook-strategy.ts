import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import {
  dns1035Label,
  dnsSubdomain,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  webhookClientErrors,
} from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
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
      const names = new Set<string>();
      for (const [index, hook] of webhooksOf(object).entries()) {
        const at = `webhooks[${index}]`;
        const name = textAt(hook, 'name');
        validateWebhook(hook, at, problems, problemOf);
        if (name !== '' && names.has(name)) problems.duplicate(`${at}.name`, name);
        names.add(name);
      }
    },
  };
}

function defaultWebhook(hook: JsonObject, mutating: boolean) {
  fill(hook, {
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    ...(mutating ? { reinvocationPolicy: 'Never' } : {}),
  });
  hook['timeoutSeconds'] ??= 10;
  hook['namespaceSelector'] ??= {};
  hook['objectSelector'] ??= {};
  const service = optionalAt(objectAt(hook, 'clientConfig'), 'service');
  if (service !== undefined) fill(service, { port: 443 });
  for (const rule of objectsAt(hook, 'rules')) fill(rule, { scope: '*' });
}

function validateWebhook(hook: JsonObject, at: string, problems: Problems, problemOf: ConditionChecker) {
  checkName(textAt(hook, 'name'), `${at}.name`, problems);
  for (const [index, rule] of objectsAt(hook, 'rules').entries()) validateRule(rule, `${at}.rules[${index}]`, problems);
  for (const [key, known] of CHOICES) {
    const value = textAt(hook, key);
    if (value !== '' && !known.includes(value)) problems.notSupported(`${at}.${key}`, value, known);
  }
  const effects = textAt(hook, 'sideEffects');
  const harmless = ['None', 'NoneOnDryRun'];
  if (effects === '') problems.required(`${at}.sideEffects`, `must specify one of ${harmless.join(', ')}`);
  else problems.requireOneOf(`${at}.sideEffects`, effects, harmless);
  const seconds = numberAt(hook, 'timeoutSeconds') ?? 10;
  if (seconds < 1 || seconds > 30)
    problems.invalid(`${at}.timeoutSeconds`, seconds, 'the timeout value must be between 1 and 30 seconds');
  for (const key of ['namespaceSelector', 'objectSelector'])
    validateSelector(objectAt(hook, key), `${at}.${key}`, problems);
  problems.push(...webhookClientErrors(objectAt(hook, 'clientConfig'), `${at}.clientConfig`));
  validateMatchConditions(objectsAt(hook, 'matchConditions'), `${at}.matchConditions`, problems, problemOf);
  checkVersions(listAt(hook, 'admissionReviewVersions'), `${at}.admissionReviewVersions`, problems);
}

function checkName(name: string, path: string, problems: Problems) {
  if (name === '') {
    problems.required(path);
    return;
  }
  const wrong = dnsSubdomain(name);
  problems.invalidFor(path, name, wrong);
  if (wrong.length === 0 && name.split('.').length < 3)
    problems.invalid(path, name, 'should be a domain with at least three segments separated by dots');
}

function checkVersions(versions: readonly JsonValue[], path: string, problems: Problems) {
  if (versions.length === 0) problems.required(path, `must specify one of ${VERSIONS.join(', ')}`);
  const seen = new Set<JsonValue>();
  for (const [index, version] of versions.entries()) {
    if (seen.has(version)) problems.invalid(`${path}[${index}]`, version, 'duplicate version');
    else problems.invalidFor(`${path}[${index}]`, version, dns1035Label(String(version)));
    seen.add(version);
  }
  if (versions.length > 0 && !versions.some((version) => VERSIONS.includes(String(version))))
    problems.invalid(path, versions, `must include at least one of ${VERSIONS.join(', ')}`);
}
