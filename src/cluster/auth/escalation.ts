import type { JsonObject, KubeObject } from '../../core/index.ts';
import { jsonEquals } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { listAt, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import { forbidden } from '../errors/status.ts';
import type { UserInfo } from '../options.ts';
import type { Attributes, RoleContext } from './authorizer.ts';
import { authorize, covers, grantsOf, rulesOfRef } from './authorizer.ts';

const GROUP = 'rbac.authorization.k8s.io';
const json = (object: KubeObject) => object as unknown as JsonObject;
const strings = (rule: JsonObject, key: string) => listAt(rule, key).map(String);

/** The user who writes a role or a binding, and the stored roles that give this user's rights. */
export interface EscalationContext extends RoleContext {
  readonly user: UserInfo;
}

/**
 * Refuses a role whose new or changed rules contain rights that the writer does not have. A writer with the right to
 * `escalate` passes. Throws 403.
 */
export function checkEscalation(object: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  const { user } = context;
  if (user.groups.includes('system:masters')) return;
  if (old !== undefined && jsonEquals(json(object)['rules'], json(old)['rules'])) return;
  const plural = object.kind === 'Role' ? 'roles' : 'clusterroles';
  const namespace = object.metadata.namespace ?? '';
  const name = object.metadata.name ?? '';
  if (
    authorize(context, user, { verb: 'escalate', group: GROUP, resource: plural, subresource: '', namespace, name })
      .allowed
  )
    return;
  refuseMissing(context, user, namespace, objectsAt(json(object), 'rules'), plural, name);
}

/**
 * Refuses a new or changed binding when its role contains rights that the writer does not have. A writer with the right
 * to `bind` the role passes. Throws 403.
 */
export function checkBinding(object: KubeObject, old: KubeObject | undefined, context: EscalationContext): void {
  const { user } = context;
  if (user.groups.includes('system:masters')) return;
  const same =
    old !== undefined &&
    jsonEquals(json(object)['subjects'], json(old)['subjects']) &&
    jsonEquals(json(object)['roleRef'], json(old)['roleRef']);
  if (same) return;
  const plural = object.kind === 'RoleBinding' ? 'rolebindings' : 'clusterrolebindings';
  const namespace = object.metadata.namespace ?? '';
  const reference = objectAt(json(object), 'roleRef');
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
  const problems: string[] = [];
  const rules = rulesOfRef(context, reference, namespace, problems);
  const name = object.metadata.name ?? '';
  if (rules === undefined) throw forbidden({ group: GROUP, plural }, name, problems[0] ?? '');
  refuseMissing(context, user, namespace, rules, plural, name);
}

/** Every single right of a rule. */
function* rightsOf(rule: JsonObject): Generator<{ attributes: Attributes; shown: JsonObject }> {
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

function refuseMissing(
  context: RoleContext,
  user: UserInfo,
  namespace: string,
  rules: readonly JsonObject[],
  plural: string,
  name: string,
) {
  const own = [...grantsOf(context, user, namespace, [])].flatMap((grant) => grant.rules);
  const missing: JsonObject[] = [];
  for (const rule of rules) {
    for (const { attributes, shown } of rightsOf(rule)) {
      if (!own.some((candidate) => covers(candidate, attributes))) missing.push(shown);
    }
  }
  if (missing.length === 0) return;
  const lines = compact(missing).map(
    (rule) =>
      `{${Object.entries(rule)
        .map(([key, value]) => `${key}:${quoted(value as string[])}`)
        .join(', ')}}`,
  );
  const problem = `user ${goQuote(user.name)} (groups=${quoted(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines.join('\n')}`;
  throw forbidden({ group: GROUP, plural }, name, problem);
}

/** Joins rights that differ only in the verb. */
function compact(rights: readonly JsonObject[]): JsonObject[] {
  const byTarget = new Map<string, JsonObject>();
  for (const { Verbs, ...target } of rights) {
    const key = JSON.stringify(target);
    const known = byTarget.get(key);
    if (known === undefined) byTarget.set(key, { ...target, Verbs: [...(Verbs as string[])] });
    else (known['Verbs'] as string[]).push(...(Verbs as string[]));
  }
  return [...byTarget.values()];
}

/** A list of texts as Go's %q prints it. */
function quoted(texts: readonly string[]): string {
  return `[${texts.map(goQuote).join(' ')}]`;
}
