import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { bodyOfKind, decodeAs, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import { Problems } from '../errors/field-problems.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { type Route, type RouteReply, noOptions } from '../verbs/route.ts';
import { badRequest, conflict, internalError, methodNotAllowed } from '../errors/api-error.ts';
import { addLabels, topologyLabels } from '../kinds/pods/pod-admission.ts';
import { boundPod } from '../pods/bound-pod.ts';
import { storeKey } from '../store/store.ts';
import { deleteObject } from '../verbs/delete.ts';
import { type DeleteRequestOptions, checkDeleteOptions, writeOptions } from '../verbs/request-options.ts';
import type { WriteRequest, WriteServices } from '../verbs/write.ts';
import { admitEviction } from './admit-eviction.ts';
import { admitVirtual } from './admit-virtual.ts';
import { podOf } from './pod-container.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import { timestampOf } from '../cluster-clock.ts';

const success = (code: number) => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code });

/** The parts of the cluster that evictions and bindings use. */
export interface PodActionContext extends WriteServices {
  readonly registry: Registry;
}

/** Handles POST of `pods/…/eviction`. Deletes the pod unless a disruption budget forbids this. */
export const evictionReply: RouteReply<PodActionContext> = (context, request, route, output, warnings) => {
  if (route.resource.plural !== 'pods') return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const raw = inCurrentVersion(readBody(request, 'Eviction', options.fieldValidation));
  const type = bodyOfKind('policy/v1', 'Eviction', 'policy.v1.Eviction');
  const decoded = decodeAs(raw, type, context.registry, options.fieldValidation).object;
  if (textAt(decoded, 'metadata', 'name') !== route.name)
    throw badRequest('name in URL does not match name in Eviction object');
  const eviction = admitVirtual(context, { request, route, warnings, options }, type, decoded);
  const pod = podOf(route);
  const deletion = deletionOf(objectAt(eviction, 'deleteOptions'), options.dryRun);
  admitEviction(context.store, pod, timestampOf(context.clock), deletion.dryRun);
  // The deletion runs without webhooks and policies, because they have already seen the eviction.
  const { admission: _, ...services } = context;
  const write: WriteRequest = {
    services,
    resource: route.resource,
    namespace: route.namespace,
    name: route.name,
    subresource: '',
    user: request.user,
    options: noOptions(deletion.dryRun),
    warnings,
  };
  deleteObject(write, deletion);
  return replyValue(201, success(201), output, warningHeader(warnings));
};

/**
 * Converts an Eviction of `policy/v1beta1` to `policy/v1`, which has the same fields. Clients may send either version.
 */
function inCurrentVersion<T extends { readonly value: JsonValue }>(raw: T): T {
  const { value } = raw;
  if (!isJsonObject(value) || value['apiVersion'] !== 'policy/v1beta1') return raw;
  return { ...raw, value: { ...value, apiVersion: 'policy/v1' } };
}

/**
 * The options of the deletion that an eviction causes. The deletion is a dry run if either the query or these options
 * request this. Throws 422 for an invalid value.
 */
function deletionOf(wanted: JsonObject, dryRun: boolean): DeleteRequestOptions {
  const own = listAt(wanted, 'dryRun').map(String);
  const { orphanDependents } = wanted;
  const preconditions = ['uid', 'resourceVersion'].flatMap((name): [string, string][] => {
    const text = textAt(wanted, 'preconditions', name);
    return text === '' ? [] : [[name, text]];
  });
  return checkDeleteOptions({
    dryRun: own.length === 0 && dryRun ? ['All'] : own,
    gracePeriodSeconds: numberAt(wanted, 'gracePeriodSeconds'),
    propagationPolicy: textAt(wanted, 'propagationPolicy') || undefined,
    orphanDependents: typeof orphanDependents === 'boolean' ? orphanDependents : undefined,
    preconditions: Object.fromEntries(preconditions),
  });
}

/**
 * Refuses a binding whose target is not a node, or has no name. Throws an internal error of the server, whose status
 * has no `reason`.
 */
function checkTarget(target: JsonObject) {
  const kind = textAt(target, 'kind');
  const problems = new Problems();
  if (kind !== '' && kind !== 'Node') problems.notSupported('target.kind', kind, ['Node', '<empty>']);
  if (textAt(target, 'name') === '') problems.required('target.name');
  if (problems.length === 0) return;
  const texts = problems.map(({ field, message }) => `${field}: ${message}`);
  throw internalError(texts.length === 1 ? String(texts[0]) : `[${texts.join(', ')}]`);
}

/** The reason why a pod cannot be bound to a node; `undefined` for a pod that waits for a node. */
function bindingProblem({ metadata, spec }: KubeObject, name: string): string | undefined {
  if (metadata.deletionTimestamp !== undefined) return `pod ${name} is being deleted, cannot be assigned to a host`;
  const node = textAt(spec, 'nodeName');
  if (node !== '') return `pod ${name} is already assigned to node ${goQuote(node)}`;
  return objectsAt(spec, 'schedulingGates').length > 0 ? `pod ${name} has non-empty .spec.schedulingGates` : undefined;
}

/**
 * Throws 409 when the uid or the resource version in a binding differs from the pod's, because the client has then seen
 * another pod or an older version of the pod.
 */
function checkIdentity(
  { metadata: sent }: KubeObject,
  { metadata: live }: KubeObject,
  { resource, name }: Route,
): void {
  for (const [word, expected = '', found = ''] of [
    ['UID', sent.uid, live.uid],
    ['ResourceVersion', sent.resourceVersion, live.resourceVersion],
  ] as const) {
    if (expected === '' || expected === found) continue;
    const problem = `Precondition failed: ${word} in precondition: ${expected}, ${word} in object meta: ${found}`;
    throw conflict(resource, name, problem);
  }
}

/** Handles POST of `pods/…/binding`. Writes the scheduler's decision to the pod. */
export const bindingReply: RouteReply<PodActionContext> = (context, request, route, output, warnings) => {
  if (route.resource.plural !== 'pods') return undefined;
  return bind(context, request, () => route, output, warnings);
};

/** Handles POST of `bindings`, the older form, in which the body names the pod. No Binding object is stored. */
export const bindingsReply: RouteReply<PodActionContext> = (context, request, route, output, warnings) => {
  const pods = context.registry.find('', 'v1', 'pods');
  if (route.resource.group !== '' || route.resource.plural !== 'bindings' || pods === undefined) return undefined;
  return bind(context, request, (name) => ({ ...route, resource: pods, name }), output, warnings);
};

function bind(
  context: PodActionContext,
  request: ApiRequest,
  routeTo: (name: string) => Route,
  output: Output,
  warnings: string[],
): ApiReply {
  if (request.method !== 'POST') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const raw = readBody(request, 'Binding', options.fieldValidation);
  const type = bodyOfKind('v1', 'Binding', 'core.v1.Binding');
  const decoded = decodeAs(raw, type, context.registry, options.fieldValidation).object;
  const route = routeTo(decoded.metadata.name ?? '');
  const admitted = { ...route, subresource: 'binding' };
  addLabels(decoded, topologyLabels(context.store, textAt(objectAt(decoded, 'target'), 'name')));
  const binding = admitVirtual(context, { request, route: admitted, warnings, options }, type, decoded);
  const pod = podOf(route);
  const node = textAt(objectAt(binding, 'target'), 'name');
  checkTarget(objectAt(binding, 'target'));
  checkIdentity(decoded, pod, route);
  const problem = bindingProblem(pod, route.name);
  if (problem !== undefined) throw conflict({ group: '', plural: 'pods/binding' }, route.name, problem);
  if (!options.dryRun) {
    const { labels = {}, annotations = {} } = binding.metadata;
    const next = boundPod(pod, { nodeName: node, labels, annotations, now: timestampOf(context.clock) });
    route.resource.collection.put(storeKey(route.namespace, route.name), next);
  }
  return replyValue(201, success(201), output, warningHeader(warnings));
}
