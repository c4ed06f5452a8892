import { dnsLabel, labelValue, qualifiedName } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { validateNodeSelector, validateNodeTerm, validateSelector } from '../validate-selector.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Checks the fields that decide where a pod is scheduled: affinity, tolerations, spread, gates. */
export function validateScheduling(spec: Field): void {
  const affinity = spec.object('affinity');
  validateNodeAffinity(affinity.object('nodeAffinity'));
  validatePodAffinity(affinity.object('podAffinity'));
  validatePodAffinity(affinity.object('podAntiAffinity'));
  spec.objects('tolerations').forEach(validateToleration);
  validateSpread(spec.objects('topologySpreadConstraints'));
  const gates = spec.objects('schedulingGates').map((gate) => gate.text('name').at(gate.path));
  const repeated = repeatedFields(gates);
  for (const gate of gates) {
    gate.matches(qualifiedName);
    if (repeated.has(gate.path)) gate.duplicate();
  }
  const node = spec.text('nodeName');
  if (gates.length > 0 && node.value !== '')
    node.forbidden('cannot be set until all schedulingGates have been cleared');
}

const checkWeight = (term: Field) => term.count('weight').between(1, 100, 'must be in the range 1-100');

function validateNodeAffinity(affinity: Field) {
  const required = affinity.optional(REQUIRED);
  if (required !== undefined) validateNodeSelector(required);
  for (const term of affinity.objects(PREFERRED)) {
    checkWeight(term);
    validateNodeTerm(term.object('preference'));
  }
}

function validatePodAffinity(affinity: Field) {
  affinity.objects(REQUIRED).forEach(validatePodTerm);
  for (const weighted of affinity.objects(PREFERRED)) {
    checkWeight(weighted);
    validatePodTerm(weighted.object('podAffinityTerm'));
  }
}

const WITHOUT_SELECTOR = 'must not be specified when labelSelector is not set';

function validatePodTerm(term: Field) {
  validateSelector(term.object('labelSelector'));
  validateSelector(term.object('namespaceSelector'));
  for (const name of term.texts('namespaces')) name.at(`${term.path}.namespace`).matches(dnsLabel);
  const mismatch = term.list('mismatchLabelKeys').value;
  for (const key of ['matchLabelKeys', 'mismatchLabelKeys']) {
    const names = term.texts(key);
    if (names.length > 0 && term.optional('labelSelector') === undefined) term.list(key).forbidden(WITHOUT_SELECTOR);
    for (const name of names) {
      name.matches(qualifiedName);
      if (key === 'matchLabelKeys' && mismatch.includes(name.value))
        name.invalid('exists in both matchLabelKeys and mismatchLabelKeys');
    }
  }
  const topology = term.text('topologyKey');
  topology.notEmpty('can not be empty');
  topology.matches(qualifiedName);
}

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Checks a toleration of a pod or of a runtime class. */
export function validateToleration(entry: Field): void {
  const [key, operator, effect] = [entry.text('key'), entry.text('operator'), entry.text('effect')];
  const value = entry.text('value').at(operator.path);
  key.matchesIfSet(qualifiedName);
  if (key.value === '' && operator.value !== 'Exists')
    operator.invalid('operator must be Exists when `key` is empty, which means "match all values and all keys"');
  if (entry.value['tolerationSeconds'] !== undefined && effect.value !== 'NoExecute')
    effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator.value === 'Exists') {
    if (value.value !== '') value.invalid("value must be empty when `operator` is 'Exists'");
  } else if (operator.value === '' || operator.value === 'Equal') {
    const wrong = labelValue(value.value);
    if (wrong.length > 0) value.invalid(wrong.join(';'));
  } else {
    const isComparison = operator.value === 'Gt' || operator.value === 'Lt';
    operator.notSupported(isComparison ? ['Equal', 'Exists', 'Lt', 'Gt'] : ['Equal', 'Exists']);
  }
  effect.oneOfIfSet(EFFECTS);
}

const WHEN = ['DoNotSchedule', 'ScheduleAnyway'];
const POLICIES = ['Honor', 'Ignore'];

function validateSpread(constraints: readonly Field[]) {
  const pairs = constraints.map((entry) => {
    const [key, when] = [entry.text('topologyKey').value, entry.text('whenUnsatisfiable').value];
    return `{${key}, ${when}}`;
  });
  const lastIndexes = new Map(pairs.map((pair, index) => [pair, index]));
  for (const [index, entry] of constraints.entries()) {
    const [when, topology] = [entry.text('whenUnsatisfiable'), entry.text('topologyKey')];
    entry.count('maxSkew').atLeast(1, 'must be greater than zero');
    topology.name(qualifiedName, 'can not be empty');
    when.oneOf(WHEN);
    if ((lastIndexes.get(pairs[index] ?? '') ?? index) > index)
      entry.problems.duplicate(`${entry.path}.{topologyKey, whenUnsatisfiable}`, pairs[index]);
    const domains = entry.number('minDomains');
    domains.atLeast(1, 'must be greater than zero');
    if (domains.value !== undefined && when.value !== 'DoNotSchedule')
      domains.invalid(`can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when.value}`);
    entry.text('nodeAffinityPolicy').oneOfIfSet(POLICIES);
    entry.text('nodeTaintsPolicy').oneOfIfSet(POLICIES);
    const selector = entry.optional('labelSelector');
    const keys = entry.list('matchLabelKeys');
    if (selector === undefined && keys.value.length > 0) keys.forbidden(WITHOUT_SELECTOR);
    else for (const name of entry.texts('matchLabelKeys')) name.matches(qualifiedName);
    if (selector !== undefined) validateSelector(selector);
  }
}
