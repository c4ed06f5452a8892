/**
 * `exec`, `attach`, `portforward` and `proxy`: subresources that connect to a process. The embedded cluster simulates
 * containers, so these subresources answer like an API server and a kubelet whose containers do not exist any more.
 * They read the named objects and change nothing.
 */
import type { JsonObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { numberAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import { authorizeConnect } from '../auth/authorize.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { ApiError, badRequest, notFound } from '../errors/status.ts';
import { storeKey } from '../store/store.ts';
import { containerOf, podOf, SIMULATED_NOTE } from './pod-container.ts';
import { replyText } from '../protocol/reply.ts';
import type { RoleContext } from '../auth/authorizer.ts';

/** GET and POST of `pods/…/exec` and `pods/…/attach`. Throws 400, 403 and 404; otherwise answers like a kubelet. */
export function streamReply(context: RoleContext, request: ApiRequest, route: Route): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  authorizeConnect(context, request, route);
  const pod = podOf(route);
  const container = containerOf(pod, request.query.get('container'));
  checkHost(route, textAt(pod.spec, 'nodeName'));
  checkUpgrade(request);
  return kubeletError(`container not found (${goQuote(container)})`);
}

/** GET and POST of `pods/…/portforward`. Throws 400, 403 and 404; otherwise answers like a kubelet. */
export function portForwardReply(context: RoleContext, request: ApiRequest, route: Route): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  authorizeConnect(context, request, route);
  const pod = podOf(route);
  checkHost(route, textAt(pod.spec, 'nodeName'));
  checkUpgrade(request);
  const full = `${route.name}_${route.namespace}`;
  return kubeletError(`unable to do port forwarding, pod not found (${goQuote(full)})`);
}

/**
 * An error of a kubelet in plain text. The text must not contain a colon, because clients first try to parse it as
 * YAML.
 */
const kubeletError = (text: string): ApiReply =>
  replyText(500, `${SIMULATED_NOTE}, so try this on a cluster with nodes (${text})\n`);

/** Answers every method of `pods|services|nodes/…/proxy`, with or without a further path. Throws 404 and 503. */
export function proxyReply(
  _context: RoleContext,
  _request: ApiRequest,
  { resource, namespace, name: asked }: Route,
): ApiReply {
  const { name, port } = proxyTarget(asked);
  const stored = resource.collection.get(storeKey(namespace, name));
  if (stored === undefined) throw notFound(resource, name);
  const { spec } = stored.object;
  if (resource.plural === 'services' && port !== '' && !objectsAt(spec, 'ports').some((entry) => isPort(entry, port)))
    throw unavailable(`no service port ${goQuote(port)} found for service ${goQuote(name)}`);
  throw unavailable(`error trying to reach service: connection refused: ${SIMULATED_NOTE}`);
}

/** The parts of a proxy's name: `name`, `name:port` or `scheme:name:port`. */
function proxyTarget(text: string): { name: string; port: string } {
  const parts = text.split(':');
  if (parts.length === 3) return { name: parts[1] ?? '', port: parts[2] ?? '' };
  return { name: parts[0] ?? '', port: parts[1] ?? '' };
}

const isPort = (entry: JsonObject, port: string): boolean =>
  textAt(entry, 'name') === port || String(numberAt(entry, 'port')) === port;

const unavailable = (message: string): ApiError => new ApiError({ code: 503, reason: 'ServiceUnavailable', message });

function checkHost({ name }: Route, node: string): void {
  if (node === '') throw badRequest(`pod ${name} does not have a host assigned`);
}

/** Checks that the request asks to upgrade the connection (to SPDY or to a WebSocket). Throws 400. */
function checkUpgrade({ headers }: ApiRequest): void {
  const upgrades = (headers['connection'] ?? '').toLowerCase().split(/\s*,\s*/);
  if (!upgrades.includes('upgrade')) throw badRequest('Upgrade request required');
}
