import { type JsonObject, type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import {
  asObject,
  dnsLabel,
  dnsSubdomain,
  domainPath,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  textAt,
  tooLongName,
  labelSelectorMatcher,
} from '@typekro/kit/kubernetes';
import { compareText } from '@typekro/kit/golang';
import type { Field, Problems } from '../../errors/field-problems.ts';
import type { Strategy } from '../strategy.ts';
import { scheduleProblem } from './schedule-problem.ts';
import { validateFailurePolicy } from './job-failure-policy.ts';
import { validateSuccessPolicy } from './job-success-policy.ts';
import { UID_LABELS, validateIndexes } from './job-validation.ts';
import { internalTemplate, internalValue } from '../describe-difference.ts';
import { ensureAt, fill } from '../../types/parts.ts';
import { defaultTemplate } from '../pods/pod-defaults.ts';
import { validateSelector } from '../validate-selector.ts';
import {
  immutableSelector,
  specOf,
  templateWarnings,
  validateTemplate,
  warningsOfTemplate,
} from '../workload-strategies.ts';

/** Matches one segment of a time zone name that the API accepts. */
const PART = /^(?!-)[A-Za-z._\-0-9+]{1,14}$/;

/**
 * The maximum length of a CronJob's name. The names of its Jobs are eleven characters longer, and must be valid label
 * values.
 */
const MAX_CRON_JOB_NAME_LENGTH = 52;

const MAX_MANAGER_BYTES = 63;
const RESTART_POLICIES = ['OnFailure', 'Never'];
const IMMUTABLE = 'field is immutable';
const NAME_LABELS = ['batch.kubernetes.io/job-name', 'job-name'];

function defaultJobSpec(spec: JsonObject) {
  defaultTemplate(spec);
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
    spec['completions'] = 1;
    spec['parallelism'] = 1;
  }
  const backoffLimit = spec['backoffLimitPerIndex'] === undefined ? 6 : 2_147_483_647;
  fill(spec, { parallelism: 1, backoffLimit, suspend: false, completionMode: 'NonIndexed', manualSelector: false });
  for (const rule of objectsAt(objectAt(spec, 'podFailurePolicy'), 'rules'))
    for (const condition of objectsAt(rule, 'onPodConditions')) fill(condition, { status: 'True' });
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
    // A Job without labels gets the labels of its pods.
    const inherited = object.metadata.labels === undefined || jsonEquals(object.metadata.labels, labels);
    // A label that the client has set is kept. Validation refuses it if its value is wrong.
    for (const [key, value] of generatedLabels(object)) labels[key] ??= value;
    const matchLabels = ensureAt(ensureAt(spec, 'selector'), 'matchLabels');
    matchLabels['batch.kubernetes.io/controller-uid'] ??= uid;
    if (inherited) object.metadata.labels = { ...(labels as Record<string, string>) };
  },
  validate: (object, problems) => validateJob(object, problems),
  validateUpdate(object, old, problems, context) {
    if (context.subresource !== '') return;
    validateJob(object, problems);
    // The API server checks the specification twice: with the rules for a new Job, and with the rules for an update.
    const spec = problems.field('spec', object.spec);
    validateWholeSpec(spec);
    immutableSelector(object, old, problems);
    checkCompletions(spec, old.spec?.['completions']);
    for (const key of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'])
      spec.member(key).immutable(old.spec?.[key]);
    checkTemplateUpdate(object, old, problems);
  },
  warnings: templateWarnings,
};

/** The generated labels that connect a Job and its pods, sorted by name. */
const generatedLabels = ({ metadata: { name = '', uid = '' } }: KubeObject): (readonly [string, string])[] =>
  [...NAME_LABELS.map((key) => [key, name] as const), ...UID_LABELS.map((key) => [key, uid] as const)].toSorted(
    ([a], [b]) => compareText(a, b),
  );

function validateJob(object: KubeObject, problems: Problems) {
  const spec = object.spec ?? {};
  validateGenerated(object, problems);
  validateWholeSpec(problems.field('spec', spec));
  const completions = numberAt(spec, 'completions') ?? 0;
  if (textAt(spec, 'completionMode') !== 'Indexed' || completions <= 0) return;
  // The host name of a pod consists of the Job's name and the pod's index.
  const { name = '' } = object.metadata;
  const hostname = `${name}-${completions - 1}`;
  if (dnsLabel(hostname).length === 0) return;
  const text = `will not able to create pod with invalid DNS label: ${hostname}`;
  problems.invalid('metadata.name', name, text);
}

/**
 * Checks the labels and the selector that the API server generates. A Job with `manualSelector` has neither generated
 * labels nor a generated selector.
 */
function validateGenerated(object: KubeObject, problems: Problems) {
  const selector = optionalAt(object.spec, 'selector');
  if (object.spec?.['manualSelector'] === true || selector === undefined) return;
  const labels = objectAt(object.spec, 'template', 'metadata', 'labels');
  const expected = generatedLabels(object);
  for (const [key, value] of expected) {
    const at = `spec.template.metadata.labels[${key}]`;
    if (labels[key] === undefined) problems.required(at, `must be '${value}'`);
    else if (labels[key] !== value) problems.invalid(at, sortedLabels(labels), `must be '${value}'`);
  }
  if (!labelSelectorMatcher(selector)(Object.fromEntries(expected)))
    problems.invalid('spec.selector', selector, '`selector` not auto-generated');
}

const sortedLabels = (labels: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => compareText(a, b)));

/** Checks a change of `completions`. Only an indexed Job may change it, and the new value must equal `parallelism`. */
function checkCompletions(spec: Field, before: JsonValue | undefined) {
  const completions = spec.member('completions');
  if (spec.text('completionMode').value !== 'Indexed') completions.immutable(before);
  else if (completions.value !== undefined && ![before, spec.value['parallelism']].includes(completions.value))
    completions.invalid('can only be modified in tandem with spec.parallelism');
}

function validateWholeSpec(spec: Field) {
  const selector = spec.optional('selector');
  const known = spec.problems.length;
  if (selector !== undefined) validateSelector(selector);
  const isReadable = spec.problems.length === known;
  if (selector === undefined) spec.member('selector').required();
  const labels = spec.object('template').object('metadata').member('labels');
  if (selector === undefined || (isReadable && !labelSelectorMatcher(selector.value)(asObject(labels.value))))
    labels.invalid('`selector` does not match template `labels`');
  validateJobSpec(spec);
}

/**
 * Checks an update of the template. The template is immutable. A suspended Job that has not started may still change
 * the placement and resources of its pods.
 */
function checkTemplateUpdate(object: KubeObject, old: KubeObject, problems: Problems) {
  const [next, before] = [objectAt(object.spec, 'template'), objectAt(old.spec, 'template')];
  if (jsonEquals(next, before)) return;
  if (old.spec?.['suspend'] !== true || object.status?.['startTime'] !== undefined) {
    problems.invalid('spec.template', internalTemplate(next), IMMUTABLE);
    return;
  }
  const spec = objectAt(next, 'spec');
  if (!jsonEquals(withoutPlacement(spec), withoutPlacement(objectAt(before, 'spec'))))
    problems.invalid('spec.template.spec', internalValue('core.v1.PodSpec', spec), IMMUTABLE);
}

/** Removes the fields for node placement and the resources from a pod's specification. */
function withoutPlacement(spec: JsonObject): JsonObject {
  const {
    affinity: _affinity,
    nodeSelector: _nodes,
    tolerations: _tolerations,
    schedulingGates: _gates,
    ...rest
  } = spec;
  const { nodeAffinity: _nodeAffinity, ...podAffinity } = objectAt(spec, 'affinity');
  if (Object.keys(podAffinity).length > 0) rest['affinity'] = podAffinity;
  for (const key of ['containers', 'initContainers'])
    if (rest[key] !== undefined)
      rest[key] = objectsAt(rest, key).map(({ resources: _resources, ...container }) => container);
  return rest;
}

const COUNTS = ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'];

/** Checks the specification of a Job, or of the Job template of a CronJob. */
function validateJobSpec(spec: Field) {
  for (const key of COUNTS) spec.number(key).notNegative();
  validateIndexes(spec);
  const success = spec.optional('successPolicy');
  if (spec.text('completionMode').value !== 'Indexed')
    success?.invalid('requires indexed completion mode', { Rules: success.value['rules'] ?? null });
  // Missing completions count as 0 here, because another check reports them.
  else if (success !== undefined) validateSuccessPolicy(success, spec.count('completions').value);
  const manager = spec.text('managedBy');
  manager.matchesIfSet(domainPath);
  if (Buffer.byteLength(manager.value) > MAX_MANAGER_BYTES) manager.tooLong(MAX_MANAGER_BYTES);
  const policy = spec.optional('podFailurePolicy');
  spec.text('podReplacementPolicy').oneOfIfSet(policy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed']);
  validateTemplate(spec.object('template'));
  const pod = spec.object('template').object('spec');
  const restart = pod.text('restartPolicy');
  if (restart.value === 'Always') restart.required('valid values: "OnFailure", "Never"');
  else restart.oneOf(RESTART_POLICIES);
  if (policy !== undefined) validateFailurePolicy(policy, pod);
}

export const cronJobStrategy: Partial<Strategy> = {
  defaults(object) {
    const spec = specOf(object);
    fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    const template = ensureAt(spec, 'jobTemplate');
    ensureAt(template, 'metadata');
    defaultTemplate(ensureAt(template, 'spec'));
  },
  validateName: (name) => {
    const problems = tooLongName(name, MAX_CRON_JOB_NAME_LENGTH);
    return problems.length > 0 ? problems : dnsSubdomain(name);
  },
  validate(object, problems) {
    const spec = problems.field('spec', object.spec);
    const schedule = spec.text('schedule');
    if (schedule.value === '') schedule.required();
    else validateSchedule(schedule);
    validateTimeZone(spec.member('timeZone'));
    spec.text('concurrencyPolicy').oneOf(['Allow', 'Forbid', 'Replace']);
    for (const key of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
      spec.number(key).notNegative();
    const job = spec.object('jobTemplate').object('spec');
    if (job.value['manualSelector'] === true) job.member('manualSelector').notSupported(['nil', 'false']);
    job.optional('selector')?.invalid('`selector` will be auto-generated');
    validateJobSpec(job);
  },
  warnings: warningsOfTemplate('spec.jobTemplate.spec.template'),
};

/**
 * Adds the problems of a CronJob's schedule. As in Kubernetes, syntax problems come before the problem of a time zone
 * in the schedule.
 */
export function validateSchedule(field: Field<string>) {
  const schedule = field.value;
  field.problem(/^(?:CRON_)?TZ=/.test(schedule) ? zonedProblem(schedule) : scheduleProblem(schedule));
  if (schedule.includes('TZ')) field.invalid('cannot use TZ or CRON_TZ in schedule, use timeZone field instead');
}

/** The problem of a schedule that begins with a time zone (`TZ=` or `CRON_TZ=`). */
function zonedProblem(schedule: string): string | undefined {
  const space = schedule.indexOf(' ');
  // If the schedule has no space, the parser of Kubernetes takes an invalid slice of the string. This is Go's error
  // about the slice.
  if (space < 0) return 'invalid schedule format: runtime error: slice bounds out of range [:-1]';
  const zone = schedule.slice(schedule.indexOf('=') + 1, space);
  const isKnown = zone === '' || zone === 'Local' || isTimeZone(zone);
  if (!isKnown) return `provided bad location ${zone}: unknown time zone ${zone}`;
  return scheduleProblem(schedule.slice(space).trim());
}

/** Adds the problem of a CronJob's `timeZone`. */
export function validateTimeZone(field: Field<JsonValue | undefined>) {
  const zone = field.value;
  if (typeof zone !== 'string') return;
  if (zone === '') field.invalid('timeZone must be nil or non-empty string');
  else if (zone.toLowerCase() === 'local')
    field.invalid('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones');
  else if (!isTimeZone(zone)) field.invalid(`unknown time zone ${zone}`);
}

/** Does the IANA database have the zone? Letter case is ignored, unlike in Kubernetes. */
export function isTimeZone(name: string): boolean {
  const isName = name.split('/').every((part) => PART.test(part) && part !== '.' && part !== '..');
  // In newer releases of Node, `Intl` also accepts offsets such as `+01`, which the API refuses.
  if (!isName || name.startsWith('+')) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch (thrown) {
    // For an unknown zone, `Intl` throws this error and no other.
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
