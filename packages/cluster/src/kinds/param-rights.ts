/** Checks that the author of an admission policy or binding may read its parameters. */
import { type JsonObject, type KubeObject, jsonEquals, parseApiVersion } from '@typekro/kit/core';
import { objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { authorize } from '../auth/authorizer.ts';
import type { Problems } from '../errors/field-problems.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { WriteContext } from './strategy.ts';

const GROUP = 'admissionregistration.k8s.io';

/** Formats a user as Go prints the struct. */
function shownUser({ name, uid = '', groups, extra = {} }: UserInfo): string {
  const keys = Object.keys(extra).sort();
  const members = keys.map((key) => `${key}:[${(extra[key] ?? []).join(' ')}]`);
  return `&{${name} ${uid} [${groups.join(' ')}] map[${members.join(' ')}]}`;
}

/** The group and resource of a parameter kind. The resource is `*` when no resource serves the kind. */
function resourceOf(kind: JsonObject | undefined, { kinds }: WriteContext): { group: string; resource: string } {
  if (kind === undefined) return { group: '*', resource: '*' };
  const apiVersion = textAt(kind, 'apiVersion');
  const { group } = parseApiVersion(apiVersion);
  return { group, resource: kinds.findKind(apiVersion, textAt(kind, 'kind'))?.plural ?? '*' };
}

const specOf = (object: KubeObject | undefined): JsonObject => objectAt(object, 'spec');

/**
 * Refuses a policy whose author may not read all objects of its `paramKind`. `old` is the stored policy; an update that
 * keeps the kind is not refused. A policy with other problems is not checked.
 */
export function checkParamKind(
  policy: KubeObject,
  old: KubeObject | undefined,
  problems: Problems,
  context: WriteContext,
): void {
  const kind = optionalAt(specOf(policy), 'paramKind');
  if (problems.length > 0 || kind === undefined || jsonEquals(kind, specOf(old)['paramKind'])) return;
  const place = { subresource: '', namespace: '*', name: '*' };
  if (authorize(context, context.user, { verb: 'get', ...resourceOf(kind, context), ...place }).allowed) return;
  const shown = `(kind=${textAt(kind, 'kind')}, apiVersion=${textAt(kind, 'apiVersion')})`;
  const problem = `user ${shownUser(context.user)} must have "get" permission on all objects of the referenced paramKind ${shown}`;
  problems.forbidden('spec.paramKind', problem);
}

/**
 * Refuses a binding whose author may not read the parameters that it names. `plural` is the resource of its policy. As
 * in `checkParamKind`, an update that does not change the reference is not refused, and a binding with other problems
 * is not checked.
 */
export function checkParamRef(
  plural: 'mutatingadmissionpolicies' | 'validatingadmissionpolicies',
  binding: KubeObject,
  old: KubeObject | undefined,
  problems: Problems,
  context: WriteContext,
): void {
  const spec = specOf(binding);
  const before = specOf(old);
  const ref = optionalAt(spec, 'paramRef');
  if (problems.length > 0 || ref === undefined) return;
  if (jsonEquals(ref, before['paramRef']) && spec['policyName'] === before['policyName']) return;
  const policy = context.store.collection(GROUP, plural).get(textAt(spec, 'policyName'))?.object;
  const [name, namespace] = [textAt(ref, 'name'), textAt(ref, 'namespace')];
  const verb = name === '' ? 'list' : 'get';
  const attributes = {
    ...resourceOf(optionalAt(specOf(policy), 'paramKind'), context),
    subresource: '',
    namespace,
    name,
  };
  if (authorize(context, context.user, { verb, ...attributes }).allowed) return;
  // As in the API server's message, the user and the verb are swapped.
  const problem = `user ${verb} does not have "${shownUser(context.user)}" permission on the object referenced by paramRef`;
  problems.forbidden('spec.paramRef', problem);
}
