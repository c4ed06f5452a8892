import { dnsLabel, numberAt, objectAt, objectsAt, pathSegment, textAt } from '@typekro/kit/kubernetes';
import { jsonEquals } from '@typekro/kit/core';
import { forbidden } from '../errors/api-error.ts';
import type { Strategy } from './strategy.ts';
import { alignSources, validateClaimSpec, validateClaimUpdate } from './storage/claims.ts';
import { validateLabels } from './metadata.ts';
import { ensureAt, fill, intOrPercent, notNegative } from '../types/parts.ts';
import { checkClaimLimits } from './quota/limit-ranger.ts';
import { defaultPriorityClass, SYSTEM_PRIORITIES } from './pods/pod-admission.ts';
import { validateOverhead } from './pods/pod-resources.ts';
import { validateTolerations } from './pods/pod-scheduling.ts';
import { checkClaimGrowth, defaultStorageClass, protectInUse } from './storage/storage-admission.ts';
import { defaultTemplate } from './pods/pod-defaults.ts';
import { validateSelector } from './validate-selector.ts';
import { validateTemplate } from './workload-strategies.ts';

export const claimStrategy: Partial<Strategy> = {
  defaults: (object) => fill(ensureAt(object, 'spec'), { volumeMode: 'Filesystem' }),
  admitMutating(object, context) {
    if (context.subresource !== '') return;
    defaultStorageClass(object, context);
    protectInUse(object, 'kubernetes.io/pvc-protection');
  },
  prepareCreate(object) {
    alignSources(ensureAt(object, 'spec'));
    object.status = { phase: 'Pending' };
  },
  prepareUpdate(object, old, context) {
    if (context.subresource === '') alignSources(ensureAt(object, 'spec'), old.spec);
  },
  admitValidating(object, old, context) {
    if (context.subresource === '' && old !== undefined) checkClaimGrowth(object, old, context);
  },
  admit(object, _old, context) {
    if (context.subresource === '') checkClaimLimits(object, context);
  },
  validate: (object, problems) => validateClaimSpec(object.spec ?? {}, 'spec', problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    claimStrategy.validate?.(object, problems, context);
    validateClaimUpdate(object, old, problems);
  },
};

/** The maximum value of a user-defined PriorityClass. */
const MAX_PRIORITY = 1_000_000_000;
const PREEMPTION = ['PreemptLowerPriority', 'Never'];

export const priorityClassStrategy: Partial<Strategy> = {
  defaults(object) {
    object['value'] ??= 0;
    fill(object, { preemptionPolicy: 'PreemptLowerPriority' });
  },
  validate(object, problems) {
    const name = object.metadata.name ?? '';
    const value = numberAt(object, 'value') ?? 0;
    if (name.startsWith('system-')) {
      if (SYSTEM_PRIORITIES.get(name) !== value) {
        const error = SYSTEM_PRIORITIES.has(name)
          ? `value of ${name} PriorityClass must be ${SYSTEM_PRIORITIES.get(name)}`
          : `${name} is not a known system priority class`;
        const text = "priority class names with 'system-' prefix are reserved for system use only.";
        problems.forbidden('metadata.name', `${text} error: ${error}`);
      }
    } else if (value > MAX_PRIORITY) {
      problems.forbidden('value', `maximum allowed value of a user defined priority is ${MAX_PRIORITY}`);
    }
    const policy = textAt(object, 'preemptionPolicy');
    problems.requireOneOf('preemptionPolicy', policy, PREEMPTION);
  },
  /** Checks the rule of the admission plugin `Priority`: at most one class may be the default. */
  admitValidating(object, old, { store }) {
    if (object['globalDefault'] !== true) return;
    const [name = '', known] = [object.metadata.name, defaultPriorityClass(store)?.metadata.name];
    if (known === undefined || (old !== undefined && known === name)) return;
    const problem = `PriorityClass ${known} is already marked as default. Only one default can exist`;
    throw forbidden({ group: 'scheduling.k8s.io', plural: 'priorityclasses' }, name, problem);
  },
  validateUpdate(object, old, problems) {
    if (!jsonEquals(object['value'], old['value'])) problems.forbidden('value', 'may not be changed in an update.');
    const policy = object['preemptionPolicy'];
    if (policy !== old['preemptionPolicy']) problems.invalid('preemptionPolicy', policy, 'field is immutable');
  },
};

export const podTemplateStrategy: Partial<Strategy> = {
  hasGeneration: true,
  defaults: (object) => defaultTemplate(object),
  validate: (object, problems) => validateTemplate(objectAt(object, 'template'), 'template', problems),
};

export const revisionStrategy: Partial<Strategy> = {
  validate(object, problems) {
    if ((object['data'] ?? null) === null) problems.required('data', 'data is mandatory');
  },
  validateUpdate(object, old, problems) {
    const data = object['data'];
    if (!jsonEquals(data, old['data'])) problems.invalid('data', data, 'field is immutable');
  },
};

export const leaseStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const seconds = numberAt(object.spec, 'leaseDurationSeconds') ?? 1;
    if (seconds <= 0) problems.invalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0');
    notNegative(object.spec, 'leaseTransitions', 'spec', problems);
  },
};

export const runtimeClassStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const handler = textAt(object, 'handler');
    problems.requireName('handler', handler, dnsLabel);
    validateOverhead(objectAt(object, 'overhead', 'podFixed'), 'overhead', problems);
    const nodes = objectAt(object, 'scheduling', 'nodeSelector');
    validateLabels(nodes as Record<string, string>, 'scheduling.nodeSelector', problems);
    validateTolerations(objectsAt(object, 'scheduling', 'tolerations'), 'scheduling.tolerations', problems);
  },
  validateUpdate(object, old, problems) {
    const handler = object['handler'];
    if (handler !== old['handler']) problems.invalid('handler', handler, 'field is immutable');
  },
};

export const budgetStrategy: Partial<Strategy> = {
  validateName: pathSegment,
  validate(object, problems) {
    const spec = object.spec ?? {};
    if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
      const shown = {
        MinAvailable: spec['minAvailable'],
        Selector: spec['selector'] ?? null,
        MaxUnavailable: spec['maxUnavailable'],
        UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
      };
      problems.invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set');
    }
    for (const key of ['minAvailable', 'maxUnavailable']) intOrPercent(spec[key], `spec.${key}`, problems, true);
    validateSelector(objectAt(spec, 'selector'), 'spec.selector', problems);
    const policy = textAt(spec, 'unhealthyPodEvictionPolicy');
    const known = ['AlwaysAllow', 'IfHealthyBudget'];
    if (policy !== '' && !known.includes(policy))
      problems.notSupported('spec.unhealthyPodEvictionPolicy', policy, known);
  },
};
