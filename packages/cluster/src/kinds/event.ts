import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { dnsSubdomain, objectAt, pathSegment, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import type { Field, Problems } from '../errors/field-problems.ts';
import type { Strategy } from './strategy.ts';

const MAX_WORD_LENGTH = 128;
const MAX_MESSAGE_LENGTH = 1024;

/**
 * The JSON names of an Event's members in one API group. The keys are the names in Kubernetes' internal type. Errors
 * use the internal names in both groups. Only an error about the reporting controller uses the JSON name in the
 * request's group.
 */
interface EventNames {
  readonly involvedObject: string;
  readonly message: string;
  readonly source: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: string;
  readonly reportingController: string;
}

const CORE_NAMES: EventNames = {
  involvedObject: 'involvedObject',
  message: 'message',
  source: 'source',
  firstTimestamp: 'firstTimestamp',
  lastTimestamp: 'lastTimestamp',
  count: 'count',
  reportingController: 'reportingComponent',
};

const EVENTS_NAMES: EventNames = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingController: 'reportingController',
};

const isUnset = (value: JsonValue | undefined) => value === undefined || value === null || value === '';

/**
 * The strategy of Events in `v1`. It checks the namespace. For an Event with `eventTime`, it also checks the reporting
 * controller and instance, the action, the reason and the message. The rules follow `ValidateEventCreate` of
 * Kubernetes.
 */
export const coreEventStrategy: Partial<Strategy> = {
  uncollected: true,
  validateName: pathSegment,
  hasFreeFinalizers: true,
  validate: (object, problems) => validateLegacy(object, CORE_NAMES, problems),
};

/**
 * The strategy of Events in `events.k8s.io/v1`. In addition to the rules of `v1`, a new Event needs `eventTime` and a
 * valid type, and may not have deprecated members. An update may change only `series` and the metadata.
 */
export const eventStrategy: Partial<Strategy> = {
  uncollected: true,
  validate(object, problems) {
    validateLegacy(object, EVENTS_NAMES, problems);
    validateSeries(problems.field('', object));
    validateNew(object, problems);
  },
  validateUpdate(object, old, problems) {
    validateLegacy(object, EVENTS_NAMES, problems);
    if (!jsonEquals(object['series'] ?? null, old['series'] ?? null)) validateSeries(problems.field('', object));
    validateUnchanged(object, old, problems);
  },
};

function validateLegacy(object: KubeObject, names: EventNames, problems: Problems): void {
  const { namespace = '' } = object.metadata;
  const involved = textAt(objectAt(object, names.involvedObject), 'namespace');
  if (!namespaceAgrees(namespace, involved, !isUnset(object['eventTime'])))
    problems.invalid('involvedObject.namespace', involved, 'does not match event.namespace');
  if (!isUnset(object['eventTime'])) validateReport(problems.field('', object), names);
  problems.invalidFor('namespace', namespace, dnsSubdomain(namespace));
}

/**
 * Is an Event in the right namespace? Events about cluster-scoped objects must be in `default`. With `eventTime`, they
 * may also be in `kube-system`. An Event about any other object must be in the namespace of this object, unless the
 * Event has `eventTime`.
 */
function namespaceAgrees(namespace: string, involved: string, hasTime: boolean): boolean {
  if (involved === '') return namespace === 'default' || (hasTime && namespace === 'kube-system');
  return hasTime || namespace === involved;
}

function validateReport(event: Field, names: EventNames): void {
  const atMost = (field: Field<string>, max: number) => {
    // The API server counts bytes, although its message says characters.
    if (Buffer.byteLength(field.value) > max) field.invalid(`can have at most ${max} characters`, '');
  };
  const controller = event.text(names.reportingController);
  controller.notEmpty();
  controller.matches(qualifiedName);
  for (const key of ['reportingInstance', 'action', 'reason']) {
    event.text(key).notEmpty();
    atMost(event.text(key), MAX_WORD_LENGTH);
  }
  atMost(event.text(names.message).at('message'), MAX_MESSAGE_LENGTH);
}

function validateSeries(event: Field): void {
  const series = event.optional('series');
  if (series === undefined) return;
  const [count, last] = [series.count('count'), series.member('lastObservedTime')];
  if (count.value < 2) count.invalid('should be at least 2', '');
  if (isUnset(last.value)) last.required();
}

function validateNew(event: JsonObject, problems: Problems): void {
  if (isUnset(event['eventTime'])) problems.required('eventTime');
  const type = textAt(event, 'type');
  if (type !== 'Normal' && type !== 'Warning') problems.invalid('type', '', `has invalid value: ${type}`);
  for (const name of ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const) {
    const value = event[EVENTS_NAMES[name]];
    const isSet = isJsonObject(value)
      ? Object.values(value).some((part) => part !== '')
      : !isUnset(value) && value !== 0;
    if (isSet) problems.invalid(name, '', 'needs to be unset');
  }
}

type Shown = (value: JsonValue | undefined) => unknown;

/** Prints a struct as errors show it: with all members and with Go member names. */
const struct =
  (members: readonly (readonly [name: string, key: string])[]): Shown =>
  (value) =>
    Object.fromEntries(members.map(([name, key]) => [name, isJsonObject(value) ? textAt(value, key) : '']));
const reference = struct([
  ['Kind', 'kind'],
  ['Namespace', 'namespace'],
  ['Name', 'name'],
  ['UID', 'uid'],
  ['APIVersion', 'apiVersion'],
  ['ResourceVersion', 'resourceVersion'],
  ['FieldPath', 'fieldPath'],
]);
const source = struct([
  ['Component', 'component'],
  ['Host', 'host'],
]);
const optionalReference: Shown = (value) => (isUnset(value) ? null : reference(value));
const text: Shown = (value) => value ?? '';
const count: Shown = (value) => value ?? 0;

/** The decoder normalizes times, so equal times are equal strings. */
const time: Shown = (value) => value ?? null;

/** The immutable members, in the order of their errors. `reason` has two errors, as in Kubernetes. */
const FIXED: readonly (readonly [field: string, key: string, shown: Shown])[] = [
  ['involvedObject', EVENTS_NAMES.involvedObject, reference],
  ['reason', 'reason', text],
  ['message', EVENTS_NAMES.message, text],
  ['source', EVENTS_NAMES.source, source],
  ['firstTimestamp', EVENTS_NAMES.firstTimestamp, time],
  ['lastTimestamp', EVENTS_NAMES.lastTimestamp, time],
  ['count', EVENTS_NAMES.count, count],
  ['reason', 'reason', text],
  ['type', 'type', text],
  ['eventTime', 'eventTime', time],
  ['action', 'action', text],
  ['related', 'related', optionalReference],
  ['reportingController', 'reportingController', text],
  ['reportingInstance', 'reportingInstance', text],
];

function validateUnchanged(event: JsonObject, old: JsonObject, problems: Problems): void {
  for (const [field, key, shown] of FIXED) {
    const value = shown(event[key]);
    if (JSON.stringify(value) === JSON.stringify(shown(old[key]))) continue;
    problems.invalid(field, value, 'field is immutable');
  }
}
