import { dnsLabel, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type JsonObject, type JsonValue, commonJson, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { Problems } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { checkLimits, setLimits } from '../quota/limit-ranger.ts';
import { admitPriority, admitRuntime, addLabels, topologyLabels } from './pod-admission.ts';
import { admitServiceAccount, checkEphemeralSecrets, checkServiceAccount } from './service-account-admission.ts';
import { describeDifference } from '../describe-difference.ts';
import { copyJson, ensureAt } from '../../types/parts.ts';
import { admitPod, defaultPodSpec, qosClass } from './pod-defaults.ts';
import { admitResize, partialUpdateOf } from './pod-subresources.ts';
import { validatePodSpec } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { checkGates, gatedCondition, isGated, keepNodeAffinity } from './pod-gates.ts';

const ALLOWED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * The strategy of pods. A new pod is Pending, most of its fields are immutable, and its deletion has a grace period.
 */
export const podStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    defaultPodSpec(spec, true);
    if (Number(spec['terminationGracePeriodSeconds']) < 0) spec['terminationGracePeriodSeconds'] = 1;
    alignAddresses(object.status);
  },
  admitMutating(object, context) {
    if (context.subresource !== '') return;
    setLimits(object, context);
    if (context.hasServiceAccountAdmission) admitServiceAccount(object, context);
    admitPriority(object, context);
    admitRuntime(object, context);
    admitPod(ensureAt(object, 'spec'));
    const node = textAt(object.spec, 'nodeName');
    if (node !== '') addLabels(object, topologyLabels(context.store, node));
  },
  admit(object, old, context) {
    if (old !== undefined && context.subresource === 'resize') {
      admitResize(object, old, context);
      checkLimits(object, context);
    }
    if (old === undefined && context.subresource === '') {
      checkLimits(object, context);
      // The account is checked again, because webhooks and policies may have changed it.
      if (context.hasServiceAccountAdmission) checkServiceAccount(object, context);
    }
    if (context.subresource === 'ephemeralcontainers' && context.hasServiceAccountAdmission)
      checkEphemeralSecrets(object, context);
  },
  prepareCreate(object) {
    const spec = ensureAt(object, 'spec');
    object.status = {
      phase: 'Pending',
      qosClass: qosClass(spec),
      ...(isGated(spec) ? { conditions: [gatedCondition(object.metadata.creationTimestamp)] } : {}),
    };
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') {
      const [spec, before] = [ensureAt(object, 'spec'), old.spec ?? {}];
      for (const key of ['priority', 'preemptionPolicy']) spec[key] ??= before[key] ?? null;
      admitPod(spec);
    }
    const partial = partialUpdateOf(context.subresource);
    if (partial !== undefined) object.spec = partial.keep(object.spec ?? {}, old.spec ?? {});
    if (context.subresource === 'status') {
      const status = ensureAt(object, 'status');
      status['qosClass'] ??= old.status?.['qosClass'] ?? qosClass(old.spec ?? {});
    }
  },
  validate(object, problems) {
    validatePodSpec(problems.field('spec', object.spec));
    if (objectsAt(object.spec, 'ephemeralContainers').length > 0)
      problems.forbidden('spec.ephemeralContainers', 'cannot be set on create');
  },
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status' || jsonEquals(object.spec, old.spec)) return;
    validatePodSpec(problems.field('spec', object.spec));
    const partial = partialUpdateOf(context.subresource);
    if (partial !== undefined) {
      partial.check(object, old, problems);
      return;
    }
    const before = old.spec ?? {};
    // The image is the only mutable field of a container that is required.
    for (const key of ['containers', 'initContainers'])
      for (const container of problems.field('spec', object.spec).objects(key)) container.text('image').notEmpty();
    checkDeadline(object.spec?.['activeDeadlineSeconds'], before['activeDeadlineSeconds'], problems);
    checkGates(problems.field('spec', object.spec), before);
    if (problems.length > 0) return;
    const next = withOldMutableFields(object.spec ?? {}, before);
    if (!jsonEquals(next, before))
      problems.forbidden('spec', `${ALLOWED}\n${describeDifference('core.v1.PodSpec', before, next)}`);
  },
  warnings(object, old) {
    const name = object.metadata.name ?? '';
    const texts = podWarnings(object, '');
    if (old !== undefined || dnsLabel(name).length === 0) return texts;
    const why = name.includes('.') ? 'must not contain dots' : dnsLabel(name).join(', ');
    return [
      `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${why}]`,
      ...texts,
    ];
  },
  grace(object, requested) {
    const spec = object.spec ?? {};
    const phase = textAt(isJsonObject(object.status) ? object.status : {}, 'phase');
    if (textAt(spec, 'nodeName') === '' || phase === 'Failed' || phase === 'Succeeded') return 0;
    const own = spec['terminationGracePeriodSeconds'];
    const period = requested ?? (typeof own === 'number' ? own : 30);
    return period < 0 ? 1 : period;
  },
  statusResets: [
    ['metadata', 'deletionTimestamp'],
    ['metadata', 'ownerReferences'],
  ],
};

/** Aligns `podIP` with the first entry of `podIPs`. When both are set and differ, the list is replaced by `podIP`. */
function alignAddresses(status: JsonObject | undefined) {
  if (status === undefined) return;
  const [address, first] = [textAt(status, 'podIP'), textAt(objectsAt(status, 'podIPs')[0], 'ip')];
  if (address === '' && first !== '') status['podIP'] = first;
  else if (address !== '' && address !== first) status['podIPs'] = [{ ip: address }];
}

/**
 * Returns the new specification with the old values of the mutable fields. The result equals the old specification if
 * the update changes only mutable fields.
 */
function withOldMutableFields(next: JsonObject, before: JsonObject): JsonObject {
  const out = copyJson(next);
  for (const key of ['containers', 'initContainers']) {
    const olds = objectsAt(before, key);
    for (const [index, container] of objectsAt(out, key).entries()) {
      const image = olds[index]?.['image'];
      if (image !== undefined) container['image'] = image;
    }
  }
  for (const key of ['activeDeadlineSeconds', 'schedulingGates'] as const) {
    if (before[key] === undefined) delete out[key];
    else out[key] = before[key];
  }
  const tolerations = objectsAt(before, 'tolerations');
  const areKept = commonJson(tolerations, objectsAt(out, 'tolerations')).length === tolerations.length;
  for (const key of [...(areKept ? ['tolerations'] : []), ...(isGated(before) ? ['nodeSelector'] : [])]) {
    if (before[key] === undefined) delete out[key];
    else out[key] = before[key];
  }
  if (isGated(before)) keepNodeAffinity(out, before);
  return out;
}

function checkDeadline(next: JsonValue | undefined, before: JsonValue | undefined, problems: Problems) {
  if (typeof before !== 'number') return;
  const refuse = (text: string) => problems.invalid('spec.activeDeadlineSeconds', next, text);
  if (typeof next !== 'number') refuse('must not update from a positive integer to nil value');
  else if (next > before) refuse('must be less than or equal to previous value');
}
