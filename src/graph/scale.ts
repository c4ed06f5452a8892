import type { JsonObject } from '../core/index.ts';
import type { SimpleReplicas } from '../schema/index.ts';
import { PLAIN_NAME } from './instance-schema.ts';
import type { ProblemLocation, Problems } from './problems.ts';
import type { StatusMark } from './status-marks.ts';
import type { StatusBlock } from './status.ts';

/** The types of an expression that a marker takes. `dyn` is known only when the status is computed. */
const TYPES: Readonly<Record<StatusMark['marker'], readonly string[]>> = {
  scale: ['int', 'uint', 'dyn'],
  scaleSelector: ['string', 'dyn'],
};

/**
 * The subresource `scale` of the kind, from the markers of `spec` and of the status; undefined without markers. Reports
 * markers that do not fit together.
 */
export function buildScale(
  replicas: readonly SimpleReplicas[],
  { marks, fields }: Pick<StatusBlock, 'marks' | 'fields'>,
  problems: Problems,
): JsonObject | undefined {
  const refuse = (message: string, hint: string, place: ProblemLocation): void =>
    problems.error({ phase: 'status', code: 'graph/scale', message, hint, place });
  const inSpec = replicas.map(({ steps, path, offset }) => ({
    steps: ['spec', ...steps],
    place: { path: ['spec', 'schema', ...path], offset },
  }));
  const ofStatus = (wanted: StatusMark['marker']) =>
    marks
      .filter(({ marker }) => marker === wanted)
      .map(({ steps }) => ({ steps: ['status', ...steps], place: { path: ['spec', 'schema', 'status', ...steps] } }));
  const [inStatus, selectors] = [ofStatus('scale'), ofStatus('scaleSelector')];
  const before = problems.errors;
  for (const [name, found] of [
    ['scale in spec', inSpec] as const,
    ['scale in status', inStatus] as const,
    ['scaleSelector', selectors] as const,
  ]) {
    for (const { steps, place } of found) {
      if (steps.every((step) => typeof step === 'string' && PLAIN_NAME.test(step))) continue;
      refuse(`${name} is on ${steps.join('.')}, to which no simple path leads`, 'use plain names without lists', place);
    }
    const [first, second] = found;
    if (first !== undefined && second !== undefined) {
      const message = `${name} is on ${first.steps.join('.')} and on ${second.steps.join('.')}`;
      refuse(message, 'keep one of them: a kind has one number of replicas', second.place);
    }
  }
  for (const { marker, steps } of marks) {
    const field = fields.find(
      ({ site }) => site.steps.length === steps.length && site.steps.every((s, i) => s === steps[i]),
    );
    const kind = field?.type.kind;
    if (field === undefined || kind === undefined) continue;
    if (field.site.text.template === undefined && TYPES[marker].includes(kind)) continue;
    const wanted = marker === 'scale' ? 'a whole number' : 'a text';
    const hint =
      marker === 'scale'
        ? 'count with one expression, as in ${web.status.replicas} | scale'
        : 'write one expression that gives the selector as a text';
    refuse(`${marker} needs ${wanted}`, hint, { path: field.site.path });
  }
  const [spec] = inSpec;
  const [status] = inStatus;
  const [selector] = selectors;
  const only = spec === undefined ? (status ?? selector) : status === undefined ? spec : undefined;
  if (only !== undefined) {
    const missing = spec === undefined ? 'spec' : 'status';
    refuse(
      `a field of ${missing} needs the marker scale, too`,
      'put scale on a field of spec and of the status',
      only.place,
    );
  }
  if (problems.errors > before || spec === undefined || status === undefined) return undefined;
  return {
    specReplicasPath: `.${spec.steps.join('.')}`,
    statusReplicasPath: `.${status.steps.join('.')}`,
    ...(selector === undefined ? {} : { labelSelectorPath: `.${selector.steps.join('.')}` }),
  };
}
