import {
  dnsLabel,
  labelSelectorMatcher,
  listAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
} from '@typekro/kit/kubernetes';
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals, oncePerObject } from '@typekro/kit/core';
import { goParseInt } from '@typekro/kit/golang';
import { Problems } from '../errors/field-problems.ts';
import type { MutableObject, Strategy, WriteContext } from './strategy.ts';
import { badRequest } from '../errors/api-error.ts';
import { validateClaimSpec } from './storage/claims.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import { ensureAt, fill, intOrPercent, notNegative } from '../types/parts.ts';
import { defaultTemplate } from './pods/pod-defaults.ts';
import { validatePodSpec } from './pods/pod-validation.ts';
import { podWarnings } from './pods/pod-warnings.ts';
import { validateSelector } from './validate-selector.ts';
import { copyJson } from '../types/copy.ts';

/** Returns the specification of a draft, and creates it if it is missing. */
export const specOf = (object: MutableObject): JsonObject => ensureAt(object, 'spec');

/**
 * Returns a function that computes the warnings about the template at a path. An update that does not change the
 * object's generation has no warnings. Successive versions of an object share the template while it does not change.
 */
export const warningsOfTemplate = (path: string) => {
  const warningsOf = oncePerObject((template: JsonObject) => podWarnings(template, path));
  return (object: KubeObject, old: KubeObject | undefined): readonly string[] =>
    old !== undefined && old.metadata.generation === object.metadata.generation
      ? []
      : warningsOf(objectAt(object, ...path.split('.')));
};

export const templateWarnings = warningsOfTemplate('spec.template');

/** Must the specification of an update be checked? An unchanged specification was already checked. */
const changesSpec = (object: KubeObject, old: KubeObject, { subresource }: WriteContext) =>
  subresource === '' && object.spec !== old.spec;

/**
 * Checks the selector and the template of a workload. `word` is the kind that the message about an empty selector
 * names. For a ReplicaSet, the API server's message also says `deployment`.
 */
function validateTemplateOf(
  object: KubeObject,
  word: string,
  problems: Problems,
  options: { requireSelector: boolean; restart: readonly string[]; endless?: string; template?: JsonObject },
) {
  const spec = object.spec ?? {};
  const selector = optionalAt(spec, 'selector');
  const template = options.template ?? objectAt(spec, 'template');
  const metadata = objectAt(template, 'metadata');
  const labels = objectAt(metadata, 'labels');
  const empty =
    selector === undefined ||
    (Object.keys(objectAt(selector, 'matchLabels')).length === 0 &&
      objectsAt(selector, 'matchExpressions').length === 0);
  if (selector === undefined) {
    if (options.requireSelector) problems.required('spec.selector');
  } else if (empty) problems.invalid('spec.selector', selector, `empty selector is invalid for ${word}`);
  const wrong = new Problems();
  if (selector !== undefined) validateSelector(selector, 'spec.selector', wrong);
  problems.push(...wrong);
  if (wrong.length > 0 && selector !== undefined) problems.invalid('spec.selector', selector, 'invalid label selector');
  const mismatch =
    selector === undefined ? true : wrong.length === 0 && !empty && !labelSelectorMatcher(selector)(labels);
  if (mismatch) {
    const shown = metadata['labels'] === undefined ? null : labels;
    problems.invalid('spec.template.metadata.labels', shown, '`selector` does not match template `labels`');
  }
  validateTemplate(template, 'spec.template', problems);
  const podSpec = objectAt(template, 'spec');
  const policy = textAt(podSpec, 'restartPolicy');
  if (['Always', 'OnFailure', 'Never'].includes(policy) && !options.restart.includes(policy)) {
    problems.notSupported('spec.template.spec.restartPolicy', policy, options.restart);
  }
  if (podSpec['activeDeadlineSeconds'] !== undefined && options.endless !== undefined)
    problems.forbidden(
      'spec.template.spec.activeDeadlineSeconds',
      `activeDeadlineSeconds in ${options.endless} is not Supported`,
    );
}

/** Checks a pod template. */
export function validateTemplate(template: JsonObject, path: string, problems: Problems) {
  const metadata = objectAt(template, 'metadata');
  validateLabels(objectAt(metadata, 'labels') as Record<string, string>, `${path}.labels`, problems);
  validateAnnotations(objectAt(metadata, 'annotations') as Record<string, string>, `${path}.annotations`, problems);
  validatePodSpec(objectAt(template, 'spec'), `${path}.spec`, problems, true);
  if (objectsAt(objectAt(template, 'spec'), 'ephemeralContainers').length > 0)
    problems.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template');
}

/** Checks that an update does not change the selector of a workload. */
export function immutableSelector(object: KubeObject, old: KubeObject, problems: Problems) {
  if (!jsonEquals(object.spec?.['selector'], old.spec?.['selector'])) {
    problems.invalid('spec.selector', object.spec?.['selector'], 'field is immutable');
  }
}

const isNothing = (value: JsonValue | undefined) => value === 0 || value === '0%';

export const deploymentStrategy: Partial<Strategy> = {
  generationOf: 'annotations',
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    for (const [key, value] of Object.entries({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 }))
      spec[key] ??= value;
    const strategy = ensureAt(spec, 'strategy');
    fill(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] !== 'RollingUpdate') return;
    const rolling = ensureAt(strategy, 'rollingUpdate');
    rolling['maxUnavailable'] ??= '25%';
    rolling['maxSurge'] ??= '25%';
  },
  validate: validateDeployment,
  validateUpdate(object, old, problems, context) {
    if (!changesSpec(object, old, context)) return;
    validateDeployment(object, problems);
    immutableSelector(object, old, problems);
  },
  warnings(object, old) {
    const name = object.metadata.name ?? '';
    const wrong = old === undefined ? dnsLabel(name).map((text) => text.replace('bytes', 'characters')) : [];
    const text = `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${name.includes('.') ? 'must not contain dots' : wrong.join(', ')}]`;
    return [...(wrong.length > 0 ? [text] : []), ...templateWarnings(object, old)];
  },
  statusResets: [['metadata', 'labels']],
};

const OF_REPLICA_SET = { requireSelector: true, restart: ['Always'], endless: 'ReplicaSet' };

function validateDeployment(object: KubeObject, problems: Problems) {
  const spec = object.spec ?? {};
  validateTemplateOf(object, 'deployment', problems, OF_REPLICA_SET);
  for (const key of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'])
    notNegative(spec, key, 'spec', problems);
  const strategy = objectAt(spec, 'strategy');
  const type = textAt(strategy, 'type');
  const rolling = optionalAt(strategy, 'rollingUpdate');
  if (type === 'Recreate') {
    if (rolling !== undefined)
      problems.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
  } else if (type !== 'RollingUpdate') {
    problems.notSupported(
      'spec.strategy',
      {
        Type: type,
        RollingUpdate:
          rolling === undefined
            ? null
            : { MaxUnavailable: rolling['maxUnavailable'] ?? 0, MaxSurge: rolling['maxSurge'] ?? 0 },
      },
      ['Recreate', 'RollingUpdate'],
    );
  } else if (rolling !== undefined) {
    intOrPercent(rolling['maxUnavailable'], 'spec.strategy.rollingUpdate.maxUnavailable', problems, true);
    intOrPercent(rolling['maxSurge'], 'spec.strategy.rollingUpdate.maxSurge', problems);
    if (isNothing(rolling['maxUnavailable']) && isNothing(rolling['maxSurge'])) {
      problems.invalid(
        'spec.strategy.rollingUpdate.maxUnavailable',
        rolling['maxUnavailable'],
        'may not be 0 when `maxSurge` is 0',
      );
    }
  }
  const [deadline, ready] = [spec['progressDeadlineSeconds'], spec['minReadySeconds'] ?? 0];
  if (typeof deadline === 'number' && typeof ready === 'number' && deadline <= ready) {
    problems.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds');
  }
}

export const replicaSetStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    spec['replicas'] ??= 1;
  },
  validate(object, problems) {
    validateTemplateOf(object, 'deployment', problems, OF_REPLICA_SET);
    for (const key of ['replicas', 'minReadySeconds']) notNegative(object.spec, key, 'spec', problems);
  },
  validateUpdate(object, old, problems, context) {
    if (!changesSpec(object, old, context)) return;
    replicaSetStrategy.validate?.(object, problems, context);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
};

export const replicationControllerStrategy: Partial<Strategy> = {
  orphansByDefault: true,
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    spec['replicas'] ??= 1;
    const labels = optionalAt(objectAt(objectAt(spec, 'template'), 'metadata'), 'labels');
    if (labels === undefined) return;
    if (Object.keys(objectAt(spec, 'selector')).length === 0) spec['selector'] = copyJson(labels);
    if (Object.keys(object.metadata.labels ?? {}).length === 0)
      object.metadata.labels = copyJson(labels) as Record<string, string>;
  },
  validate(object, problems) {
    const spec = object.spec ?? {};
    notNegative(spec, 'replicas', 'spec', problems);
    const selector = objectAt(spec, 'selector');
    if (Object.keys(selector).length === 0) problems.required('spec.selector');
    const template = objectAt(spec, 'template');
    const labels = objectAt(objectAt(template, 'metadata'), 'labels');
    if (Object.entries(selector).some(([key, value]) => labels[key] !== value))
      problems.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
    if (listAt(objectAt(template, 'spec'), 'containers').length === 0 && Object.keys(labels).length === 0) {
      problems.required('spec.template');
      return;
    }
    validateTemplate(template, 'spec.template', problems);
    const policy = textAt(objectAt(template, 'spec'), 'restartPolicy');
    if (policy !== 'Always') problems.notSupported('spec.template.spec.restartPolicy', policy, ['Always']);
  },
};

export const statefulSetStrategy: Partial<Strategy> = {
  validateName: dnsLabel,
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    fill(spec, { podManagementPolicy: 'OrderedReady' });
    for (const [key, value] of Object.entries({ replicas: 1, revisionHistoryLimit: 10 })) spec[key] ??= value;
    const strategy = ensureAt(spec, 'updateStrategy');
    fill(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') ensureAt(strategy, 'rollingUpdate')['partition'] ??= 0;
    fill(ensureAt(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
    for (const claim of objectsAt(spec, 'volumeClaimTemplates')) {
      fill(claim, { kind: 'PersistentVolumeClaim', apiVersion: 'v1' });
      ensureAt(claim, 'spec')['volumeMode'] ??= 'Filesystem';
      fill(ensureAt(claim, 'status'), { phase: 'Pending' });
    }
  },
  validate(object, problems) {
    validateTemplateOf(object, 'statefulset', problems, {
      requireSelector: true,
      restart: ['Always'],
      template: templateWithClaims(object.spec ?? {}),
    });
    for (const key of ['replicas', 'minReadySeconds']) notNegative(object.spec, key, 'spec', problems);
    validateStatefulSet(object.spec ?? {}, problems);
  },
  validateUpdate(object, old, problems, context) {
    if (!changesSpec(object, old, context)) return;
    statefulSetStrategy.validate?.(object, problems, context);
    const frozen = (source: KubeObject) => {
      const spec = { ...source.spec };
      for (const key of [
        'replicas',
        'template',
        'updateStrategy',
        'persistentVolumeClaimRetentionPolicy',
        'minReadySeconds',
        'ordinals',
        'revisionHistoryLimit',
      ])
        delete spec[key];
      return spec;
    };
    if (jsonEquals(frozen(object), frozen(old))) return;
    problems.forbidden(
      'spec',
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  },
  warnings: templateWarnings,
};

function validateStatefulSet(spec: JsonObject, problems: Problems) {
  const policy = textAt(spec, 'podManagementPolicy');
  if (policy === '') problems.required('spec.podManagementPolicy');
  else if (!['OrderedReady', 'Parallel'].includes(policy))
    problems.invalid('spec.podManagementPolicy', policy, "must be 'OrderedReady' or 'Parallel'");
  const strategy = objectAt(spec, 'updateStrategy');
  const [type, rolling] = [textAt(strategy, 'type'), optionalAt(strategy, 'rollingUpdate')];
  const shown =
    rolling === undefined
      ? null
      : { Partition: rolling['partition'] ?? 0, MaxUnavailable: rolling['maxUnavailable'] ?? null };
  if (type === 'RollingUpdate') {
    if (rolling !== undefined) notNegative(rolling, 'partition', 'spec.updateStrategy.rollingUpdate', problems);
  } else if (type === 'OnDelete') {
    if (rolling !== undefined)
      problems.invalid('spec.updateStrategy.rollingUpdate', shown, "only allowed for updateStrategy 'RollingUpdate'");
  } else if (type === '') problems.required('spec.updateStrategy');
  else
    problems.invalid(
      'spec.updateStrategy',
      { Type: type, RollingUpdate: shown },
      "must be 'RollingUpdate' or 'OnDelete'",
    );
  const retention = objectAt(spec, 'persistentVolumeClaimRetentionPolicy');
  for (const key of ['whenDeleted', 'whenScaled']) {
    const value = textAt(retention, key);
    problems.requireOneOf(`spec.persistentVolumeClaimRetentionPolicy.${key}`, value, ['Retain', 'Delete']);
  }
  notNegative(objectAt(spec, 'ordinals'), 'start', 'spec.ordinals', problems);
  const service = textAt(spec, 'serviceName');
  if (service !== '') problems.invalidFor('spec.serviceName', service, dnsLabel(service));
  for (const [index, claim] of objectsAt(spec, 'volumeClaimTemplates').entries()) {
    validateClaimSpec(objectAt(claim, 'spec'), `spec.volumeClaimTemplates[${index}].spec`, problems);
  }
}

/**
 * Adds one volume per claim template to the pod template, so that containers can mount the claims. These volumes
 * precede the volumes of the pod template, and replace volumes with the same name.
 */
function templateWithClaims(spec: JsonObject): JsonObject {
  const template = objectAt(spec, 'template');
  const names = objectsAt(spec, 'volumeClaimTemplates').map((claim) => textAt(objectAt(claim, 'metadata'), 'name'));
  if (names.length === 0) return template;
  const podSpec = objectAt(template, 'spec');
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const others = objectsAt(podSpec, 'volumes').filter((volume) => !names.includes(textAt(volume, 'name')));
  return { ...template, spec: { ...podSpec, volumes: [...claims, ...others] } };
}

const GENERATION = 'deprecated.daemonset.template.generation';

/**
 * The generation of the pod template, from an annotation that every DaemonSet has and clients cannot change. In a
 * restored object, the annotation may be absent or malformed; the generation is then 1.
 */
function templateGeneration({ metadata }: KubeObject): bigint {
  const parsed = goParseInt(metadata.annotations?.[GENERATION] ?? '1');
  return parsed.ok ? BigInt(parsed.value) : 1n;
}

function setTemplateGeneration(object: KubeObject, generation: bigint): void {
  object.metadata.annotations = { ...object.metadata.annotations, [GENERATION]: String(generation) };
}

export const daemonSetStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    spec['revisionHistoryLimit'] ??= 10;
    const strategy = ensureAt(spec, 'updateStrategy');
    fill(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') {
      const rolling = ensureAt(strategy, 'rollingUpdate');
      rolling['maxUnavailable'] ??= 1;
      rolling['maxSurge'] ??= 0;
    }
    object.metadata.annotations = { ...object.metadata.annotations };
    object.metadata.annotations[GENERATION] ??= '0';
    // The API server's internal type has the template generation in a field of type int64. Therefore the API server
    // cannot decode an annotation that is not such an integer.
    const parsed = goParseInt(object.metadata.annotations[GENERATION] ?? '');
    if (!parsed.ok) throw badRequest(`DaemonSet in version "v1" cannot be handled as a DaemonSet: ${parsed.error}`);
  },
  prepareCreate(object) {
    const sent = templateGeneration(object);
    setTemplateGeneration(object, sent < 1n ? 1n : sent);
  },
  prepareUpdate(object, old, context) {
    const before = templateGeneration(old);
    const changed = context.subresource === '' && !jsonEquals(object.spec?.['template'], old.spec?.['template']);
    setTemplateGeneration(object, changed ? BigInt.asIntN(64, before + 1n) : before);
  },
  validate(object, problems) {
    validateTemplateOf(object, 'daemonset', problems, {
      requireSelector: false,
      restart: ['Always'],
      endless: 'DaemonSet',
    });
    for (const key of ['minReadySeconds', 'revisionHistoryLimit']) notNegative(object.spec, key, 'spec', problems);
    validateDaemonStrategy(objectAt(object.spec, 'updateStrategy'), problems);
  },
  validateUpdate(object, old, problems, context) {
    if (!changesSpec(object, old, context)) return;
    daemonSetStrategy.validate?.(object, problems, context);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
};

function validateDaemonStrategy(strategy: JsonObject, problems: Problems) {
  const type = textAt(strategy, 'type');
  const rolling = optionalAt(strategy, 'rollingUpdate');
  const at = 'spec.updateStrategy';
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') {
    problems.notSupported(at, { Type: type, RollingUpdate: null }, ['RollingUpdate', 'OnDelete']);
    return;
  }
  if (rolling === undefined) {
    problems.required(`${at}.rollingUpdate`);
    return;
  }
  const [unavailable, surge] = [rolling['maxUnavailable'], rolling['maxSurge']];
  intOrPercent(unavailable, `${at}.rollingUpdate.maxUnavailable`, problems, true);
  intOrPercent(surge, `${at}.rollingUpdate.maxSurge`, problems, true);
  const none = (value: JsonValue | undefined) =>
    typeof value === 'string' ? !(Number.parseInt(value, 10) > 0) : (value ?? 0) === 0;
  if (none(unavailable) && none(surge))
    problems.required(`${at}.rollingUpdate.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
  if (!none(unavailable) && !none(surge))
    problems.invalid(`${at}.rollingUpdate.maxSurge`, surge, 'may not be set when maxUnavailable is non-zero');
}
