import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { asTexts, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ApiError, forbidden, notFound } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';
import { type Attributes, type RoleContext, authorize, grantsOf, rulesOfRef } from './authorizer.ts';
import { rightsIn, wantedOf } from './held-rights.ts';

const GROUP = 'rbac.authorization.k8s.io';

/** The maximum number of steps of a comparison. A step takes less than a microsecond, and no other request is served. */
const MAX_STEPS = 5_000_000;

/** The steps for each right that a user grants, in addition to its look-ups. */
const RIGHT_STEPS = 50;

const strings = (rule: JsonObject, key: string) => asTexts(rule[key]);

/** The user that writes a role or a binding, and the stored roles that determine the user's rights. */
export interface EscalationContext extends RoleContext {
  readonly user: UserInfo;
}

/** The rules for every action. A role that aggregates the rules of other roles can receive any of them. */
export const FULL_AUTHORITY: readonly JsonObject[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
];

const isAggregated = (role: KubeObject | undefined): boolean =>
  role !== undefined && objectsAt(objectAt(role, 'aggregationRule'), 'clusterRoleSelectors').length > 0;

/** The members of `metadata` that the garbage collector changes, and the members that every write changes. */
const COLLECTOR_MEMBERS: ReadonlySet<string> = new Set([
  'finalizers',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
]);

/** Does an update change only the members that the garbage collector changes to delete an object? */
function isForCollector(object: KubeObject, old: KubeObject | undefined): boolean {
  if (old === undefined) return false;
  const content = ({ metadata, ...rest }: KubeObject): JsonObject => ({
    ...rest,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !COLLECTOR_MEMBERS.has(key))),
  });
  return jsonEquals(content(object), content(old));
}

/**
 * Refuses a role with rights that the writer does not have. A role that aggregates the rules of other roles requires
 * all rights. A writer with the verb `escalate` may write any role. Throws 403.
 */
export function checkEscalation(object: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  const { user } = context;
  if (user.groups.includes('system:masters')) return;
  if (isForCollector(object, old)) return;
  const plural = object.kind === 'Role' ? 'roles' : 'clusterroles';
  const namespace = object.metadata.namespace ?? '';
  const name = object.metadata.name ?? '';
  if (
    authorize(context, user, { verb: 'escalate', group: GROUP, resource: plural, subresource: '', namespace, name })
      .allowed
  )
    return;
  const refuse = (problem: string) => forbidden({ group: GROUP, plural }, name, problem);
  const missing = missingRights(context, user, namespace, objectsAt(object, 'rules'), refuse);
  if (missing.length > 0) throw refuse(escalationText(user, missing));
  if (!isAggregated(object) && !isAggregated(old)) return;
  if (missingRights(context, user, namespace, FULL_AUTHORITY, refuse).length > 0)
    throw refuse('must have cluster-admin privileges to use the aggregationRule');
}

/**
 * Refuses a binding to a role with rights that the writer does not have (403), and to a role that does not exist (404).
 * A writer with the verb `bind` for the role may write the binding.
 */
export function checkBinding(object: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  const { user } = context;
  if (user.groups.includes('system:masters')) return;
  if (isForCollector(object, old)) return;
  const plural = object.kind === 'RoleBinding' ? 'rolebindings' : 'clusterrolebindings';
  const namespace = object.metadata.namespace ?? '';
  const reference = objectAt(object, 'roleRef');
  const target = textAt(reference, 'kind') === 'ClusterRole' ? 'clusterroles' : 'roles';
  const bind = {
    verb: 'bind',
    group: GROUP,
    resource: target,
    subresource: '',
    namespace,
    name: textAt(reference, 'name'),
  };
  if (authorize(context, user, bind).allowed) return;
  const rules = rulesOfRef(context, reference, namespace, []);
  // The server's message names the role by its kind in lower case instead of its plural.
  if (rules === undefined) throw notFound({ group: GROUP, plural: target.slice(0, -1) }, textAt(reference, 'name'));
  const refuse = (problem: string) => forbidden({ group: GROUP, plural }, object.metadata.name ?? '', problem);
  const missing = missingRights(context, user, namespace, rules, refuse);
  if (missing.length > 0) throw refuse(escalationText(user, missing));
}

/** Yields each single right of a rule. */
export function* rightsOf(rule: JsonObject): Generator<{ attributes: Attributes; shown: JsonObject }> {
  for (const verb of strings(rule, 'verbs')) {
    for (const url of strings(rule, 'nonResourceURLs')) {
      yield {
        attributes: { verb, group: '', resource: '', subresource: '', namespace: '', name: '', path: url },
        shown: { NonResourceURLs: [url], Verbs: [verb] },
      };
    }
    for (const group of strings(rule, 'apiGroups')) {
      for (const full of strings(rule, 'resources')) {
        const [resource = '', subresource = ''] = full.split('/');
        const names = strings(rule, 'resourceNames');
        for (const name of names.length === 0 ? [''] : names) {
          yield {
            attributes: { verb, group, resource, subresource, namespace: '', name },
            shown: {
              APIGroups: [group],
              Resources: [full],
              ...(name === '' ? {} : { ResourceNames: [name] }),
              Verbs: [verb],
            },
          };
        }
      }
    }
  }
}

/**
 * Returns the rights in rules that a user does not have, in the form for error messages. Throws an error of `refuse` for
 * rules whose comparison with the rights of the user would stop all other requests for seconds.
 */
function missingRights(
  context: RoleContext,
  user: UserInfo,
  namespace: string,
  rules: readonly JsonObject[],
  refuse: (problem: string) => ApiError,
): JsonObject[] {
  const own = [...grantsOf(context, user, namespace, [])].map((grant) => rightsIn(grant.rules));
  const work = { steps: 0 };
  const missing: JsonObject[] = [];
  for (const rule of rules) {
    for (const { attributes, shown } of rightsOf(rule)) {
      work.steps += RIGHT_STEPS;
      const wanted = wantedOf(attributes);
      if (!own.some((rights) => rights.covers(wanted, work))) missing.push(shown);
      if (work.steps > MAX_STEPS) throw refuse(tooManyRights(user));
    }
  }
  return missing;
}

const tooManyRights = (user: UserInfo): string =>
  `the rules have too many rights to compare them with those of user ${goQuote(user.name)}; divide them into several roles, or allow the user the verb "escalate" or "bind"`;

function escalationText(user: UserInfo, missing: readonly JsonObject[]): string {
  const lines = compact(missing).map(
    (rule) =>
      `{${Object.entries(rule)
        .map(([key, value]) => `${key}:${quoted(value as string[])}`)
        .join(', ')}}`,
  );
  return `user ${goQuote(user.name)} (groups=${quoted(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`;
}

/** Joins rights that differ only in the verb. */
function compact(rights: readonly JsonObject[]): JsonObject[] {
  const byTarget = new Map<string, JsonObject>();
  for (const { Verbs, ...target } of rights) {
    const key = JSON.stringify(target);
    const known = byTarget.get(key);
    if (known === undefined) byTarget.set(key, { ...target, Verbs: [...(Verbs as string[])] });
    else for (const each of Verbs as string[]) (known['Verbs'] as string[]).push(each);
  }
  return [...byTarget.values()];
}

/** Formats a list of strings like Go's %q. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`;
}
