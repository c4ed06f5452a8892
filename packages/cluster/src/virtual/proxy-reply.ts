/**
 * The subresource `proxy` of pods, services and nodes. The server resolves the address as an API server does, and
 * forwards requests to pods that are local processes. For a simulated pod or node, the connection fails, because no
 * process listens at its address. A proxy request changes no stored object, whatever its method is.
 */
import { BlockList, isIP } from 'node:net';
import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { RoleContext } from '../auth/authorizer.ts';
import { badRequest, notFound, serviceUnavailable } from '../errors/api-error.ts';
import type { ProcessRuntime } from '../processes/process-runtime.ts';
import type { OpenStreams } from '../protocol/open-streams.ts';
import { type ProcessTarget, processReply } from './process-proxy.ts';
import { storeKey } from '../store/store.ts';
import type { Route, RouteReply } from '../verbs/route.ts';
import type { WriteServices } from '../verbs/write.ts';
import { admitConnection } from './admit-virtual.ts';
import { SIMULATED_NOTE } from './pod-container.ts';

/** The parts of the cluster that connections use. */
export type ConnectContext = RoleContext &
  WriteServices & {
    /** The local processes of pods; `undefined` in a cluster without local processes. */
    readonly processes: Pick<ProcessRuntime, 'find' | 'container'> | undefined;
    /** The open streams. They end when the cluster closes. */
    readonly streams: OpenStreams;
  };

/**
 * Handles every method of `pods|services|nodes/…/proxy`, with or without an additional path. Throws 400, 404 and 503.
 */
export const proxyReply: RouteReply<ConnectContext> = (context, request, route, _output, warnings) => {
  if (request.query.has('dryRun')) throw badRequest('dryRun is not supported');
  admitConnection(context, { request, route, warnings }, () => {
    const path = route.rest.join('/');
    return { kind: `${route.resource.kind}ProxyOptions`, apiVersion: 'v1', ...(path === '' ? {} : { path }) };
  });
  const target = proxyTarget(route);
  if (route.resource.plural === 'services') {
    const [process] = checkService(context, route, target);
    if (process !== undefined) return processReply(context.streams, request, process);
  } else {
    const { object } = found(context, route.resource.plural, route.namespace, target.name);
    const run = route.resource.plural === 'pods' ? context.processes?.find(object) : undefined;
    if (run !== undefined) {
      const port = Number(target.port || (declaredPorts(object)[0] ?? 80));
      return processReply(context.streams, request, {
        pod: object,
        run,
        port,
        isDeclared: false,
        scheme: target.scheme,
      });
    }
    if (route.resource.plural === 'pods' && !isReachable(podAddress(object))) throw badRequest('address not allowed');
  }
  throw serviceUnavailable(`error trying to reach service: connection refused: ${SIMULATED_NOTE}`);
};

interface ProxyTarget {
  readonly scheme: string;
  readonly name: string;
  /** A port number, a port name, or `''`. */
  readonly port: string;
}

const SCHEMES = ['', 'http', 'https'];

/** Parses the name in a proxy path: `name`, `name:port` or `scheme:name:port`. Throws 400 for any other form. */
function proxyTarget({ name: text, resource }: Route): ProxyTarget {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !SCHEMES.includes(scheme))
    throw badRequest(`invalid ${resource.kind.toLowerCase()} request ${goQuote(text)}`);
  return { scheme, name, port };
}

/** Returns a stored object. Throws 404 when it does not exist. */
function found({ store }: ConnectContext, plural: string, namespace: string, name: string) {
  const stored = store.collection('', plural).get(storeKey(namespace, name));
  if (stored === undefined) throw notFound({ group: '', plural }, name);
  return stored;
}

/**
 * Checks that a service has an endpoint for the port of the request. Returns the endpoints that are local processes.
 * Throws 404 and 503.
 */
function checkService(
  context: ConnectContext,
  { namespace, name: requestedName }: Route,
  { scheme, name, port }: ProxyTarget,
): readonly ProcessTarget[] {
  const portName = /^[+-]?\d+$/.test(port) ? numberedPort(context, namespace, name, Number(port)) : port;
  const { object: endpoints } = found(context, 'endpoints', namespace, name);
  const subsets = objectsAt(endpoints, 'subsets');
  if (subsets.length === 0) throw serviceUnavailable(`no endpoints available for service ${goQuote(name)}`);
  const reachable = subsets.flatMap((subset) => {
    const entry = objectsAt(subset, 'ports').find((candidate) => textAt(candidate, 'name') === portName);
    if (entry === undefined) return [];
    return objectsAt(subset, 'addresses').flatMap((address) => {
      const reference = objectAt(address, 'targetRef');
      if (textAt(reference, 'namespace') !== namespace) return [];
      const pod = context.store.collection('', 'pods').get(storeKey(namespace, textAt(reference, 'name')))?.object;
      if (pod === undefined || !podAddresses(pod).includes(textAt(address, 'ip'))) return [];
      return [{ pod, port: numberAt(entry, 'port') ?? 0 }];
    });
  });
  if (reachable.length === 0) throw serviceUnavailable(`no endpoints available for service ${goQuote(requestedName)}`);
  return reachable.flatMap(({ pod, port: number }) => {
    const run = context.processes?.find(pod);
    return run === undefined ? [] : [{ pod, run, port: number, isDeclared: true, scheme }];
  });
}

const declaredPorts = ({ spec }: KubeObject): readonly number[] =>
  objectsAt(spec, 'containers')
    .flatMap((container) => objectsAt(container, 'ports'))
    .flatMap((entry) => numberAt(entry, 'containerPort') ?? []);

/**
 * The name of the service port that has this number. Throws 404 when the service does not exist, and 503 when it has no
 * such port.
 */
function numberedPort(context: ConnectContext, namespace: string, name: string, port: number): string {
  const { object } = found(context, 'services', namespace, name);
  const entry = objectsAt(object.spec, 'ports').find((candidate) => numberAt(candidate, 'port') === port);
  if (entry === undefined) throw serviceUnavailable(`no service port ${port} found for service ${goQuote(name)}`);
  return textAt(entry, 'name');
}

const podAddresses = ({ status }: KubeObject): readonly string[] =>
  objectsAt(status, 'podIPs').map((entry) => textAt(entry, 'ip'));

const podAddress = (pod: KubeObject): string => podAddresses(pod)[0] ?? '';

/**
 * The addresses that a proxy refuses. A pod with such an address in its status could redirect requests to the server
 * itself.
 */
const REFUSED = new BlockList();
for (const [network, prefix, family] of [
  ['0.0.0.0', 32, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['255.255.255.255', 32, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
] as const)
  REFUSED.addSubnet(network, prefix, family);

/** Is the string a unicast address that is neither a loopback nor a link-local address? */
function isReachable(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !REFUSED.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
