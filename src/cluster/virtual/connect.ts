/**
 * `exec`, `attach` and `portforward`: subresources that connect to a process in a pod. The embedded cluster simulates
 * containers, so these subresources answer like an API server and a kubelet whose containers do not exist any more.
 * They read the named objects and change nothing.
 */
import type { KubeObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { textAt } from '../../kubernetes/index.ts';
import { authorizeConnect } from '../auth/authorize.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { badRequest, notFound } from '../errors/status.ts';
import { containerOf, podOf, SIMULATED_NOTE } from './pod-container.ts';
import { replyText } from '../protocol/reply.ts';
import type { ConnectContext } from './proxy.ts';

/** GET and POST of `pods/…/exec` and `pods/…/attach`. Throws 400, 403 and 404; otherwise answers like a kubelet. */
export function streamReply(context: ConnectContext, request: ApiRequest, route: Route): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  refuseDryRun(request);
  authorizeConnect(context, request, route);
  const pod = podOf(route);
  const container = containerOf(pod, request.query.get('container'));
  checkHost(context, pod);
  checkUpgrade(request);
  return kubeletError(`container not found (${goQuote(container)})`);
}

/** GET and POST of `pods/…/portforward`. Throws 400, 403 and 404; otherwise answers like a kubelet. */
export function portForwardReply(context: ConnectContext, request: ApiRequest, route: Route): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  refuseDryRun(request);
  for (const text of request.query.all('ports').flatMap((value) => value.split(','))) checkPort(text);
  authorizeConnect(context, request, route);
  checkHost(context, podOf(route));
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

/** Refuses a dry run: a connection cannot be tried without its effects. Throws 400. */
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

/** Checks that the request asks to upgrade the connection (to SPDY or to a WebSocket). Throws 400. */
function checkUpgrade({ headers }: ApiRequest): void {
  const upgrades = (headers['connection'] ?? '').toLowerCase().split(/\s*,\s*/);
  if (!upgrades.includes('upgrade')) throw badRequest('Upgrade request required');
}
