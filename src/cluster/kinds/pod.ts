import type { JsonObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import { fieldForbidden } from '../http/problems.ts';
import type { Strategy } from '../registry/strategy.ts';
import { copyJson } from '../store/store.ts';
import { admitLimits } from './limit-range.ts';
import { admitPriority, admitRuntime } from './pod-admission.ts';
import { describeDifference } from './object-diff.ts';
import { dnsLabel } from './names.ts';
import { ensureAt, objectsAt, textAt } from './parts.ts';
import { admitPod, defaultPodSpec, qosClass } from './pod-defaults.ts';
import { admitResize, partialUpdateOf } from './pod-subresources.ts';
import { validatePodSpec } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';

const ALLOWED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Pods: created pending, nearly immutable, deleted with grace. */
export const podStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = ensureAt(object as unknown as JsonObject, 'spec');
    defaultPodSpec(spec, true);
    if (Number(spec['terminationGracePeriodSeconds']) < 0) spec['terminationGracePeriodSeconds'] = 1;
  },
  admit(object, old, context) {
    if (old !== undefined && context.subresource === 'resize') admitResize(object, old, context);
    if (old !== undefined || context.subresource !== '') return;
    admitPriority(object, context);
    admitRuntime(object, context);
    admitLimits(object, context);
  },
  prepareCreate(object) {
    const spec = ensureAt(object as unknown as JsonObject, 'spec');
    admitPod(spec);
    object.status = { phase: 'Pending', qosClass: qosClass(spec) };
  },
  prepareUpdate(object, old, context) {
    const partial = partialUpdateOf(context.subresource);
    if (partial !== undefined) object.spec = partial.keep(object.spec ?? {}, old.spec ?? {});
    if (context.subresource === 'status') {
      const status = ensureAt(object as unknown as JsonObject, 'status');
      status['qosClass'] ??= old.status?.['qosClass'] ?? qosClass(old.spec ?? {});
    }
  },
  validate(object, problems) {
    validatePodSpec(object.spec ?? {}, 'spec', problems);
    if (objectsAt(object.spec, 'ephemeralContainers').length > 0)
      problems.push(fieldForbidden('spec.ephemeralContainers', 'cannot be set on create'));
  },
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status' || jsonEquals(object.spec, old.spec)) return;
    validatePodSpec(object.spec ?? {}, 'spec', problems);
    const partial = partialUpdateOf(context.subresource);
    if (partial !== undefined) {
      partial.check(object, old, problems);
      return;
    }
    const [next, before] = [mutable(object.spec ?? {}, old.spec ?? {}), old.spec ?? {}];
    if (!jsonEquals(next, before))
      problems.push(fieldForbidden('spec', `${ALLOWED}\n${describeDifference('core.v1.PodSpec', before, next)}`));
  },
  warnings(object, old) {
    const name = object.metadata.name ?? '';
    const texts = podWarnings(object as unknown as JsonObject, '');
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

/** The new specification with everything set back that may change. */
function mutable(next: JsonObject, before: JsonObject): JsonObject {
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
  const kept = objectsAt(before, 'tolerations').every((entry) =>
    objectsAt(out, 'tolerations').some((other) => jsonEquals(entry, other)),
  );
  if (kept && before['tolerations'] !== undefined) out['tolerations'] = before['tolerations'];
  return out;
}
