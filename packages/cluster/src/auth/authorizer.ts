import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { UserInfo } from '../cluster-options.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import { type RightAttributes, rightsIn, wantedOf } from './held-rights.ts';

/** An action of a user. */
export interface Attributes extends RightAttributes {
  readonly namespace: string;
}

/** The authorizer's decision. */
export interface AuthorizationDecision {
  readonly allowed: boolean;
  /**
   * For an allowed action, the binding that allows it, or `''` if the action needs no binding. For a refused action,
   * the problems of the user's bindings, or `''` if there are none.
   */
  readonly reason: string;
}

const GROUP = 'rbac.authorization.k8s.io';

/** The parts of the cluster that authorization uses: the stored roles and bindings. */
export interface RoleContext {
  readonly store: ObjectLookup;
  /** True when the cluster allows every request of every user. */
  readonly allowsAll: boolean;
}

/**
 * Decides by role-based access control whether the user may perform an action. The group `system:masters` has all
 * rights. In a cluster that allows all requests, every user has all rights.
 */
export function authorize(context: RoleContext, user: UserInfo, attributes: Attributes): AuthorizationDecision {
  if (context.allowsAll) return { allowed: true, reason: '' };
  if (user.groups.includes('system:masters')) return { allowed: true, reason: '' };
  const problems: string[] = [];
  const wanted = wantedOf(attributes);
  for (const grant of grantsOf(context, user, attributes.namespace, problems)) {
    if (rightsIn(grant.rules).covers(wanted)) return { allowed: true, reason: `RBAC: allowed by ${grant.description}` };
  }
  const [first] = problems;
  const text = problems.length > 1 ? `[${problems.join(', ')}]` : first;
  return { allowed: false, reason: text === undefined ? '' : `RBAC: ${text}` };
}

/** The rules that a binding grants to a user. */
interface Grant {
  readonly rules: readonly JsonObject[];
  readonly description: string;
}

/**
 * Yields the grants to a user in a namespace. For the namespace `''`, yields only the cluster-wide grants. Of several
 * bindings to one role, yields the first.
 */
export function* grantsOf(
  context: RoleContext,
  user: UserInfo,
  namespace: string,
  problems: string[],
): Generator<Grant> {
  const stored = (plural: string) => context.store.collection(GROUP, plural);
  const own = namespace === '' ? [] : stored('rolebindings').inNamespace(namespace);
  const known = new Set<string>();
  for (const [kind, place, bindings] of [
    ['ClusterRoleBinding', '', stored('clusterrolebindings').all()],
    ['RoleBinding', namespace, own],
  ] as const) {
    for (const { object } of bindings) {
      const subject = subjectFor(object, user);
      if (subject === undefined) continue;
      const reference = objectAt(object, 'roleRef');
      const role = `${textAt(reference, 'kind')}/${textAt(reference, 'name')}`;
      const rules = known.has(role) ? undefined : rulesOfRef(context, reference, place, problems);
      if (rules === undefined) continue;
      known.add(role);
      yield { rules, description: describe(object, kind, subject) };
    }
  }
}

function describe(binding: KubeObject, kind: string, subject: JsonObject): string {
  const reference = objectAt(binding, 'roleRef');
  const place = binding.metadata.namespace === undefined ? '' : `/${binding.metadata.namespace}`;
  const subjectKind = textAt(subject, 'kind');
  const suffix = subjectKind === 'ServiceAccount' ? `/${textAt(subject, 'namespace')}` : '';
  return `${kind} ${goQuote(`${binding.metadata.name}${place}`)} of ${textAt(reference, 'kind')} ${goQuote(textAt(reference, 'name'))} to ${subjectKind} ${goQuote(textAt(subject, 'name') + suffix)}`;
}

/** The subjects of a binding with their positions, by kind and name. A binding may have tens of thousands of them. */
const subjectsOf = oncePerObject((binding: KubeObject) => {
  const subjects = new Map<string, { readonly position: number; readonly subject: JsonObject }>();
  for (const [position, subject] of objectsAt(binding, 'subjects').entries()) {
    const [kind, name] = [textAt(subject, 'kind'), textAt(subject, 'name')];
    const namespace = textAt(subject, 'namespace') || (binding.metadata.namespace ?? '');
    const key = `${kind} ${kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name}`;
    if (!subjects.has(key)) subjects.set(key, { position, subject });
  }
  return subjects;
});

/** The keys in `subjectsOf` of a user and the user's groups. A SubjectAccessReview may have 600,000 groups. */
const keysOf = oncePerObject(
  ({ name, groups }: UserInfo) =>
    new Set([`User ${name}`, `ServiceAccount ${name}`, ...groups.map((group) => `Group ${group}`)]),
);

/** The first subject of a binding that is the user, or a group of the user. */
function subjectFor(binding: KubeObject, user: UserInfo): JsonObject | undefined {
  const [keys, subjects] = [keysOf(user), subjectsOf(binding)];
  if (subjects.size <= keys.size) {
    for (const [key, { subject }] of subjects) if (keys.has(key)) return subject;
    return undefined;
  }
  const found = [...keys].flatMap((key) => subjects.get(key) ?? []);
  return found.toSorted((a, b) => a.position - b.position)[0]?.subject;
}

const rulesOfRole = oncePerObject((role: KubeObject) => objectsAt(role, 'rules'));

/** Returns the rules of a role, in one list for each role. Adds a problem if the role does not exist. */
export function rulesOfRef(
  context: RoleContext,
  reference: JsonObject,
  namespace: string,
  problems: string[],
): readonly JsonObject[] | undefined {
  const name = textAt(reference, 'name');
  const cluster = reference['kind'] === 'ClusterRole';
  const key = cluster ? name : `${namespace}/${name}`;
  const role = context.store.collection(GROUP, cluster ? 'clusterroles' : 'roles').get(key);
  if (role !== undefined) return rulesOfRole(role.object);
  problems.push(`${cluster ? 'clusterrole' : 'role'}.${GROUP} ${goQuote(name)} not found`);
  return undefined;
}
