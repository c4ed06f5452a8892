import type { JsonObject, KubeObject } from '../../core/index.ts';
import { fieldInvalid, fieldNotSupported, fieldRequired } from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import { notNegative, numberAt, objectAt, objectsAt, textAt } from './parts.ts';
import { validatePodSpec } from './pod-validation.ts';
import { selects } from './selects.ts';

/** Labels with which a Job finds its pods. */
export const UID_LABELS = ['batch.kubernetes.io/controller-uid', 'controller-uid'];

/** So many completions are the most before a Job with a limit per index has to say more, and the most of some fields. */
const MANY = 100_000;
/** The most of those fields above that. */
const FEW = 10_000;

/** Checks a Job by the rules of Kubernetes. */
export function validateJob(object: KubeObject, problems: FieldProblem[]) {
  const spec = object.spec ?? {};
  for (const key of ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'])
    notNegative(spec, key, 'spec', problems);
  validateIndexes(spec, problems);
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

/** Checks what concerns the indexes of a Job, and that one without indexes says nothing of them. */
function validateIndexes(spec: JsonObject, problems: FieldProblem[]) {
  const most = numberAt(spec, 'maxFailedIndexes');
  const limit = numberAt(spec, 'backoffLimitPerIndex');
  notNegative(spec, 'backoffLimitPerIndex', 'spec', problems);
  notNegative(spec, 'maxFailedIndexes', 'spec', problems);
  if (most !== undefined && limit === undefined)
    problems.push(fieldRequired('spec.backoffLimitPerIndex', 'when maxFailedIndexes is specified'));
  const mode = textAt(spec, 'completionMode');
  if (mode === 'Indexed') validateIndexed(spec, problems);
  else if (mode !== 'NonIndexed') {
    problems.push(fieldNotSupported('spec.completionMode', mode, ['NonIndexed', 'Indexed']));
  } else {
    for (const key of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
      if (spec[key] !== undefined)
        problems.push(fieldInvalid(`spec.${key}`, spec[key], 'requires indexed completion mode'));
    }
  }
  for (const [index, { action }] of objectsAt(objectAt(spec, 'podFailurePolicy'), 'rules').entries()) {
    if (action !== 'FailIndex' || limit !== undefined) continue;
    const path = `spec.podFailurePolicy.rules[${index}].action`;
    problems.push(fieldInvalid(path, action, 'requires the backoffLimitPerIndex to be set'));
  }
}

function validateIndexed(spec: JsonObject, problems: FieldProblem[]) {
  const completions = numberAt(spec, 'completions');
  const atMost = (key: string, most: number, rest: string) => {
    if ((numberAt(spec, key) ?? 0) > most)
      problems.push(fieldInvalid(`spec.${key}`, spec[key], `must be less than or equal to ${rest}`));
  };
  if (completions === undefined) problems.push(fieldRequired('spec.completions', 'when completion mode is Indexed'));
  atMost('parallelism', MANY, `${MANY} when completion mode is Indexed`);
  if (completions !== undefined) atMost('maxFailedIndexes', completions, 'completions');
  atMost('maxFailedIndexes', MANY, String(MANY));
  if (completions === undefined || completions <= MANY || spec['backoffLimitPerIndex'] === undefined) return;
  if (spec['maxFailedIndexes'] === undefined)
    problems.push(fieldRequired('spec.maxFailedIndexes', `must be specified when completions is above ${MANY}`));
  const above = `${FEW} when completions are above ${MANY} and used with backoff limit per index`;
  atMost('parallelism', FEW, above);
  atMost('maxFailedIndexes', FEW, above);
}
