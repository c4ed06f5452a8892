import type { JsonObject } from '@typekro/kit/core';
import type { SimpleReplicas } from '../../schema/simple/simple-columns.ts';
import { PLAIN_NAME } from '../kinds/instance-schema.ts';
import type { PathStep } from '../model.ts';
import type { ProblemLocation, Problems } from '../problems.ts';
import type { StatusMark } from './status-marks.ts';
import type { StatusBlock } from './status.ts';

/**
 * The expression types that a marker accepts. `dyn` is among them because the type of a `dyn` value is known only when
 * the status is computed.
 */
const TYPES: Readonly<Record<StatusMark['marker'], readonly string[]>> = {
  scale: ['int', 'uint', 'dyn'],
  scaleSelector: ['string', 'dyn'],
};

/**
 * The subresource `scale` of the kind, from the markers of `spec` and of the status. Undefined without markers. Reports
 * markers that do not fit together or do not fit their fields, and then returns undefined.
 */
export function buildScale(
  replicas: readonly SimpleReplicas[],
  { marks, fields }: Pick<StatusBlock, 'marks' | 'fields'>,
  problems: Problems,
): JsonObject | undefined {
  const refuse: Refuse = (message, hint, place) =>
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
  checkPlaces('scale in spec', inSpec, refuse);
  checkPlaces('scale in status', inStatus, refuse);
  checkPlaces('scaleSelector', selectors, refuse);
  for (const mark of marks) checkType(mark, fields, refuse);
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

/** Reports a problem of the markers. */
type Refuse = (message: string, hint: string, place: ProblemLocation) => void;

/** A marked field. */
interface MarkedField {
  readonly steps: readonly PathStep[];
  readonly place: ProblemLocation;
}

/** Reports fields that a path of a CRD cannot express, and a second field with the same marker. */
function checkPlaces(name: string, found: readonly MarkedField[], refuse: Refuse): void {
  for (const { steps, place } of found) {
    if (steps.every((step) => typeof step === 'string' && PLAIN_NAME.test(step))) continue;
    refuse(
      `${name} is on ${steps.join('.')}, which a path of the scale subresource cannot name`,
      'use plain names, outside of lists',
      place,
    );
  }
  const [first, second] = found;
  if (first !== undefined && second !== undefined) {
    const message = `${name} is on ${first.steps.join('.')} and on ${second.steps.join('.')}`;
    refuse(message, 'remove one of the two markers: a kind has at most one such field', second.place);
  }
}

/** Reports a marked field of the status if the marker does not accept the type of the field's expression. */
function checkType({ marker, steps }: StatusMark, fields: StatusBlock['fields'], refuse: Refuse): void {
  const field = fields.find(
    ({ site }) => site.steps.length === steps.length && site.steps.every((s, i) => s === steps[i]),
  );
  const kind = field?.type.kind;
  if (field === undefined || kind === undefined) return;
  if (field.site.text.template === undefined && TYPES[marker].includes(kind)) return;
  const wanted = marker === 'scale' ? 'a whole number' : 'a string';
  const hint =
    marker === 'scale'
      ? 'write one expression that returns a whole number, as in ${web.status.replicas} | scale'
      : 'write one expression that returns the selector as a string';
  refuse(`${marker} needs ${wanted}`, hint, { path: field.site.path });
}
