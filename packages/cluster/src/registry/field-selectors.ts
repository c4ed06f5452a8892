import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { valueAt } from '@typekro/kit/kubernetes';
import { type Matcher, parseFieldSelector } from '../protocol/selectors.ts';
import { badRequest } from '../errors/api-error.ts';
import type { ServedResource } from './served-resource.ts';

/** The fields that selectors of a kind may name, and the server's message for any other field. */
interface FieldRules {
  readonly fields: ReadonlySet<string>;
  readonly refusal: (field: string) => string;
}

const NAME = 'metadata.name';
const NAMESPACE = 'metadata.namespace';

const unsupported = (field: string) => `field label not supported: ${field}`;

/**
 * The rules of built-in kinds without an entry in `FIELD_RULES`. They allow `metadata.namespace` even for
 * cluster-scoped kinds.
 */
const PLAIN: FieldRules = {
  fields: new Set([NAME, NAMESPACE]),
  refusal: (field) => `${goQuote(field)} is not a known field selector: only "${NAME}", "${NAMESPACE}"`,
};

const rules = (fields: readonly string[], refusal = unsupported): FieldRules => ({
  fields: new Set([NAME, ...fields]),
  refusal,
});

const FIELD_RULES: ReadonlyMap<string, FieldRules> = new Map([
  [
    '/pods',
    rules([
      NAMESPACE,
      'spec.host',
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'spec.hostNetwork',
      'status.phase',
      'status.podIP',
      'status.podIPs',
      'status.nominatedNodeName',
    ]),
  ],
  [
    '/events',
    rules([
      NAMESPACE,
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
    ]),
  ],
  [
    'events.k8s.io/events',
    rules([
      NAMESPACE,
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
    ]),
  ],
  ['/services', rules([NAMESPACE, 'spec.clusterIP', 'spec.type'])],
  ['/namespaces', rules(['status.phase'])],
  ['/nodes', rules(['spec.unschedulable'])],
  ['/secrets', rules([NAMESPACE, 'type'])],
  ['/replicationcontrollers', rules([NAMESPACE, 'status.replicas'])],
  [
    'batch/jobs',
    rules([NAMESPACE, 'status.successful'], (field) => `field label ${goQuote(field)} not supported for Job`),
  ],
  ['certificates.k8s.io/certificatesigningrequests', rules(['spec.signerName'])],
  [
    'resource.k8s.io/resourceslices',
    rules(
      ['spec.nodeName', 'spec.driver'],
      (field) => `field label not supported for resource.k8s.io/v1, Kind=ResourceSlice: ${field}`,
    ),
  ],
]);

const groupResource = ({ group, plural }: ServedResource): string => `${group}/${plural}`;

function rulesOf(resource: ServedResource): FieldRules {
  if (resource.custom === undefined) return FIELD_RULES.get(groupResource(resource)) ?? PLAIN;
  return rules([...(resource.namespaced ? [NAMESPACE] : []), ...resource.custom.selectable.keys()]);
}

type FieldText = (object: KubeObject) => string;

const orElse =
  (field: string, absent: string): FieldText =>
  (object) =>
    pathText(object, field) || absent;

/**
 * Maps a field of a built-in resource to the function that computes the string to compare. For every other field, the
 * string to compare is the value at the path of the field, or the empty string for an absent value.
 */
const SPECIAL_TEXTS = new Map<string, Readonly<Record<string, FieldText>>>([
  [
    '/pods',
    {
      'spec.host': (object) => pathText(object, 'spec.nodeName'),
      'spec.hostNetwork': orElse('spec.hostNetwork', 'false'),
      // The server accepts this field, but compares the empty string instead of the addresses with the selector.
      'status.podIPs': () => '',
    },
  ],
  ['/events', { source: (object) => pathText(object, 'source.component') || pathText(object, 'reportingComponent') }],
  ['/nodes', { 'spec.unschedulable': orElse('spec.unschedulable', 'false') }],
  ['/replicationcontrollers', { 'status.replicas': orElse('status.replicas', '0') }],
  ['batch/jobs', { 'status.successful': orElse('status.succeeded', '0') }],
]);

/**
 * The matcher of a resource's field selector; `undefined` when the selector is empty. If the selector requires a name,
 * `only` is this name.
 *
 * @throws ApiError 400 when the selector is malformed, or names a field that the resource does not allow in selectors.
 */
export function fieldMatcher(
  resource: ServedResource,
  text: string,
): { matches: Matcher; only: string | undefined } | undefined {
  if (text === '') return undefined;
  const requirements = parseFieldSelector(text);
  if (requirements.length === 0) return undefined;
  const { fields, refusal } = rulesOf(resource);
  for (const { field } of requirements) if (!fields.has(field)) throw badRequest(refusal(field));
  const only = requirements.find(({ field, equal }) => field === NAME && equal)?.value;
  const special = SPECIAL_TEXTS.get(groupResource(resource));
  const textOf = (object: KubeObject, field: string): string =>
    special !== undefined && Object.hasOwn(special, field) ? (special[field]?.(object) ?? '') : pathText(object, field);
  // A selector can have a thousand requirements, but a kind has few fields. Each field of an object is read once.
  const values = new Map<string, { readonly equal: Set<string>; readonly unequal: Set<string> }>();
  for (const { field, value, equal } of requirements) {
    const known = values.get(field) ?? { equal: new Set(), unequal: new Set() };
    values.set(field, known);
    known[equal ? 'equal' : 'unequal'].add(value);
  }
  const matches: Matcher = (object) => {
    for (const [field, { equal, unequal }] of values) {
      const found = textOf(object, field);
      if (equal.size > 1 || (equal.size === 1 && !equal.has(found)) || unequal.has(found)) return false;
    }
    return true;
  };
  return { matches, only };
}

/** The value at a path as a string. */
function pathText(object: KubeObject, field: string): string {
  const found = valueAt(object, ...field.split('.'));
  if (found === undefined || found === null) return '';
  return typeof found === 'object' ? JSON.stringify(found) : String(found);
}
