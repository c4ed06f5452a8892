import type { JsonObject, KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import { decodeAs, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import { fieldNotSupported, fieldRequired } from '../errors/field-problems.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { noOptions } from '../verbs/route.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { conflict, internalError, methodNotAllowed } from '../errors/status.ts';
import { addLabels, topologyLabels } from '../kinds/pod-topology.ts';
import { boundPod } from '../pods/bound-pod.ts';
import { storeKey } from '../store/store.ts';
import { builtinType } from '../types/builtin.ts';
import { deleteObject } from '../verbs/delete.ts';
import { checkDeleteOptions, writeOptions } from '../verbs/options.ts';
import type { WriteRequest, WriteServices } from '../verbs/write.ts';
import { admitEviction } from './disruption.ts';
import { admitVirtual } from './admit-virtual.ts';
import { podOf } from './pod-container.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { Registry } from '../registry/registry.ts';
import { timestampOf } from '../clock.ts';

const success = (code: number) => ({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code });

/** The parts of the cluster that evictions and bindings use. */
export interface PodActionContext extends WriteServices {
  readonly registry: Registry;
}

/** POST of `pods/…/eviction`. Deletes the pod unless a disruption budget refuses. */
export function evictionReply(
  context: PodActionContext,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const raw = readBody(request, 'Eviction', options.fieldValidation);
  const type = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    version: 'v1',
    node: builtinType('policy.v1.Eviction'),
    resource: undefined,
  };
  const decoded = decodeAs(raw, type, context.registry, options.fieldValidation).object as unknown as JsonObject;
  const eviction = admitVirtual(context, { request, route, warnings, options }, type, decoded);
  const pod = podOf(route);
  admitEviction(context.store, pod, timestampOf(context.clock), options.dryRun);
  const wanted = objectAt(eviction, 'deleteOptions');
  const preconditions = objectAt(wanted, 'preconditions');
  // Webhooks and policies see the eviction, and not the deletion that it causes.
  const { admission: _, ...services } = context;
  const write: WriteRequest = {
    services,
    resource: route.resource,
    namespace: route.namespace,
    name: route.name,
    subresource: '',
    user: request.user,
    options: noOptions(options.dryRun),
    warnings,
  };
  deleteObject(
    write,
    checkDeleteOptions({
      dryRun: options.dryRun ? ['All'] : [],
      gracePeriodSeconds: numberAt(wanted, 'gracePeriodSeconds'),
      propagationPolicy: textAt(wanted, 'propagationPolicy') || undefined,
      orphanDependents: undefined,
      preconditions: textAt(preconditions, 'uid') === '' ? {} : { uid: textAt(preconditions, 'uid') },
    }),
  );
  return replyValue(201, success(201), output, warningHeader(warnings));
}

/** Refuses a binding whose target is not a node. Throws the server's internal error, which has no reason. */
function checkTarget(target: JsonObject) {
  const kind = textAt(target, 'kind');
  const problems: FieldError[] = [];
  if (kind !== '' && kind !== 'Node') problems.push(fieldNotSupported('target.kind', kind, ['Node', '<empty>']));
  if (textAt(target, 'name') === '') problems.push(fieldRequired('target.name'));
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

/** POST of `pods/…/binding`. Writes the scheduler's decision to the pod. */
export function bindingReply(
  context: PodActionContext,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  return bind(context, request, () => route, output, warnings);
}

/** POST of `bindings`, the older form. The body names the pod. Nothing is stored under `bindings`. */
export function bindingsReply(
  context: PodActionContext,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  const pods = context.registry.find('', 'v1', 'pods');
  if (route.resource.group !== '' || route.resource.plural !== 'bindings' || pods === undefined) return undefined;
  return bind(context, request, (name) => ({ ...route, resource: pods, name }), output, warnings);
}

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
  const type = {
    apiVersion: 'v1',
    kind: 'Binding',
    version: 'v1',
    node: builtinType('core.v1.Binding'),
    resource: undefined,
  };
  const decoded = decodeAs(raw, type, context.registry, options.fieldValidation).object;
  const route = routeTo(decoded.metadata.name ?? '');
  const admitted = { ...route, subresource: 'binding' };
  addLabels(decoded, topologyLabels(context.store, textAt(objectAt(decoded, 'target'), 'name')));
  const sent = decoded as unknown as JsonObject;
  const binding = admitVirtual(context, { request, route: admitted, warnings, options }, type, sent);
  const pod = podOf(route);
  const node = textAt(objectAt(binding, 'target'), 'name');
  checkTarget(objectAt(binding, 'target'));
  const problem = bindingProblem(pod, route.name);
  if (problem !== undefined) throw conflict({ group: '', plural: 'pods/binding' }, route.name, problem);
  if (!options.dryRun) {
    const { labels = {}, annotations = {} } = (binding as unknown as KubeObject).metadata;
    const next = boundPod(pod, { nodeName: node, labels, annotations, now: timestampOf(context.clock) });
    route.resource.collection.put(storeKey(route.namespace, route.name), next);
  }
  return replyValue(201, success(201), output, warningHeader(warnings));
}
