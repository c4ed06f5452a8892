import { dnsLabel, numberAt, pathSegment } from '@typekro/kit/kubernetes';
import { jsonEquals } from '@typekro/kit/core';
import { forbidden } from '../errors/api-error.ts';
import type { Strategy } from './strategy.ts';
import { alignSources, validateClaimSpec, validateClaimUpdate } from './storage/claims.ts';
import { validateLabels } from './metadata.ts';
import { ensureAt, fill } from '../types/parts.ts';
import { checkClaimLimits } from './quota/limit-ranger.ts';
import { defaultPriorityClass, SYSTEM_PRIORITIES } from './pods/pod-admission.ts';
import { validateOverhead } from './pods/pod-resources.ts';
import { validateToleration } from './pods/pod-scheduling.ts';
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
  validate: (object, problems) => validateClaimSpec(problems.field('spec', object.spec)),
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
    problems.field('', object).text('preemptionPolicy').oneOf(PREEMPTION);
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
    problems.field('', object).member('preemptionPolicy').immutable(old['preemptionPolicy']);
  },
};

export const podTemplateStrategy: Partial<Strategy> = {
  hasGeneration: true,
  defaults: (object) => defaultTemplate(object),
  validate: (object, problems) => validateTemplate(problems.field('', object).object('template')),
};

export const revisionStrategy: Partial<Strategy> = {
  validate(object, problems) {
    if ((object['data'] ?? null) === null) problems.required('data', 'data is mandatory');
  },
  validateUpdate: (object, old, problems) => problems.field('', object).member('data').immutable(old['data']),
};

export const leaseStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    spec.number('leaseDurationSeconds').atLeast(1, 'must be greater than 0');
    spec.number('leaseTransitions').notNegative();
  },
};

export const runtimeClassStrategy: Partial<Strategy> = {
  validate(object, problems) {
    const root = problems.field('', object);
    root.text('handler').name(dnsLabel);
    validateOverhead(root.object('overhead').object('podFixed').at('overhead'));
    const scheduling = root.object('scheduling');
    validateLabels(scheduling.object('nodeSelector'));
    scheduling.objects('tolerations').forEach(validateToleration);
  },
  validateUpdate: (object, old, problems) => problems.field('', object).member('handler').immutable(old['handler']),
};

export const budgetStrategy: Partial<Strategy> = {
  validateName: pathSegment,
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    const [min, max] = [spec.member('minAvailable'), spec.member('maxUnavailable')];
    if (min.value !== undefined && max.value !== undefined) {
      const shown = {
        MinAvailable: min.value,
        Selector: spec.value['selector'] ?? null,
        MaxUnavailable: max.value,
        UnhealthyPodEvictionPolicy: spec.value['unhealthyPodEvictionPolicy'] ?? null,
      };
      spec.invalid('minAvailable and maxUnavailable cannot be both set', shown);
    }
    min.intOrPercent(true);
    max.intOrPercent(true);
    validateSelector(spec.object('selector'));
    spec.text('unhealthyPodEvictionPolicy').oneOfIfSet(['AlwaysAllow', 'IfHealthyBudget']);
  },
};
