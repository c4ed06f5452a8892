import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { featureName, labelValue, listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type Problems, fieldDuplicate, repeatedIndexes } from '../errors/field-problems.ts';
import { ensureAt } from '../types/parts.ts';
import { internalValue } from './describe-difference.ts';
import { cidrProblem, familyOf } from './network/ip-addresses.ts';
import { checkResourceAmount } from './pods/resource-names.ts';
import { checkLabelName } from './validate-selector.ts';
import type { MutableObject, Strategy } from './strategy.ts';

/** Maps current labels to the deprecated labels that they replaced, which old node selectors still use. */
const REPLACED_LABELS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
]);

const NOT_READY: JsonObject = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The strategy of nodes. A new node keeps the status of its request. */
export const nodeStrategy: Partial<Strategy> = {
  keepsStatus: true,
  defaults: (object) => alignCidrs(objectAt(object, 'spec')),
  /**
   * Does the work of the admission plugin `TaintNodesByCondition`: taints a new node, so that no pod runs on it before
   * a controller has processed the node.
   */
  admitMutating(object, context) {
    if (context.subresource !== '') return;
    const taints = objectsAt(object.spec, 'taints');
    const isTainted = taints.some(({ key, effect }) => key === NOT_READY['key'] && effect === NOT_READY['effect']);
    if (!isTainted) ensureAt(object, 'spec')['taints'] = [...taints, { ...NOT_READY }];
  },
  prepareCreate: (object) => dropConfiguration(object, undefined),
  prepareUpdate: (object, old) => dropConfiguration(object, old),
  validate: (object, problems) => validateNode(object, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === '') validateNode(object, problems);
    validateNodeUpdate(object, old, problems);
  },
  warnings: (object) =>
    textAt(object.spec, 'externalID') === ''
      ? []
      : ['spec.externalID: this field is deprecated, and is unused by Kubernetes'],
};

/**
 * Aligns `podCIDR` with the first entry of `podCIDRs`. When both are set and differ, the list is replaced by `podCIDR`.
 */
function alignCidrs(spec: JsonObject) {
  const [cidr, first] = [textAt(spec, 'podCIDR'), listAt(spec, 'podCIDRs')[0]];
  if (cidr === '' && first !== undefined) spec['podCIDR'] = first;
  else if (cidr !== '' && cidr !== first) spec['podCIDRs'] = [cidr];
}

/**
 * Removes the fields for dynamic configuration of the kubelet, a feature that Kubernetes has removed. A node that was
 * stored with these fields keeps them.
 */
function dropConfiguration(object: MutableObject, old: KubeObject | undefined) {
  if (old?.spec?.['configSource'] === undefined && object.spec !== undefined) delete object.spec['configSource'];
  if (old?.status?.['config'] === undefined && object.status !== undefined) delete object.status['config'];
}

function validateNode({ spec = {}, status = {} }: KubeObject, problems: Problems) {
  validateTaints(objectsAt(spec, 'taints'), problems);
  validateResources(status, problems);
  const swap = numberAt(objectAt(objectAt(status, 'nodeInfo'), 'swap'), 'capacity');
  if (swap !== undefined && swap <= 0)
    problems.invalid('metadata.nodeSwapStatus.capacity', swap, 'must be greater than zero');
  validateFeatures(listAt(status, 'declaredFeatures'), problems);
  validateCidrs(listAt(spec, 'podCIDRs').map(String), problems);
}

/**
 * Checks the taints of a node. As in an API server, the paths in errors begin with `metadata.taints`, although the
 * taints are in `spec`.
 */
function validateTaints(taints: readonly JsonObject[], problems: Problems) {
  const seen = new Set<string>();
  for (const [index, taint] of taints.entries()) {
    const at = `metadata.taints[${index}]`;
    const [key, value, effect] = [textAt(taint, 'key'), textAt(taint, 'value'), textAt(taint, 'effect')];
    checkLabelName(key, `${at}.key`, problems);
    const wrong = labelValue(value);
    if (wrong.length > 0) problems.invalid(`${at}.value`, value, wrong.join(';'));
    if (effect === '') problems.required(`${at}.effect`);
    else problems.requireOneOf(`${at}.effect`, effect, EFFECTS);
    const pair = JSON.stringify([key, effect]);
    if (seen.has(pair)) {
      const { message, ...error } = fieldDuplicate(at, internalValue('core.v1.Taint', taint));
      problems.push({ ...error, message: `${message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
  }
}

function validateResources(status: JsonObject, problems: Problems) {
  for (const group of ['capacity', 'allocatable']) {
    for (const [name, value = null] of Object.entries(objectAt(status, group)))
      checkResourceAmount(name, value, `status.${group}.${name}`, problems);
  }
}

function validateFeatures(features: readonly JsonValue[], problems: Problems) {
  for (const [index, feature] of features.map(String).entries()) {
    const at = `status.declaredFeatures[${index}]`;
    for (const problem of featureName(feature))
      problems.invalid(at, feature, `invalid feature name "${feature}": ${problem}`);
    const next = features[index + 1];
    const nextAt = `status.declaredFeatures[${index + 1}]`;
    if (next === feature) problems.duplicate(nextAt, next);
    else if (typeof next === 'string' && feature > next)
      problems.invalid(nextAt, next, 'list must be sorted alphabetically');
  }
}

function validateCidrs(cidrs: readonly string[], problems: Problems) {
  const wrong = cidrs.map((cidr) => cidrProblem(cidr));
  for (const [index, problem] of wrong.entries())
    if (problem !== undefined) problems.invalid(`spec.podCIDRs[${index}]`, cidrs[index], problem);
  if (cidrs.length < 2 || wrong.some((problem) => problem !== undefined)) return;
  if (cidrs.length > 2 || new Set(cidrs.map(familyOf)).size < 2)
    problems.invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family');
}

function validateNodeUpdate(object: KubeObject, old: KubeObject, problems: Problems) {
  const { spec = {}, status = {} } = object;
  const before = old.spec ?? {};
  validateResources(status, problems);
  validateFeatures(listAt(status, 'declaredFeatures'), problems);
  const addresses = objectsAt(status, 'addresses');
  const shown = addresses.map((address) => ({ Type: textAt(address, 'type'), Address: textAt(address, 'address') }));
  for (const index of repeatedIndexes(shown.map((address) => JSON.stringify(address))))
    problems.duplicate(`status.addresses[${index}]`, shown[index]);
  checkKeptCidrs(listAt(spec, 'podCIDRs'), listAt(before, 'podCIDRs'), problems);
  const provider = textAt(before, 'providerID');
  if (provider !== '' && provider !== textAt(spec, 'providerID'))
    problems.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid');
  validateTaints(objectsAt(spec, 'taints'), problems);
  if (textAt(spec, 'externalID') !== textAt(before, 'externalID'))
    problems.forbidden('spec.externalID', 'may not be updated');
}

function checkKeptCidrs(next: readonly JsonValue[], before: readonly JsonValue[], problems: Problems) {
  if (before.length === 0) return;
  const changes = before.length === next.length ? before.filter((cidr, index) => cidr !== next[index]).length : 1;
  for (let count = 0; count < changes; count += 1)
    problems.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
}

/** Returns the labels of a node, in which each deprecated label has the value of its replacement. */
export function withReplacedLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const result = { ...labels };
  for (const [label, replaced] of REPLACED_LABELS) {
    const value = labels[label];
    if (value !== undefined) result[replaced] = value;
  }
  return result;
}
