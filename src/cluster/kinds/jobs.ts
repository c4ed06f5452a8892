import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import {
  dnsSubdomain,
  domainPath,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  tooLongName,
} from '../../kubernetes/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { addInvalid, fieldInvalid, fieldNotSupported, fieldRequired } from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import type { Strategy } from './strategy.ts';
import { scheduleProblem } from './schedule-problem.ts';
import { isTimeZone } from './time-zone.ts';
import { validateFailurePolicy } from './job-failure-policy.ts';
import { UID_LABELS, validateIndexes } from './job-validation.ts';
import { internalTemplate, internalValue } from './describe-difference.ts';
import { ensureAt, fill, notNegative } from '../types/parts.ts';
import { defaultTemplate } from './pod-defaults.ts';
import { selects } from './selects.ts';
import { immutableSelector, specOf, templateWarnings, validateTemplate, warningsOfTemplate } from './workloads.ts';

/**
 * The maximum length of a CronJob's name. The names of its Jobs are eleven characters longer, and must fit in a label.
 */
const MAX_CRON_JOB_NAME_LENGTH = 52;

const NAME_LABELS = ['batch.kubernetes.io/job-name', 'job-name'];

function defaultJobSpec(spec: JsonObject) {
  defaultTemplate(spec);
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
    spec['completions'] = 1;
    spec['parallelism'] = 1;
  }
  const backoffLimit = spec['backoffLimitPerIndex'] === undefined ? 6 : 2_147_483_647;
  for (const [key, value] of Object.entries({ parallelism: 1, backoffLimit, suspend: false })) spec[key] ??= value;
  for (const rule of objectsAt(objectAt(spec, 'podFailurePolicy'), 'rules'))
    for (const condition of objectsAt(rule, 'onPodConditions')) fill(condition, { status: 'True' });
  fill(spec, { completionMode: 'NonIndexed' });
  spec['manualSelector'] ??= false;
  fill(spec, { podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed' });
}

export const jobStrategy: Partial<Strategy> = {
  orphansByDefault: true,
  orphansWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
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
    // A Job that has no labels gets those of its pods.
    const inherited = object.metadata.labels === undefined || jsonEquals(object.metadata.labels, labels);
    const generated: JsonObject = {};
    for (const key of NAME_LABELS) generated[key] = object.metadata.name ?? '';
    for (const key of UID_LABELS) generated[key] = uid;
    for (const key of Object.keys(generated).sort()) labels[key] = generated[key] ?? '';
    const matchLabels = ensureAt(ensureAt(spec, 'selector'), 'matchLabels');
    matchLabels['batch.kubernetes.io/controller-uid'] = uid;
    if (inherited) object.metadata.labels = { ...(labels as Record<string, string>) };
  },
  validate: (object, problems) => validateJob(object, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    validateJob(object, problems);
    // The API server checks the specification twice: as that of a new Job, and as that of an update.
    validateWholeSpec(object.spec ?? {}, problems);
    immutableSelector(object, old, problems);
    for (const key of ['completions', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex']) {
      if (jsonEquals(object.spec?.[key], old.spec?.[key])) continue;
      problems.push(fieldInvalid(`spec.${key}`, object.spec?.[key], 'field is immutable'));
    }
    checkTemplateUpdate(object, old, problems);
  },
  warnings: templateWarnings,
};

function validateJob(object: KubeObject, problems: FieldError[]) {
  const spec = object.spec ?? {};
  const selector = optionalAt(spec, 'selector');
  const matchLabels = objectAt(selector, 'matchLabels');
  const generated = Object.keys(matchLabels).every((key) => UID_LABELS.includes(key));
  if (spec['manualSelector'] !== true && !generated)
    problems.push(fieldInvalid('spec.selector', selector, '`selector` not auto-generated'));
  validateWholeSpec(spec, problems);
}

function validateWholeSpec(spec: JsonObject, problems: FieldError[]) {
  const selector = optionalAt(spec, 'selector');
  if (selector === undefined) problems.push(fieldRequired('spec.selector'));
  const metadata = objectAt(objectAt(spec, 'template'), 'metadata');
  const labels = objectAt(metadata, 'labels');
  if (selector === undefined || !selects(selector, labels))
    problems.push(
      fieldInvalid(
        'spec.template.metadata.labels',
        metadata['labels'] === undefined ? null : labels,
        '`selector` does not match template `labels`',
      ),
    );
  validateJobSpec(spec, 'spec', problems);
}

/**
 * Checks an update of the template. The template is immutable, except for placement and resources while a suspended Job
 * has not started.
 */
function checkTemplateUpdate(object: KubeObject, old: KubeObject, problems: FieldError[]) {
  const [next, before] = [objectAt(object.spec, 'template'), objectAt(old.spec, 'template')];
  if (jsonEquals(next, before)) return;
  if (old.spec?.['suspend'] !== true || object.status?.['startTime'] !== undefined) {
    problems.push(fieldInvalid('spec.template', internalTemplate(next), 'field is immutable'));
    return;
  }
  const spec = objectAt(next, 'spec');
  if (!jsonEquals(withoutPlacement(spec), withoutPlacement(objectAt(before, 'spec'))))
    problems.push(fieldInvalid('spec.template.spec', internalValue('core.v1.PodSpec', spec), 'field is immutable'));
}

/** The specification of a pod without the fields for placement and resources. */
function withoutPlacement(spec: JsonObject): JsonObject {
  const {
    affinity: _affinity,
    nodeSelector: _nodes,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...rest
  } = spec;
  for (const key of ['containers', 'initContainers'])
    if (rest[key] !== undefined)
      rest[key] = objectsAt(rest, key).map(({ resources: _resources, ...container }) => container);
  return rest;
}

const COUNTS = ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'];

/** Checks the specification of a Job, or of the Job template of a CronJob. */
function validateJobSpec(spec: JsonObject, at: string, problems: FieldError[]) {
  for (const key of COUNTS) notNegative(spec, key, at, problems);
  validateIndexes(spec, at, problems);
  const success = optionalAt(spec, 'successPolicy');
  if (success !== undefined && textAt(spec, 'completionMode') !== 'Indexed')
    problems.push(
      fieldInvalid(`${at}.successPolicy`, { Rules: success['rules'] ?? null }, 'requires indexed completion mode'),
    );
  const manager = textAt(spec, 'managedBy');
  if (manager !== '') addInvalid(problems, `${at}.managedBy`, manager, domainPath(manager));
  const replacement = textAt(spec, 'podReplacementPolicy');
  const policy = optionalAt(spec, 'podFailurePolicy');
  const known = policy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'];
  if (replacement !== '' && !known.includes(replacement))
    problems.push(fieldNotSupported(`${at}.podReplacementPolicy`, replacement, known));
  validateTemplate(objectAt(spec, 'template'), `${at}.template`, problems);
  const pod = objectAt(objectAt(spec, 'template'), 'spec');
  const restart = textAt(pod, 'restartPolicy');
  if (restart === 'Always')
    problems.push(fieldRequired(`${at}.template.spec.restartPolicy`, 'valid values: "OnFailure", "Never"'));
  if (policy !== undefined) validateFailurePolicy(policy, pod, at, problems);
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
  validateName: (name) => {
    const problems = tooLongName(name, MAX_CRON_JOB_NAME_LENGTH);
    return problems.length > 0 ? problems : dnsSubdomain(name);
  },
  validate(object, problems) {
    const spec = object.spec ?? {};
    const schedule = textAt(spec, 'schedule');
    if (schedule === '') problems.push(fieldRequired('spec.schedule'));
    else validateSchedule(schedule, problems);
    validateTimeZone(spec['timeZone'], problems);
    const policy = textAt(spec, 'concurrencyPolicy');
    if (!['Allow', 'Forbid', 'Replace'].includes(policy))
      problems.push(fieldNotSupported('spec.concurrencyPolicy', policy, ['Allow', 'Forbid', 'Replace']));
    for (const key of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
      notNegative(spec, key, 'spec', problems);
    const job = objectAt(objectAt(spec, 'jobTemplate'), 'spec');
    const at = 'spec.jobTemplate.spec';
    if (job['manualSelector'] === true)
      problems.push(fieldNotSupported(`${at}.manualSelector`, true, ['nil', 'false']));
    const selector = optionalAt(job, 'selector');
    if (selector !== undefined)
      problems.push(fieldInvalid(`${at}.selector`, selector, '`selector` will be auto-generated'));
    validateJobSpec(job, at, problems);
  },
  warnings: warningsOfTemplate('spec.jobTemplate.spec.template'),
};

/** Adds the problems of the schedule of a CronJob. As in Kubernetes, the problem of the schedule comes before that of a zone in it. */
export function validateSchedule(schedule: string, problems: FieldError[]) {
  const problem = /^(?:CRON_)?TZ=/.test(schedule) ? zonedProblem(schedule) : scheduleProblem(schedule);
  if (problem !== undefined) problems.push(fieldInvalid('spec.schedule', schedule, problem));
  if (!schedule.includes('TZ')) return;
  const text = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  problems.push(fieldInvalid('spec.schedule', schedule, text));
}

/** The problem of a schedule that begins with a zone. */
function zonedProblem(schedule: string): string | undefined {
  const space = schedule.indexOf(' ');
  // Go's text about the slice that the parser of Kubernetes then takes.
  if (space < 0) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
  const zone = schedule.slice(schedule.indexOf('=') + 1, space);
  const isKnown = zone === '' || zone === 'Local' || isTimeZone(zone);
  if (!isKnown) return `provided bad location ${zone}: unknown time zone ${zone}`;
  return scheduleProblem(schedule.slice(space).trim());
}

/** Adds the problem of the zone of a CronJob. */
export function validateTimeZone(zone: JsonValue | undefined, problems: FieldError[]) {
  if (typeof zone !== 'string') return;
  let text: string | undefined;
  if (zone === '') text = 'timeZone must be nil or non-empty string';
  else if (zone.toLowerCase() === 'local')
    text = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  else if (!isTimeZone(zone)) text = `unknown time zone ${zone}`;
  if (text !== undefined) problems.push(fieldInvalid('spec.timeZone', zone, text));
}
