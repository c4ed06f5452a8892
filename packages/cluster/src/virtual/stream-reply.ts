/**
 * `exec`, `attach` and `portforward`: subresources that connect to a process in a pod. They work for containers that
 * are local processes. For simulated containers, these subresources respond like an API server with a kubelet whose
 * containers no longer exist. They change no stored object.
 */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { textAt } from '@typekro/kit/kubernetes';
import { authorizeConnect } from '../auth/authorize.ts';
import type { ApiReply, ApiRequest, ConnectionUpgrade } from '../protocol/request.ts';
import type { Route, RouteReply } from '../verbs/route.ts';
import { badRequest, notFound } from '../errors/api-error.ts';
import { asksForProcesses } from '../processes/container-settings.ts';
import { admitConnection } from './admit-virtual.ts';
import type { ForwardTarget } from './forward-port.ts';
import { containerOf, notRunning, podOf, SIMULATED_NOTE } from './pod-container.ts';
import { isWebSocketRequest } from './negotiate-streams.ts';
import { replyText } from '../protocol/reply.ts';
import { streamOpener, webSocketReply } from './process-streams.ts';
import type { ConnectContext } from './proxy-reply.ts';

/**
 * Handles GET and POST of `pods/…/exec` and `pods/…/attach`. Throws 400, 403, 404, and the refusal of a webhook or
 * policy. All other responses equal the responses of a kubelet.
 */
export const streamReply: RouteReply<ConnectContext> = (context, request, route, _output, warnings) => {
  if (route.resource.plural !== 'pods') return undefined;
  refuseDryRun(request);
  authorizeConnect(context, request, route);
  admitConnection(context, { request, route, warnings }, () => streamOptions(request, route));
  const pod = podOf(route);
  const container = containerOf(pod, request.query.get('container'));
  checkHost(context, pod);
  checkUpgrade(request);
  const run = context.processes?.container(pod, container);
  if (run !== undefined) {
    const open = streamOpener({ pod, run }, request, route.subresource);
    return isWebSocketRequest(request) ? webSocketReply(request, open) : spdyStreams(context, request, open);
  }
  if (asksForProcesses(pod)) throw notRunning(pod, container);
  return kubeletError(`container not found (${goQuote(container)})`);
};

/**
 * Handles GET and POST of `pods/…/portforward`. Throws 400, 403, 404, and the refusal of a webhook or policy. All other
 * responses equal the responses of a kubelet.
 */
export const portForwardReply: RouteReply<ConnectContext> = (context, request, route, _output, warnings) => {
  if (route.resource.plural !== 'pods') return undefined;
  refuseDryRun(request);
  const ports = request.query.all('ports').flatMap((value) => value.split(','));
  for (const text of ports) checkPort(text);
  authorizeConnect(context, request, route);
  admitConnection(context, { request, route, warnings }, () => ({
    kind: 'PodPortForwardOptions',
    apiVersion: 'v1',
    ...(ports.length === 0 ? {} : { ports: ports.map(Number) }),
  }));
  const pod = podOf(route);
  checkHost(context, pod);
  checkUpgrade(request);
  const run = context.processes?.find(pod);
  if (run !== undefined) return forward(context, request, { pod, run });
  const full = `${route.name}_${route.namespace}`;
  return kubeletError(`unable to do port forwarding, pod not found (${goQuote(full)})`);
};

/** Connects a client to the ports of processes. The code is loaded here, because most clusters never need it. */
async function forward(context: ConnectContext, request: ApiRequest, target: ForwardTarget): Promise<ApiReply> {
  const { forwardReply } = await import('./port-forward.ts');
  return forwardReply(context.clock, request, target);
}

/** Connects an older client to a container over SPDY. The code is loaded here, because most clusters never need it. */
async function spdyStreams(
  context: ConnectContext,
  request: ApiRequest,
  open: ConnectionUpgrade['open'],
): Promise<ApiReply> {
  const { spdyChannelsReply } = await import('./spdy-channels.ts');
  return spdyChannelsReply(context.clock, request, open);
}

/** The query parameters of a stream as an options object, for webhooks and policies. */
function streamOptions({ query }: ApiRequest, { subresource }: Route): JsonObject {
  const options: JsonObject = {
    kind: subresource === 'exec' ? 'PodExecOptions' : 'PodAttachOptions',
    apiVersion: 'v1',
  };
  for (const name of ['stdin', 'stdout', 'stderr', 'tty']) if (query.flag(name)) options[name] = true;
  if (query.get('container') !== '') options['container'] = query.get('container');
  if (subresource === 'exec') options['command'] = [...query.all('command')];
  return options;
}

/**
 * A kubelet's error in plain text. The message must not contain a colon, because clients first try to parse it as YAML.
 */
const kubeletError = (text: string): ApiReply =>
  replyText(500, `${SIMULATED_NOTE}, so try this on a cluster with nodes (${text})\n`);

/** Throws 400 for a dry run, because a connection always has effects. */
function refuseDryRun({ query }: ApiRequest): void {
  if (query.has('dryRun')) throw badRequest('dryRun is not supported');
}

const MAX_INT32 = 2 ** 31 - 1;

function checkPort(text: string): void {
  const problem = /^[+-]?\d+$/.test(text)
    ? Math.abs(Number(text)) > MAX_INT32
      ? 'value out of range'
      : undefined
    : 'invalid syntax';
  if (problem !== undefined) throw badRequest(`strconv.ParseInt: parsing ${goQuote(text)}: ${problem}`);
}

function checkHost({ store }: ConnectContext, { spec, metadata }: KubeObject): void {
  const node = textAt(spec, 'nodeName');
  if (node === '') throw badRequest(`pod ${metadata.name} does not have a host assigned`);
  if (store.collection('', 'nodes').get(node) === undefined) throw notFound({ group: '', plural: 'nodes' }, node);
}

/** Checks that the header `Connection` requests an upgrade. Throws 400. */
function checkUpgrade({ headers }: ApiRequest): void {
  const upgrades = (headers['connection'] ?? '').toLowerCase().split(/\s*,\s*/);
  if (!upgrades.includes('upgrade')) throw badRequest('Upgrade request required');
}
