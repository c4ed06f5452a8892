import { dnsLabel, labelSelectorMatcher, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type JsonObject, type JsonValue, type KubeObject, jsonEquals, oncePerObject } from '@typekro/kit/core';
import { goParseInt } from '@typekro/kit/golang';
import type { Field, Problems } from '../errors/field-problems.ts';
import type { MutableObject, Strategy, WriteContext } from './strategy.ts';
import { badRequest } from '../errors/api-error.ts';
import { validateClaimSpec } from './storage/claims.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import { copyJson, ensureAt, fill } from '../types/parts.ts';
import { defaultTemplate } from './pods/pod-defaults.ts';
import { validatePodSpec } from './pods/pod-validation.ts';
import { podWarnings } from './pods/pod-warnings.ts';
import { validateSelector } from './validate-selector.ts';

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
  const spec = problems.field('spec', object.spec);
  const selector = spec.optional('selector');
  const template = problems.field('spec.template', options.template ?? objectAt(object.spec, 'template'));
  const labels = template.object('metadata').optional('labels')?.value;
  const isEmpty =
    selector !== undefined &&
    Object.keys(objectAt(selector.value, 'matchLabels')).length === 0 &&
    objectsAt(selector.value, 'matchExpressions').length === 0;
  if (selector === undefined && options.requireSelector) spec.member('selector').required();
  if (isEmpty) selector.invalid(`empty selector is invalid for ${word}`);
  const count = problems.length;
  if (selector !== undefined) validateSelector(selector);
  const isWrong = problems.length > count;
  if (isWrong) selector?.invalid('invalid label selector');
  if (selector === undefined || (!isWrong && !isEmpty && !labelSelectorMatcher(selector.value)(labels ?? {})))
    problems.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
  validateTemplate(template);
  const podSpec = template.object('spec');
  const policy = podSpec.text('restartPolicy');
  if (['Always', 'OnFailure', 'Never'].includes(policy.value)) policy.oneOf(options.restart);
  const deadline = podSpec.member('activeDeadlineSeconds');
  if (deadline.value !== undefined && options.endless !== undefined)
    deadline.forbidden(`activeDeadlineSeconds in ${options.endless} is not Supported`);
}

/** Checks a pod template. */
export function validateTemplate(template: Field) {
  const [metadata, spec] = [template.object('metadata'), template.object('spec')];
  validateLabels(metadata.object('labels').at(`${template.path}.labels`));
  validateAnnotations(metadata.object('annotations').at(`${template.path}.annotations`));
  validatePodSpec(spec, true);
  const ephemeral = spec.list('ephemeralContainers');
  if (ephemeral.value.length > 0) ephemeral.forbidden('ephemeral containers not allowed in pod template');
}

/** Checks that an update does not change the selector of a workload. */
export const immutableSelector = (object: KubeObject, old: KubeObject, problems: Problems) =>
  problems.field('spec', object.spec).member('selector').immutable(old.spec?.['selector']);

/** Checks that counts in the specification of a workload are not negative. */
function checkCounts(object: KubeObject, keys: readonly string[], problems: Problems) {
  for (const key of keys) problems.field('spec', object.spec).number(key).notNegative();
}

const isNothing = (value: JsonValue | undefined) => value === 0 || value === '0%';

export const deploymentStrategy: Partial<Strategy> = {
  generationOf: 'annotations',
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
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
  const spec = problems.field('spec', object.spec);
  validateTemplateOf(object, 'deployment', problems, OF_REPLICA_SET);
  checkCounts(object, ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'], problems);
  const strategy = spec.object('strategy');
  const type = strategy.text('type').value;
  const rolling = strategy.optional('rollingUpdate');
  const [unavailable, surge] = ['maxUnavailable', 'maxSurge'].map((key) => rolling?.member(key));
  if (type === 'Recreate') rolling?.forbidden("may not be specified when strategy `type` is 'Recreate'");
  else if (type !== 'RollingUpdate') {
    const RollingUpdate =
      rolling === undefined ? null : { MaxUnavailable: unavailable?.value ?? 0, MaxSurge: surge?.value ?? 0 };
    problems.notSupported('spec.strategy', { Type: type, RollingUpdate }, ['Recreate', 'RollingUpdate']);
  } else {
    unavailable?.intOrPercent(true);
    surge?.intOrPercent();
    if (isNothing(unavailable?.value) && isNothing(surge?.value))
      unavailable?.invalid('may not be 0 when `maxSurge` is 0');
  }
  const [deadline, ready] = [spec.member('progressDeadlineSeconds'), object.spec?.['minReadySeconds'] ?? 0];
  if (typeof deadline.value === 'number' && typeof ready === 'number' && deadline.value <= ready)
    deadline.invalid('must be greater than minReadySeconds');
}

export const replicaSetStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    spec['replicas'] ??= 1;
  },
  validate(object, problems) {
    validateTemplateOf(object, 'deployment', problems, OF_REPLICA_SET);
    checkCounts(object, ['replicas', 'minReadySeconds'], problems);
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
    checkCounts(object, ['replicas'], problems);
    const spec = problems.field('spec', object.spec);
    const [selector, template] = [spec.object('selector'), spec.object('template')];
    if (Object.keys(selector.value).length === 0) selector.required();
    const labels = template.object('metadata').object('labels');
    if (Object.entries(selector.value).some(([key, value]) => labels.value[key] !== value))
      labels.invalid('`selector` does not match template `labels`');
    const podSpec = template.object('spec');
    if (podSpec.list('containers').value.length === 0 && Object.keys(labels.value).length === 0) {
      template.required();
      return;
    }
    validateTemplate(template);
    podSpec.text('restartPolicy').oneOf(['Always']);
  },
};

export const statefulSetStrategy: Partial<Strategy> = {
  validateName: dnsLabel,
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    fill(spec, { podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10 });
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
    checkCounts(object, ['replicas', 'minReadySeconds'], problems);
    validateStatefulSet(problems.field('spec', object.spec));
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

function validateStatefulSet(spec: Field) {
  const policy = spec.text('podManagementPolicy');
  if (policy.value === '') policy.required();
  else if (!['OrderedReady', 'Parallel'].includes(policy.value)) policy.invalid("must be 'OrderedReady' or 'Parallel'");
  const strategy = spec.object('updateStrategy');
  const [type, rolling] = [strategy.text('type').value, strategy.optional('rollingUpdate')];
  const shown =
    rolling === undefined
      ? null
      : { Partition: rolling.value['partition'] ?? 0, MaxUnavailable: rolling.value['maxUnavailable'] ?? null };
  if (type === 'RollingUpdate') rolling?.number('partition').notNegative();
  else if (type === 'OnDelete') rolling?.invalid("only allowed for updateStrategy 'RollingUpdate'", shown);
  else if (type === '') strategy.required();
  else strategy.invalid("must be 'RollingUpdate' or 'OnDelete'", { Type: type, RollingUpdate: shown });
  const retention = spec.object('persistentVolumeClaimRetentionPolicy');
  for (const key of ['whenDeleted', 'whenScaled']) retention.text(key).oneOf(['Retain', 'Delete']);
  spec.object('ordinals').number('start').notNegative();
  spec.text('serviceName').matchesIfSet(dnsLabel);
  for (const claim of spec.objects('volumeClaimTemplates')) validateClaimSpec(claim.object('spec'));
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
    checkCounts(object, ['minReadySeconds', 'revisionHistoryLimit'], problems);
    validateDaemonStrategy(problems.field('spec', object.spec).object('updateStrategy'));
  },
  validateUpdate(object, old, problems, context) {
    if (!changesSpec(object, old, context)) return;
    daemonSetStrategy.validate?.(object, problems, context);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
};

function validateDaemonStrategy(strategy: Field) {
  const type = strategy.text('type').value;
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') {
    const shown = { Type: type, RollingUpdate: null };
    strategy.problems.notSupported(strategy.path, shown, ['RollingUpdate', 'OnDelete']);
    return;
  }
  const rolling = strategy.optional('rollingUpdate');
  if (rolling === undefined) {
    strategy.member('rollingUpdate').required();
    return;
  }
  const [unavailable, surge] = [rolling.member('maxUnavailable'), rolling.member('maxSurge')];
  unavailable.intOrPercent(true);
  surge.intOrPercent(true);
  const isNone = ({ value }: Field<JsonValue | undefined>) =>
    typeof value === 'string' ? !(Number.parseInt(value, 10) > 0) : (value ?? 0) === 0;
  if (isNone(unavailable) && isNone(surge)) unavailable.required('cannot be 0 when maxSurge is 0');
  if (!isNone(unavailable) && !isNone(surge)) surge.invalid('may not be set when maxUnavailable is non-zero');
}
