import type { JsonObject } from '@typekro/kit/core';
import {
  dnsLabel,
  labelValue,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { checkLabelName, validateNodeSelector, validateNodeTerm, validateSelector } from '../validate-selector.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Checks the fields that decide where a pod is scheduled: affinity, tolerations, spread, gates. */
export function validateScheduling(spec: JsonObject, path: string, problems: Problems): void {
  const affinity = objectAt(spec, 'affinity');
  validateNodeAffinity(objectAt(affinity, 'nodeAffinity'), `${path}.affinity.nodeAffinity`, problems);
  for (const kind of ['podAffinity', 'podAntiAffinity'])
    validatePodAffinity(objectAt(affinity, kind), `${path}.affinity.${kind}`, problems);
  validateTolerations(objectsAt(spec, 'tolerations'), `${path}.tolerations`, problems);
  validateSpread(objectsAt(spec, 'topologySpreadConstraints'), `${path}.topologySpreadConstraints`, problems);
  const gates = objectsAt(spec, 'schedulingGates').map((gate) => textAt(gate, 'name'));
  const repeated = repeatedIndexes(gates);
  for (const [index, name] of gates.entries()) {
    const at = `${path}.schedulingGates[${index}]`;
    checkLabelName(name, at, problems);
    if (repeated.has(index)) problems.duplicate(at, name);
  }
  if (gates.length > 0 && textAt(spec, 'nodeName') !== '')
    problems.forbidden(`${path}.nodeName`, 'cannot be set until all schedulingGates have been cleared');
}

function checkWeight(term: JsonObject, at: string, problems: Problems) {
  const weight = numberAt(term, 'weight') ?? 0;
  if (weight < 1 || weight > 100) problems.invalid(`${at}.weight`, weight, 'must be in the range 1-100');
}

function validateNodeAffinity(affinity: JsonObject, at: string, problems: Problems) {
  const required = optionalAt(affinity, REQUIRED);
  if (required !== undefined) validateNodeSelector(required, `${at}.${REQUIRED}`, problems);
  for (const [index, term] of objectsAt(affinity, PREFERRED).entries()) {
    const place = `${at}.${PREFERRED}[${index}]`;
    checkWeight(term, place, problems);
    validateNodeTerm(objectAt(term, 'preference'), `${place}.preference`, problems);
  }
}

function validatePodAffinity(affinity: JsonObject, at: string, problems: Problems) {
  for (const [index, term] of objectsAt(affinity, REQUIRED).entries())
    validatePodTerm(term, `${at}.${REQUIRED}[${index}]`, problems);
  for (const [index, weighted] of objectsAt(affinity, PREFERRED).entries()) {
    const place = `${at}.${PREFERRED}[${index}]`;
    checkWeight(weighted, place, problems);
    validatePodTerm(objectAt(weighted, 'podAffinityTerm'), `${place}.podAffinityTerm`, problems);
  }
}

function validatePodTerm(term: JsonObject, at: string, problems: Problems) {
  for (const key of ['labelSelector', 'namespaceSelector'])
    validateSelector(objectAt(term, key), `${at}.${key}`, problems);
  for (const name of listAt(term, 'namespaces')) problems.invalidFor(`${at}.namespace`, name, dnsLabel(String(name)));
  const mismatch = listAt(term, 'mismatchLabelKeys');
  for (const key of ['matchLabelKeys', 'mismatchLabelKeys']) {
    const names = listAt(term, key);
    if (names.length > 0 && optionalAt(term, 'labelSelector') === undefined)
      problems.forbidden(`${at}.${key}`, 'must not be specified when labelSelector is not set');
    for (const [index, name] of names.entries()) {
      checkLabelName(String(name), `${at}.${key}[${index}]`, problems);
      if (key === 'matchLabelKeys' && mismatch.includes(name))
        problems.invalid(`${at}.${key}[${index}]`, name, 'exists in both matchLabelKeys and mismatchLabelKeys');
    }
  }
  const topology = textAt(term, 'topologyKey');
  if (topology === '') problems.required(`${at}.topologyKey`, 'can not be empty');
  checkLabelName(topology, `${at}.topologyKey`, problems);
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Checks the tolerations of a pod or of a runtime class. */
export function validateTolerations(tolerations: readonly JsonObject[], path: string, problems: Problems): void {
  for (const [index, toleration] of tolerations.entries())
    validateToleration(toleration, `${path}[${index}]`, problems);
}

function validateToleration(entry: JsonObject, at: string, problems: Problems) {
  const [key, operator, effect] = [textAt(entry, 'key'), textAt(entry, 'operator'), textAt(entry, 'effect')];
  const value = textAt(entry, 'value');
  if (key !== '') checkLabelName(key, `${at}.key`, problems);
  else if (operator !== 'Exists')
    problems.invalid(
      `${at}.operator`,
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  if (entry['tolerationSeconds'] !== undefined && effect !== 'NoExecute')
    problems.invalid(`${at}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator === 'Exists') {
    if (value !== '') problems.invalid(`${at}.operator`, value, "value must be empty when `operator` is 'Exists'");
  } else if (operator === '' || operator === 'Equal') {
    const wrong = labelValue(value);
    if (wrong.length > 0) problems.invalid(`${at}.operator`, value, wrong.join(';'));
  } else {
    const known = operator === 'Gt' || operator === 'Lt' ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists'];
    problems.notSupported(`${at}.operator`, operator, known);
  }
  if (effect !== '' && !EFFECTS.includes(effect)) problems.notSupported(`${at}.effect`, effect, EFFECTS);
}

const WHEN = ['DoNotSchedule', 'ScheduleAnyway'];
const POLICIES = ['Honor', 'Ignore'];

function validateSpread(constraints: readonly JsonObject[], path: string, problems: Problems) {
  const pairs = constraints.map((entry) => `{${textAt(entry, 'topologyKey')}, ${textAt(entry, 'whenUnsatisfiable')}}`);
  const lastIndexes = new Map(pairs.map((pair, index) => [pair, index]));
  for (const [index, entry] of constraints.entries()) {
    const at = `${path}[${index}]`;
    const when = textAt(entry, 'whenUnsatisfiable');
    const skew = numberAt(entry, 'maxSkew') ?? 0;
    if (skew <= 0) problems.invalid(`${at}.maxSkew`, skew, 'must be greater than zero');
    const key = textAt(entry, 'topologyKey');
    if (key === '') problems.required(`${at}.topologyKey`, 'can not be empty');
    else checkLabelName(key, `${at}.topologyKey`, problems);
    problems.requireOneOf(`${at}.whenUnsatisfiable`, when, WHEN);
    if ((lastIndexes.get(pairs[index] ?? '') ?? index) > index)
      problems.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pairs[index]);
    const domains = numberAt(entry, 'minDomains');
    if (domains !== undefined && domains <= 0)
      problems.invalid(`${at}.minDomains`, domains, 'must be greater than zero');
    if (domains !== undefined && when !== 'DoNotSchedule')
      problems.invalid(
        `${at}.minDomains`,
        domains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when}`,
      );
    for (const policy of ['nodeAffinityPolicy', 'nodeTaintsPolicy']) {
      const value = textAt(entry, policy);
      if (value !== '' && !POLICIES.includes(value)) problems.notSupported(`${at}.${policy}`, value, POLICIES);
    }
    const selector = optionalAt(entry, 'labelSelector');
    const keys = listAt(entry, 'matchLabelKeys');
    if (selector === undefined && keys.length > 0)
      problems.forbidden(`${at}.matchLabelKeys`, 'must not be specified when labelSelector is not set');
    else
      for (const [position, name] of keys.entries())
        checkLabelName(String(name), `${at}.matchLabelKeys[${position}]`, problems);
    if (selector !== undefined) validateSelector(selector, `${at}.labelSelector`, problems);
  }
}
