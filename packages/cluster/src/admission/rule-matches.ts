import { firstDefined } from '@typekro/kit/core';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { labelSelectorMatcher, listAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { notFound } from '../errors/api-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import { type AdmissionAttributes, type Operation, isNamespaces } from './attributes.ts';

/** The parts of a request that rules match. */
export interface RuleTarget {
  readonly operation: Operation;
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly subresource: string;
  readonly name: string;
  /** For a Namespace, its own name. */
  readonly namespace: string;
}

const includes = (list: readonly JsonValue[], value: string) => list.includes('*') || list.includes(value);

/** Does a rule match the request? Only rules of policies can have `resourceNames`. */
export function ruleMatches(rule: JsonObject, target: RuleTarget): boolean {
  return (
    includes(listAt(rule, 'operations'), target.operation) &&
    includes(listAt(rule, 'apiGroups'), target.group) &&
    includes(listAt(rule, 'apiVersions'), target.version) &&
    listAt(rule, 'resources').some((entry) => resourceMatches(String(entry), target)) &&
    scopeMatches(textAt(rule, 'scope'), target) &&
    nameMatches(listAt(rule, 'resourceNames'), target.name)
  );
}

/**
 * `*` matches all resources without their subresources. `*` before a slash matches all resources. `*` after a slash
 * matches the resource itself and all its subresources.
 */
function resourceMatches(entry: string, { plural, subresource }: RuleTarget): boolean {
  const [resource = '', part = ''] = entry.split('/', 2);
  return (resource === '*' || resource === plural) && (part === '*' || part === subresource);
}

/** A Namespace has the scope `Cluster`, although its requests have a namespace. */
function scopeMatches(scope: string, { group, plural, namespace }: RuleTarget): boolean {
  const isInNamespace = namespace !== '' && !(group === '' && plural === 'namespaces');
  if (scope === 'Namespaced') return isInNamespace;
  return scope === 'Cluster' ? !isInNamespace : true;
}

const nameMatches = (names: readonly JsonValue[], name: string) => names.length === 0 || names.includes(name);

const targetOf = ({ group, version, plural }: ServedResource, attributes: AdmissionAttributes): RuleTarget => ({
  group,
  version,
  plural,
  operation: attributes.operation,
  subresource: attributes.subresource,
  name: attributes.name,
  namespace: attributes.namespace,
});

/**
 * Returns the version of the resource that a rule matches. The version of the request takes precedence. With
 * `Equivalent`, rules for other versions of the same objects are tried next, in their order. Returns `undefined` when
 * no rule matches.
 */
export function matchedResource(
  rules: readonly JsonObject[],
  policy: string,
  attributes: AdmissionAttributes,
  served: Iterable<ServedResource>,
): ServedResource | undefined {
  const { resource } = attributes;
  const own = targetOf(resource, attributes);
  if (rules.some((rule) => ruleMatches(rule, own))) return resource;
  if (policy === 'Exact') return undefined;
  const others = [...served].filter((other) => other !== resource && other.collection === resource.collection);
  return firstDefined(rules, (rule) => others.find((other) => ruleMatches(rule, targetOf(other, attributes))));
}

const isEmpty = (selector: JsonObject): boolean =>
  Object.keys(objectAt(selector, 'matchLabels')).length === 0 && objectsAt(selector, 'matchExpressions').length === 0;

/**
 * Does the selector match the labels of the object before or after the request? The object of a `CONNECT` request is
 * the options of the connection, which have no labels, so only an empty selector matches.
 */
export function objectSelected(selector: JsonObject, { operation, object, old }: AdmissionAttributes): boolean {
  if (isEmpty(selector)) return true;
  if (operation === 'CONNECT') return false;
  return [object, old].some((state) => state !== undefined && labelSelectorMatcher(selector)(labelsOf(state)));
}

/** Returns the labels of an object. A review or a token request can lack metadata. */
const labelsOf = (object: KubeObject): JsonObject => objectAt(object, 'metadata', 'labels');

/**
 * Does the selector match the labels of the namespace? True for a request outside namespaces. For a Namespace, its own
 * labels are matched.
 *
 * @throws ApiError 404 when the namespace does not exist.
 */
export function namespaceSelected(selector: JsonObject, attributes: AdmissionAttributes, store: ObjectLookup): boolean {
  if (isEmpty(selector)) return true;
  const { resource, namespace, object, operation, subresource } = attributes;
  if (namespace === '' && !isNamespaces(resource)) return true;
  const isOwn = isNamespaces(resource) && subresource === '' && operation !== 'DELETE';
  if (isOwn && object !== undefined) return labelSelectorMatcher(selector)(labelsOf(object));
  const found = store.collection('', 'namespaces').get(namespace)?.object;
  if (found === undefined) throw notFound({ group: '', plural: 'namespaces' }, namespace);
  return labelSelectorMatcher(selector)(labelsOf(found));
}
