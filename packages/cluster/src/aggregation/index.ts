/**
 * Versions of API groups that other servers on this machine serve. `lazy-modules.ts` loads this folder as one module
 * when a cluster has an APIService of another server.
 */
import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { conditionOf, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { attributesOf } from '../auth/authorize.ts';
import { toJsonBytes } from '../codec/json.ts';
import { aggregatedReplyOf, cachedReply, discoveryReply } from '../discovery/discovery-reply.ts';
import { methodNotAllowed } from '../errors/api-error.ts';
import { negotiate } from '../protocol/negotiate.ts';
import { replyText, replyValue } from '../protocol/reply.ts';
import type { OpenStreams } from '../protocol/open-streams.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Registry } from '../registry/registry.ts';
import { type AggregatorContext, Aggregator } from './aggregator.ts';
import { NoAnswer, sendTo } from './ask-server.ts';
import { forwardedHeaders, returnedHeaders } from '../protocol/forwarded-headers.ts';
import { type AggregationGate, REGISTRATION, serviceKey } from './gate.ts';
import { mergeAggregated, mergedWith, mergeGroup, mergeGroupList } from './merge-discovery.ts';
import { ResponseStream } from '../protocol/response-stream.ts';
import { serverAddressOf } from './server-address.ts';

/** The parts of the cluster that are used for requests to versions of other servers. */
export type AggregationContext = AggregatorContext & {
  readonly registry: Registry;
  /** The open streams, which end when the cluster closes. */
  readonly streams: OpenStreams;
};

const aggregators = new WeakMap<AggregationGate, Aggregator>();

/** Returns the aggregator of a cluster. */
export function aggregatorOf(context: AggregationContext): Aggregator {
  let aggregator = aggregators.get(context.aggregationGate);
  if (aggregator === undefined) aggregators.set(context.aggregationGate, (aggregator = new Aggregator(context)));
  return aggregator;
}

/**
 * Answers a request that concerns a version of another server: a request below `/apis`, or for an OpenAPI document.
 * Returns `undefined` for all other requests.
 */
export async function aggregatedReply(context: AggregationContext, request: ApiRequest): Promise<ApiReply | undefined> {
  const [root, first, second, third] = request.segments;
  if (root === 'openapi') {
    if (first !== 'v3') return undefined;
    if (second === undefined) return undefined;
    const apiService =
      second === 'apis' ? context.aggregationGate.find(third ?? '', request.segments[4] ?? '') : undefined;
    if (apiService === undefined) return undefined;
    const path = aggregatorOf(context).openApiPath(apiService);
    return path === undefined ? replyText(404, '404 page not found\n') : forward(context, request, apiService);
  }
  if (first !== undefined && second !== undefined) {
    const apiService = context.aggregationGate.find(first, second);
    return apiService === undefined ? undefined : forward(context, request, apiService);
  }
  return mergedDiscovery(context, request, first);
}

/** Adds the documents of other servers to the index of OpenAPI documents in the response. */
export function withOpenApiPaths(context: AggregationContext, { segments }: ApiRequest, reply: ApiReply): ApiReply {
  const own = segments.length === 2 && segments[1] === 'v3' ? bodyOf(reply) : undefined;
  if (own === undefined) return reply;
  const paths: JsonObject = { ...objectAt(own, 'paths') };
  for (const { apiService } of aggregatorOf(context).versions()) {
    const path = aggregatorOf(context).openApiPath(apiService);
    const key = `apis/${textAt(apiService.spec, 'group')}/${textAt(apiService.spec, 'version')}`;
    if (path !== undefined) paths[key] = { serverRelativeURL: path };
  }
  return { ...reply, body: toJsonBytes({ ...own, paths }) };
}

/** Returns the document of `/apis` or `/apis/GROUP`, or `undefined` for a group without versions of other servers. */
function mergedDiscovery(
  context: AggregationContext,
  request: ApiRequest,
  group: string | undefined,
): ApiReply | undefined {
  const others = aggregatorOf(context).versions();
  const isHere = group === undefined || others.some(({ apiService }) => apiService.spec?.['group'] === group);
  if (!isHere) return undefined;
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const output = negotiate(request.headers['accept'], { discovery: group === undefined });
  const { registry, aggregationGate: gate } = context;
  const key = `${group ?? ''} ${output.contentType}`;
  return cachedReply(gate, `${registry.generation} ${gate.generation}`, key, request, () => {
    const apiServices = context.store.collection(REGISTRATION.group, REGISTRATION.plural).all();
    const merged = mergedWith(
      others,
      apiServices.map(({ object }) => object),
    );
    // Requests the document of this server as JSON, without the client's ETag, which belongs to the merged document.
    const { 'if-none-match': _, ...headers } = request.headers;
    const accept = output.form === 'discovery' ? request.headers['accept'] : 'application/json';
    const own = bodyOf(discoveryReply(registry, { ...request, headers: { ...headers, accept } }, group, undefined));
    if (group !== undefined)
      return replyValue(200, { kind: 'APIGroup', apiVersion: 'v1', ...mergeGroup(group, own, merged) }, output);
    return output.form === 'discovery'
      ? aggregatedReplyOf({ ...own, items: mergeAggregated(objectsAt(own, 'items'), merged) }, output)
      : replyValue(200, { ...own, groups: mergeGroupList(objectsAt(own, 'groups'), merged) }, output);
  });
}

function bodyOf(reply: ApiReply | undefined): JsonObject | undefined {
  const body = reply?.body;
  if (!Buffer.isBuffer(body)) return undefined;
  const value: unknown = JSON.parse(body.toString('utf8'));
  return isJsonObject(value) ? value : undefined;
}

/** Makes a response in the form of Go's `http.Error`. */
const failure = (status: number, message: string): ApiReply => replyText(status, `${message}\n`);

/** Forwards a request to the server of an APIService, and its response to the client. */
async function forward(context: AggregationContext, request: ApiRequest, apiService: KubeObject): Promise<ApiReply> {
  if (conditionOf(apiService, 'Available')?.['status'] !== 'True') return failure(503, 'service unavailable');
  const service = context.store.collection('', 'services').get(serviceKey(apiService))?.object;
  const address =
    service === undefined ? 'the Service does not exist' : serverAddressOf(apiService, service, context.serviceAddress);
  if (typeof address === 'string') return failure(503, 'service unavailable');
  const abort = new AbortController();
  const signals = [abort.signal, request.clientSignal?.()].filter((signal) => signal !== undefined);
  try {
    const response = await sendTo(
      { address, apiService, frontProxy: context.frontProxy() },
      {
        method: request.method,
        target: request.target,
        headers: forwardedHeaders(request.headers, request.user),
        body: request.body,
        signal: AbortSignal.any(signals),
      },
    );
    const status = response.statusCode ?? 502;
    if (status >= 300 && status <= 399 && status !== 304 && response.headers.location !== undefined) {
      abort.abort();
      return failure(502, 'the backend attempted to redirect this request, which is not permitted');
    }
    const stream = new ResponseStream(response, () => abort.abort(), context.streams, request.user.name);
    const isWatch = attributesOf(request).verb === 'watch';
    return { status, headers: returnedHeaders(response.headers), stream, isWatch };
  } catch (thrown) {
    if (!(thrown instanceof NoAnswer)) throw thrown;
    return failure(503, `error trying to reach service: ${thrown.message}`);
  }
}
