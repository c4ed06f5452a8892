import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { groupVersionPath, listAt, numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { goQuote } from '@typekro/kit/golang';
import type { UncheckedObjectStore } from '../types/lookup.ts';
import type { ServiceAddress } from '../webhooks/webhook-client.ts';
import { BadStatus, NoAnswer, readDocument } from './ask-server.ts';
import type { FrontProxy } from './front-proxy.ts';
import { serviceKey } from './gate.ts';
import { type ServerAddress, serverAddressOf, servicePort } from './server-address.ts';

/** The result of a check of the server behind an APIService. */
export interface Verdict {
  readonly isAvailable: boolean;
  readonly reason: string;
  readonly message: string;
  /** The list of resources of the version, from an available server. */
  readonly resources?: JsonObject;
  /** The path of the version's OpenAPI document, if the server has one. */
  readonly openApiPath?: string;
}

/** The maximum number of resources of a version, each of which is many bytes in the documents of all clients. */
const MAX_RESOURCES = 10_000;

const refused = (reason: string, message: string): Verdict => ({ isAvailable: false, reason, message });

/** The parts of the cluster that checks of other servers use. */
export interface ServersContext {
  readonly store: UncheckedObjectStore;
  readonly serviceAddress: ServiceAddress;
  readonly frontProxy: () => FrontProxy;
}

/**
 * Checks the server behind an APIService: reads the discovery document of the version. The reasons and messages are
 * those of kube-aggregator.
 */
export async function lookAt(context: ServersContext, apiService: KubeObject): Promise<Verdict> {
  const found = findServer(context, apiService);
  if ('reason' in found) return found;
  const place = { group: textAt(apiService.spec, 'group'), version: textAt(apiService.spec, 'version') };
  const path = groupVersionPath(place);
  const url = `${found.shown}${path}`;
  const failed = (why: string) => refused('FailedDiscoveryCheck', `failing or missing response from ${url}: ${why}`);
  if (typeof found.address === 'string') return failed(`Get ${goQuote(url)}: ${found.address}`);
  const server = { address: found.address, apiService, frontProxy: context.frontProxy() };
  try {
    const resources = await readDocument(server, path, 'application/json');
    if (resources === undefined) return failed(`bad status from ${url}: 404`);
    const count = listAt(resources, 'resources').length;
    if (count > MAX_RESOURCES) return failed(`the document lists ${count} resources; ${MAX_RESOURCES} are allowed`);
    const openApiPath = await openApiPathOf(server, path.slice(1));
    const message = 'all checks passed';
    return {
      isAvailable: true,
      reason: 'Passed',
      message,
      resources,
      ...(openApiPath === undefined ? {} : { openApiPath }),
    };
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) throw thrown;
    if (thrown instanceof BadStatus) return failed(`bad status from ${url}: ${thrown.status}`);
    return failed(`Get ${goQuote(url)}: ${thrown.message}`);
  }
}

/** Returns the path of a version's document, or `undefined` for a server without OpenAPI v3 documents. */
async function openApiPathOf(server: Parameters<typeof readDocument>[0], key: string): Promise<string | undefined> {
  try {
    const index = await readDocument(server, '/openapi/v3', 'application/json');
    const path = textAt(objectAt(objectAt(index, 'paths'), key), 'serverRelativeURL');
    return path.startsWith('/openapi/v3/') ? path : undefined;
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) throw thrown;
    return undefined;
  }
}

interface Found {
  readonly address: ServerAddress | string;
  /** The beginning of the URL in messages. */
  readonly shown: string;
}

/** Returns the address of the server behind an APIService, or the failed check of its Service, port or endpoints. */
function findServer({ store, serviceAddress }: ServersContext, apiService: KubeObject): Found | Verdict {
  const key = serviceKey(apiService);
  const [namespace = '', name = ''] = key.split('/');
  const stored = store.collection('', 'services').get(key)?.object;
  const title = `service/${name} in ${goQuote(namespace)}`;
  if (stored === undefined) return refused('ServiceNotFound', `${title} is not present`);
  const port = servicePort(apiService);
  if ((textAt(stored.spec, 'type') || 'ClusterIP') === 'ClusterIP') {
    const entry = objectsAt(stored.spec, 'ports').find((each) => numberAt(each, 'port') === port);
    if (entry === undefined) return refused('ServicePortError', `${title} is not listening on port ${port}`);
    const problem =
      typeof serviceAddress(key, port) !== 'string'
        ? endpointProblem(store, namespace, name, textAt(entry, 'name'))
        : undefined;
    if (problem !== undefined) return problem;
  }
  const address = serverAddressOf(apiService, stored, serviceAddress);
  const host = textAt(stored.spec, 'clusterIP') || textAt(stored.spec, 'externalName');
  return { address, shown: typeof address === 'string' ? `https://${host}:${port}` : address.base };
}

function endpointProblem(
  store: UncheckedObjectStore,
  namespace: string,
  name: string,
  portName: string,
): Verdict | undefined {
  const slices = [...store.collection('discovery.k8s.io', 'endpointslices').inNamespace(namespace)]
    .map(({ object }) => object)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name);
  const title = `service/${name} in ${goQuote(namespace)}`;
  if (slices.length === 0) return refused('EndpointsNotFound', `cannot find endpointslices for ${title}`);
  const isReady = slices.some(
    (slice) =>
      objectsAt(slice, 'endpoints').some((each) => objectAt(each, 'conditions')['ready'] !== false) &&
      objectsAt(slice, 'ports').some(
        (each) => textAt(each, 'name') === portName && numberAt(each, 'port') !== undefined,
      ),
  );
  if (isReady) return undefined;
  return refused(
    'MissingEndpoints',
    `endpointslices for ${title} have no addresses with port name ${goQuote(portName)}`,
  );
}
