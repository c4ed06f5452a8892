import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { fieldForbidden, fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import type { Draft, Strategy } from '../registry/strategy.ts';
import { copyJson } from '../store/store.ts';
import { validateAnnotations, validateLabels } from './metadata.ts';
import { ensureAt, fill, notNegative, objectAt, objectsAt, optionalAt, textAt } from './parts.ts';
import { defaultTemplate } from './pod-defaults.ts';
import { validatePodSpec } from './pod-validation.ts';
import { podWarnings } from './pod-warnings.ts';
import { validateSelector } from './selectors.ts';

const specOf = (object: Draft): JsonObject => ensureAt(object as unknown as JsonObject, 'spec');

/** Of a template that was not touched nothing is said again. */
const templateWarnings = (object: KubeObject, old: KubeObject | undefined) =>
  old !== undefined && old.metadata.generation === object.metadata.generation
    ? []
    : podWarnings(objectAt(object.spec, 'template'), 'spec.template');

/** Does a label selector choose these labels? */
export function selects(selector: JsonObject, labels: JsonObject): boolean {
  for (const [key, value] of Object.entries(objectAt(selector, 'matchLabels'))) if (labels[key] !== value) return false;
  return objectsAt(selector, 'matchExpressions').every((expression) => {
    const key = textAt(expression, 'key');
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const values = Array.isArray(expression['values']) ? expression['values'] : [];
    switch (expression['operator']) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** Checks selector and template of a workload. `word` names the kind in texts. */
function validateTemplateOf(
  object: KubeObject,
  word: string,
  problems: FieldProblem[],
  options: { requireSelector: boolean; restart: readonly string[]; endless?: string },
) {
  const spec = object.spec ?? {};
  const selector = optionalAt(spec, 'selector');
  const template = objectAt(spec, 'template');
  const metadata = objectAt(template, 'metadata');
  const labels = objectAt(metadata, 'labels');
  const empty =
    selector === undefined ||
    (Object.keys(objectAt(selector, 'matchLabels')).length === 0 &&
      objectsAt(selector, 'matchExpressions').length === 0);
  if (selector === undefined) {
    if (options.requireSelector) problems.push(fieldRequired('spec.selector'));
  } else if (empty) problems.push(fieldInvalid('spec.selector', selector, `empty selector is invalid for ${word}`));
  const wrong: FieldProblem[] = [];
  if (selector !== undefined) validateSelector(selector, 'spec.selector', wrong);
  problems.push(...wrong);
  if (wrong.length > 0 && selector !== undefined)
    problems.push(fieldInvalid('spec.selector', selector, 'invalid label selector'));
  const mismatch = selector === undefined ? true : wrong.length === 0 && !empty && !selects(selector, labels);
  if (mismatch) {
    const shown = metadata['labels'] === undefined ? null : labels;
    problems.push(fieldInvalid('spec.template.metadata.labels', shown, '`selector` does not match template `labels`'));
  }
  validateTemplate(template, 'spec.template', problems);
  const podSpec = objectAt(template, 'spec');
  const policy = textAt(podSpec, 'restartPolicy');
  if (['Always', 'OnFailure', 'Never'].includes(policy) && !options.restart.includes(policy)) {
    problems.push(fieldNotSupported('spec.template.spec.restartPolicy', policy, options.restart));
  }
  if (podSpec['activeDeadlineSeconds'] !== undefined && options.endless !== undefined)
    problems.push(
      fieldForbidden(
        'spec.template.spec.activeDeadlineSeconds',
        `activeDeadlineSeconds in ${options.endless} is not Supported`,
      ),
    );
}

/** Checks a template of pods. */
function validateTemplate(template: JsonObject, path: string, problems: FieldProblem[]) {
  const metadata = objectAt(template, 'metadata');
  validateLabels(objectAt(metadata, 'labels') as Record<string, string>, `${path}.labels`, problems);
  validateAnnotations(objectAt(metadata, 'annotations') as Record<string, string>, `${path}.annotations`, problems);
  validatePodSpec(objectAt(template, 'spec'), `${path}.spec`, problems);
  if (objectsAt(objectAt(template, 'spec'), 'ephemeralContainers').length > 0)
    problems.push(
      fieldForbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    );
}

function immutableSelector(object: KubeObject, old: KubeObject, problems: FieldProblem[]) {
  if (!jsonEquals(object.spec?.['selector'], old.spec?.['selector'])) {
    problems.push(fieldInvalid('spec.selector', object.spec?.['selector'], 'field is immutable'));
  }
}

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

function intOrPercent(value: JsonValue | undefined, path: string, problems: FieldProblem[]) {
  if (typeof value === 'string' && !/^\d+%$/.test(value)) problems.push(fieldInvalid(path, value, PERCENT));
  if (typeof value === 'number' && value < 0)
    problems.push(fieldInvalid(path, value, 'must be greater than or equal to 0'));
}

const isNothing = (value: JsonValue | undefined) => value === 0 || value === '0%';

export const deploymentStrategy: Partial<Strategy> = {
  generationOfAnnotations: true,
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
    if (context.subresource !== '') return;
    validateDeployment(object, problems);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
  statusResets: [['metadata', 'labels']],
};

function validateDeployment(object: KubeObject, problems: FieldProblem[]) {
  const spec = object.spec ?? {};
  validateTemplateOf(object, 'deployment', problems, {
    requireSelector: true,
    restart: ['Always'],
    endless: 'ReplicaSet',
  });
  for (const key of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'])
    notNegative(spec, key, 'spec', problems);
  const strategy = objectAt(spec, 'strategy');
  const type = textAt(strategy, 'type');
  const rolling = optionalAt(strategy, 'rollingUpdate');
  if (type === 'Recreate') {
    if (rolling !== undefined)
      problems.push(
        fieldForbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"),
      );
  } else if (type !== 'RollingUpdate') {
    problems.push(
      fieldNotSupported(
        'spec.strategy',
        {
          Type: type,
          RollingUpdate:
            rolling === undefined
              ? null
              : { MaxUnavailable: rolling['maxUnavailable'] ?? 0, MaxSurge: rolling['maxSurge'] ?? 0 },
        },
        ['Recreate', 'RollingUpdate'],
      ),
    );
  } else if (rolling !== undefined) {
    intOrPercent(rolling['maxUnavailable'], 'spec.strategy.rollingUpdate.maxUnavailable', problems);
    intOrPercent(rolling['maxSurge'], 'spec.strategy.rollingUpdate.maxSurge', problems);
    if (isNothing(rolling['maxUnavailable']) && isNothing(rolling['maxSurge'])) {
      problems.push(
        fieldInvalid(
          'spec.strategy.rollingUpdate.maxUnavailable',
          rolling['maxUnavailable'],
          'may not be 0 when `maxSurge` is 0',
        ),
      );
    }
  }
  const [deadline, ready] = [spec['progressDeadlineSeconds'], spec['minReadySeconds'] ?? 0];
  if (typeof deadline === 'number' && typeof ready === 'number' && deadline >= 0 && deadline <= ready) {
    problems.push(fieldInvalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'));
  }
}

export const replicaSetStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    defaultTemplate(spec);
    spec['replicas'] ??= 1;
  },
  validate(object, problems) {
    validateTemplateOf(object, 'deployment', problems, {
      requireSelector: true,
      restart: ['Always'],
      endless: 'ReplicaSet',
    });
    for (const key of ['replicas', 'minReadySeconds']) notNegative(object.spec, key, 'spec', problems);
  },
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    replicaSetStrategy.validate?.(object, problems, context);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
};

export const replicationControllerStrategy: Partial<Strategy> = {
  orphansByDefault: false,
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
    validatePodSpec(objectAt(objectAt(object.spec, 'template'), 'spec'), 'spec.template.spec', problems);
    notNegative(object.spec, 'replicas', 'spec', problems);
  },
};

export const statefulSetStrategy: Partial<Strategy> = {
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
    validateTemplateOf(object, 'statefulset', problems, { requireSelector: true, restart: ['Always'] });
    for (const key of ['replicas', 'minReadySeconds']) notNegative(object.spec, key, 'spec', problems);
  },
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
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
    problems.push(
      fieldForbidden(
        'spec',
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ),
    );
  },
  warnings: templateWarnings,
};

const GENERATION = 'deprecated.daemonset.template.generation';

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
  },
  prepareCreate(object) {
    object.metadata.annotations = { ...object.metadata.annotations, [GENERATION]: '1' };
  },
  prepareUpdate(object, old, context) {
    if (context.subresource !== '') return;
    const before = Number(old.metadata.annotations?.[GENERATION] ?? '1');
    const changed = !jsonEquals(object.spec?.['template'], old.spec?.['template']);
    object.metadata.annotations = {
      ...object.metadata.annotations,
      [GENERATION]: String(changed ? before + 1 : before),
    };
  },
  validate: (object, problems) =>
    validateTemplateOf(object, 'daemonset', problems, { requireSelector: false, restart: ['Always'] }),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    daemonSetStrategy.validate?.(object, problems, context);
    immutableSelector(object, old, problems);
  },
  warnings: templateWarnings,
};

const UID_LABELS = ['batch.kubernetes.io/controller-uid', 'controller-uid'];
const NAME_LABELS = ['batch.kubernetes.io/job-name', 'job-name'];

function defaultJobSpec(spec: JsonObject) {
  defaultTemplate(spec);
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
    spec['completions'] = 1;
    spec['parallelism'] = 1;
  }
  for (const [key, value] of Object.entries({ parallelism: 1, backoffLimit: 6, suspend: false })) spec[key] ??= value;
  fill(spec, { completionMode: 'NonIndexed' });
  spec['manualSelector'] ??= false;
  fill(spec, { podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed' });
}

export const jobStrategy: Partial<Strategy> = {
  orphansByDefault: true,
  defaults: (object) => {
    defaultJobSpec(specOf(object));
    const labels =
      object.metadata.labels ?? objectAt(objectAt(objectAt(object.spec, 'template'), 'metadata'), 'labels');
    if (Object.keys(labels).length > 0) object.metadata.labels = { ...(labels as Record<string, string>) };
  },
  prepareCreate(object) {
    const spec = specOf(object);
    if (spec['manualSelector'] === true) return;
    const labels = ensureAt(ensureAt(ensureAt(spec, 'template'), 'metadata'), 'labels');
    const uid = object.metadata.uid ?? '';
    const generated: JsonObject = {};
    for (const key of NAME_LABELS) generated[key] = object.metadata.name ?? '';
    for (const key of UID_LABELS) generated[key] = uid;
    for (const key of Object.keys(generated).sort()) labels[key] = generated[key] ?? '';
    const matchLabels = ensureAt(ensureAt(spec, 'selector'), 'matchLabels');
    matchLabels['batch.kubernetes.io/controller-uid'] = uid;
    object.metadata.labels = { ...(labels as Record<string, string>), ...object.metadata.labels };
  },
  validate: (object, problems) => validateJob(object, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    validateJob(object, problems);
    immutableSelector(object, old, problems);
    for (const key of ['completions', 'template', 'completionMode', 'podFailurePolicy']) {
      if (jsonEquals(object.spec?.[key], old.spec?.[key])) continue;
      if (key === 'template' && old.spec?.['suspend'] === true && object.status?.['startTime'] === undefined) continue;
      problems.push(fieldInvalid(`spec.${key}`, object.spec?.[key], 'field is immutable'));
    }
  },
  warnings: templateWarnings,
};

function validateJob(object: KubeObject, problems: FieldProblem[]) {
  const spec = object.spec ?? {};
  for (const key of ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'])
    notNegative(spec, key, 'spec', problems);
  const selector = objectAt(spec, 'selector');
  const generated = Object.keys(objectAt(selector, 'matchLabels')).every((key) => UID_LABELS.includes(key));
  if (spec['manualSelector'] !== true && !generated)
    problems.push(fieldInvalid('spec.selector', selector, '`selector` not auto-generated'));
  const template = objectAt(spec, 'template');
  const labels = objectAt(objectAt(template, 'metadata'), 'labels');
  if (!selects(selector, labels))
    problems.push(fieldInvalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  validatePodSpec(objectAt(template, 'spec'), 'spec.template.spec', problems);
  const policy = textAt(objectAt(template, 'spec'), 'restartPolicy');
  if (policy === 'Always')
    problems.push(fieldRequired('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
}

export const cronJobStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    fill(spec, { concurrencyPolicy: 'Allow' });
    for (const [key, value] of Object.entries({
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    }))
      spec[key] ??= value;
    const template = ensureAt(spec, 'jobTemplate');
    ensureAt(template, 'metadata');
    defaultTemplate(ensureAt(template, 'spec'));
  },
  validateName: (name) => (name.length > 52 ? ['must be no more than 52 characters'] : []),
  validate(object, problems) {
    const spec = object.spec ?? {};
    const schedule = textAt(spec, 'schedule');
    if (schedule === '') problems.push(fieldRequired('spec.schedule'));
    else if (!isSchedule(schedule))
      problems.push(
        fieldInvalid(
          'spec.schedule',
          schedule,
          `expected exactly 5 fields, found ${schedule.trim().split(/\s+/).length}: [${schedule.trim().split(/\s+/).join(' ')}]`,
        ),
      );
    const policy = textAt(spec, 'concurrencyPolicy');
    if (!['Allow', 'Forbid', 'Replace'].includes(policy))
      problems.push(fieldNotSupported('spec.concurrencyPolicy', policy, ['Allow', 'Forbid', 'Replace']));
    for (const key of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
      notNegative(spec, key, 'spec', problems);
    const podSpec = objectAt(objectAt(objectAt(objectAt(spec, 'jobTemplate'), 'spec'), 'template'), 'spec');
    validatePodSpec(podSpec, 'spec.jobTemplate.spec.template.spec', problems);
    if (podSpec['restartPolicy'] === 'Always')
      problems.push(
        fieldRequired('spec.jobTemplate.spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'),
      );
  },
  warnings: (object, old) =>
    old !== undefined && old.metadata.generation === object.metadata.generation
      ? []
      : podWarnings(
          objectAt(objectAt(objectAt(object.spec, 'jobTemplate'), 'spec'), 'template'),
          'spec.jobTemplate.spec.template',
        ),
};

const isSchedule = (text: string) =>
  /^@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)$/.test(text) ||
  text.trim().split(/\s+/).length === 5;
