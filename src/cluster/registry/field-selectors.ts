import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { Matcher } from '../http/selectors.ts';
import { parseFieldSelector } from '../http/selectors.ts';
import { badRequest } from '../http/status.ts';
import type { Resource } from './resource.ts';

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

/** Paths that field selectors may name, beside `metadata.name` and `metadata.namespace`. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  '/pods': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  '/events': EVENT_FIELDS,
  'events.k8s.io/events': [
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
    'reason',
    'reportingController',
    'type',
  ],
  '/services': ['spec.clusterIP', 'spec.type'],
  '/namespaces': ['status.phase'],
  '/nodes': ['spec.unschedulable'],
  '/secrets': ['type'],
  '/replicationcontrollers': ['status.replicas'],
  'apps/replicasets': ['status.replicas'],
  'batch/jobs': ['status.successful'],
  'certificates.k8s.io/certificatesigningrequests': ['spec.signerName'],
  'resource.k8s.io/resourceslices': ['spec.nodeName', 'spec.driver'],
};

/** Kinds that say which labels they know only as `field label not supported`. */
const LABEL_TEXT = new Set([
  '/pods',
  '/services',
  '/namespaces',
  '/nodes',
  '/secrets',
  '/events',
  'batch/jobs',
  '/replicationcontrollers',
  'apps/replicasets',
]);

/** Values where an absent field counts as something else than the empty text. */
const ABSENT: Readonly<Record<string, string>> = {
  'spec.hostNetwork': 'false',
  'spec.unschedulable': 'false',
  'status.replicas': '0',
  'status.successful': '0',
};

/**
 * A matcher for a field selector of a resource; `undefined` when it selects everything. `only` is the one
 * name that can match, if the selector fixes it.
 *
 * @throws ApiError 400 when the resource does not know a field.
 */
export function fieldMatcher(
  resource: Resource,
  text: string,
): { matches: Matcher; only: string | undefined } | undefined {
  if (text === '') return undefined;
  const requirements = parseFieldSelector(text);
  if (requirements.length === 0) return undefined;
  const key = `${resource.group}/${resource.plural}`;
  const known = Object.hasOwn(FIELDS, key) ? (FIELDS[key] ?? []) : [];
  for (const { field } of requirements) {
    if (field === 'metadata.name' || (field === 'metadata.namespace' && resource.namespaced)) continue;
    if (known.includes(field) || resource.custom?.selectable.has(field)) continue;
    if (resource.custom !== undefined) throw badRequest(`field label not supported: ${field}`);
    if (LABEL_TEXT.has(key)) throw badRequest(`field label not supported: ${field}`);
    throw badRequest(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name"${resource.namespaced ? ', "metadata.namespace"' : ''}`,
    );
  }
  const only = requirements.find(({ field, equal }) => field === 'metadata.name' && equal)?.value;
  const matches: Matcher = (object) =>
    requirements.every(({ field, value, equal }) => (fieldText(object, field) === value) === equal);
  return { matches, only };
}

function fieldText(object: KubeObject, field: string): string {
  if (field === 'status.successful') return fieldText(object, 'status.succeeded') || '0';
  if (field === 'source' && object.kind === 'Event')
    return fieldText(object, 'source.component') || fieldText(object, 'reportingComponent');
  let value: unknown = object;
  for (const part of field.split('.')) {
    value = isJsonObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  const found = value as JsonValue | undefined;
  if (found === undefined || found === null) return Object.hasOwn(ABSENT, field) ? (ABSENT[field] ?? '') : '';
  return typeof found === 'object' ? JSON.stringify(found) : String(found);
}
