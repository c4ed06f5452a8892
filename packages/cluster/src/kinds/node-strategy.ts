import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { featureName, labelValue, listAt, objectAt, objectsAt, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import { type Field, type Problems, fieldDuplicate, repeatedIndexes } from '../errors/field-problems.ts';
import { ensureAt } from '../types/parts.ts';
import { internalValue } from './describe-difference.ts';
import { cidrProblem, familyOf } from './network/ip-addresses.ts';
import { checkResourceAmount } from './pods/resource-names.ts';
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

function validateNode(object: KubeObject, problems: Problems) {
  const [spec, status] = [problems.field('spec', object.spec), problems.field('status', object.status)];
  validateTaints(spec.objects('taints'));
  validateResources(status);
  const swap = status.object('nodeInfo').object('swap').number('capacity');
  swap.at('metadata.nodeSwapStatus.capacity').atLeast(1, 'must be greater than zero');
  validateFeatures(status.texts('declaredFeatures'));
  validateCidrs(spec);
}

/**
 * Checks the taints of a node. As in an API server, the paths in errors begin with `metadata.taints`, although the
 * taints are in `spec`.
 */
function validateTaints(taints: readonly Field[]) {
  const seen = new Set<string>();
  for (const [index, entry] of taints.entries()) {
    const taint = entry.at(`metadata.taints[${index}]`);
    const [key, value, effect] = [taint.text('key'), taint.text('value'), taint.text('effect')];
    key.matches(qualifiedName);
    const wrong = labelValue(value.value);
    if (wrong.length > 0) value.invalid(wrong.join(';'));
    effect.requiredOneOf(EFFECTS);
    const pair = JSON.stringify([key.value, effect.value]);
    if (seen.has(pair)) {
      const { message, ...error } = fieldDuplicate(taint.path, internalValue('core.v1.Taint', taint.value));
      taint.problems.push({ ...error, message: `${message}: taints must be unique by key and effect pair` });
    }
    seen.add(pair);
  }
}

function validateResources(status: Field) {
  for (const group of [status.object('capacity'), status.object('allocatable')])
    for (const name of Object.keys(group.value)) checkResourceAmount(name, group.member(name));
}

function validateFeatures(features: readonly Field<string>[]) {
  for (const [index, feature] of features.entries()) {
    feature.matches((name) => featureName(name).map((text) => `invalid feature name "${name}": ${text}`));
    const next = features[index + 1];
    if (next?.value === feature.value) next.duplicate();
    else if (next !== undefined && feature.value > next.value) next.invalid('list must be sorted alphabetically');
  }
}

function validateCidrs(spec: Field) {
  const [list, cidrs] = [spec.list('podCIDRs'), spec.texts('podCIDRs')];
  const before = spec.problems.length;
  for (const cidr of cidrs) cidr.problem(cidrProblem(cidr.value));
  if (cidrs.length < 2 || spec.problems.length > before) return;
  if (cidrs.length > 2 || new Set(cidrs.map(({ value }) => familyOf(value))).size < 2)
    list.invalid('may specify no more than one CIDR for each IP family');
}

function validateNodeUpdate(object: KubeObject, old: KubeObject, problems: Problems) {
  const { spec = {}, status = {} } = object;
  const before = old.spec ?? {};
  const field = problems.field('status', status);
  validateResources(field);
  validateFeatures(field.texts('declaredFeatures'));
  const addresses = objectsAt(status, 'addresses');
  const shown = addresses.map((address) => ({ Type: textAt(address, 'type'), Address: textAt(address, 'address') }));
  for (const index of repeatedIndexes(shown.map((address) => JSON.stringify(address))))
    problems.duplicate(`status.addresses[${index}]`, shown[index]);
  checkKeptCidrs(listAt(spec, 'podCIDRs'), listAt(before, 'podCIDRs'), problems);
  const provider = textAt(before, 'providerID');
  if (provider !== '' && provider !== textAt(spec, 'providerID'))
    problems.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid');
  validateTaints(problems.field('spec', spec).objects('taints'));
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
