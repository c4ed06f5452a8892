import {
  type GroupVersionKind,
  type JsonObject,
  type KubeObject,
  canonicalJson,
  definedMembers,
  formatApiVersion,
  formatRef,
  grouped,
  objectName,
  refOf,
} from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { AGGREGATION_LABEL, DEFINITION_TYPE } from '@typekro/controller/controller';
import { GraphObject } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { sha256Digest } from '@typekro/oci';
import { type GrantedAction, grantedActions } from '../doctor/cluster-facts.ts';
import { rightsText } from '../doctor/checks/check-rights.ts';

/** The kinds of objects that grant rights, bindings first. */
const RIGHTS_TYPES = ['RoleBinding', 'ClusterRoleBinding', 'Role', 'ClusterRole'].map((kind) => ({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind,
}));

/** The kinds of objects that a package can apply, in the order in which they are deleted. */
export const PACKAGED_TYPES = [DEFINITION_TYPE, GraphObject.TYPE, ...RIGHTS_TYPES];

/** Does the object grant rights? */
export const isRightsObject = ({ apiVersion, kind }: KubeObject): boolean =>
  RIGHTS_TYPES.some((type) => formatApiVersion(type) === apiVersion && type.kind === kind);

/** The digest of the objects that grant rights, in any order. */
export function rightsDigest(objects: readonly KubeObject[]): string {
  const sorted = objects.toSorted((a, b) => compareText(formatRef(refOf(a)), formatRef(refOf(b))));
  return sha256Digest(Buffer.from(canonicalJson(sorted)));
}

const ROLE_FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata', 'rules'];
const RULE_FIELDS: readonly string[] = ['apiGroups', 'resources', 'resourceNames', 'verbs'];
const BINDING_FIELDS: readonly string[] = ['apiVersion', 'kind', 'metadata', 'roleRef', 'subjects'];

/**
 * Why the rights of a package are refused; `undefined` if they are not. A role lists everything that it allows, adds it
 * to the role of a controller only, and allows what `packageLayout` grants. A binding gives a role of the package to
 * ServiceAccounts.
 */
export function rightsProblem(objects: readonly KubeObject[], needs: RightsNeeds): string | undefined {
  const roles = new Set(objects.flatMap((object) => (isBinding(object) ? [] : [roleKey(object.kind, object)])));
  for (const object of objects) {
    const [fields, isRight] = isBinding(object)
      ? [BINDING_FIELDS, bindsOwnRole(object, roles)]
      : [ROLE_FIELDS, objectsAt(object, 'rules').every(isPlainRule)];
    const isPlain =
      Object.keys(object).every((field) => fields.includes(field)) &&
      Object.keys(object.metadata.labels ?? {}).every((label) => label === AGGREGATION_LABEL);
    if (!isPlain || !isRight) return `${objectName(refOf(object))} grants more than its rules show`;
    const more = grantedActions(objectsAt(object, 'rules')).find((action) => !isNeeded(action, needs));
    if (more !== undefined)
      return `${objectName(refOf(object))} allows to ${rightsText([more])}, which its definitions and Graphs do not need`;
  }
  return undefined;
}

/** What the rights of a package are for. */
export interface RightsNeeds {
  /** The kinds that its definitions and Graphs use. */
  readonly used: readonly GroupVersionKind[];
  /** The CustomResourceDefinitions of the kinds that it provides. */
  readonly crds: readonly KubeObject[];
}

const CHILD_VERBS: readonly string[] = ['get', 'list', 'watch', 'create', 'patch', 'delete'];
const INSTANCE_VERBS: Readonly<Record<string, readonly string[]>> = {
  status: ['get', 'patch'],
  finalizers: ['update'],
};

/** Does a controller need the right? Of kinds of other CustomResourceDefinitions, only the group is known. */
function isNeeded({ verb, group, resource, name }: GrantedAction, { used, crds }: RightsNeeds): boolean {
  if (verb === 'impersonate') return group === '' && resource === 'serviceaccounts' && name !== undefined;
  const [plural = '', part] = resource.split('/');
  const isOf = ({ spec }: KubeObject) => textAt(spec, 'group') === group && textAt(spec, 'names', 'plural') === plural;
  const isOwn = crds.some(isOf);
  if (isOwn && part !== undefined && INSTANCE_VERBS[part]?.includes(verb) === true) return true;
  const isUsed = used.some(
    (type) => type.group === group && (builtinSource().resourceOf(type)?.plural ?? plural) === plural,
  );
  return (
    (isOwn || isUsed) && !resource.includes('*') && (part === undefined ? CHILD_VERBS.includes(verb) : verb === 'patch')
  );
}

const isBinding = ({ kind }: KubeObject): boolean => kind.endsWith('Binding');
const roleKey = (kind: string, { metadata }: KubeObject, name = metadata.name): string =>
  kind === 'ClusterRole' ? `${kind} ${name}` : `${kind} ${metadata.namespace}/${name}`;

const isPlainRule = (rule: JsonObject): boolean =>
  Object.entries(rule).every(
    ([field, value]) =>
      RULE_FIELDS.includes(field) && Array.isArray(value) && value.every((each) => typeof each === 'string'),
  );

function bindsOwnRole(object: KubeObject, roles: ReadonlySet<string>): boolean {
  const { kind, name } = objectAt(object, 'roleRef');
  return (
    roles.has(roleKey(String(kind), object, String(name))) &&
    objectsAt(object, 'subjects').every((subject) => subject['kind'] === 'ServiceAccount')
  );
}

/** What each role allows, one resource in a line, and who gets it. */
export const rightsLines = (objects: readonly KubeObject[]): string[] =>
  objects.flatMap((object) => {
    const subjects = objectsAt(object, 'subjects').map(
      (each) => `${textAt(each, 'namespace')}/${textAt(each, 'name')}`,
    );
    const name = objectName(refOf(object));
    if (isBinding(object))
      return [`${name}: ${textAt(object, 'roleRef', 'name')} for ServiceAccount ${subjects.join(', ')}`];
    const ofResource = grouped(
      grantedActions(objectsAt(object, 'rules')),
      ({ group, resource }) => `${resource}/${group}`,
    );
    return [name, ...[...ofResource.values()].map((actions) => `  ${rightsText(actions)}`)];
  });

/** What roles allow and other roles do not, one resource in a line. The names of the roles do not matter. */
export function addedRights(before: readonly KubeObject[], after: readonly KubeObject[]): string[] {
  const known = new Set(before.flatMap(placedActions).map(([key]) => key));
  const added = new Map(after.flatMap(placedActions).filter(([key]) => !known.has(key)));
  const ofResource = grouped([...added.values()], ({ group, resource, name, namespace }) =>
    JSON.stringify([group, resource, name, namespace]),
  );
  return [...ofResource.values()].map(rightsText);
}

function placedActions(object: KubeObject): [key: string, action: GrantedAction & { readonly namespace?: string }][] {
  const place = definedMembers({ namespace: object.metadata.namespace });
  return grantedActions(objectsAt(object, 'rules')).map((action) => {
    const placed = { ...action, ...place };
    return [canonicalJson(placed), placed];
  });
}
