import type { JsonObject } from '../../core/index.ts';
import { formatTime, listAt, numberAt } from '../../kubernetes/index.ts';
import type { Api } from '../api.ts';
import { trackUpdate } from '../fields/manager.ts';
import { decodeAs, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import { fieldInvalid } from '../errors/field-problems.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { invalid, methodNotAllowed, notFound } from '../errors/status.ts';
import { ensureAt } from '../types/parts.ts';
import { keyOf } from '../store/store.ts';
import { builtinType } from '../types/builtin.ts';
import { emptyObject } from '../types/empty.ts';
import { writeOptions } from '../verbs/options.ts';
import { fieldContext } from '../verbs/write.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';

const SHORTEST = 600;

/** POST of `serviceaccounts/…/token`. */
export function tokenReply(
  api: Api,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  const { resource } = route;
  if (resource.plural !== 'serviceaccounts') return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const stored = resource.collection.get(keyOf(route.namespace, route.name));
  if (stored === undefined) throw notFound(resource, route.name);
  const options = writeOptions(request, 'CreateOptions');
  const node = builtinType('authentication.v1.TokenRequest');
  const type = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    version: 'v1',
    node,
    resource: undefined,
  };
  const body = decodeAs(
    readBody(request, 'TokenRequest', options.fieldValidation),
    type,
    api.registry,
    options.fieldValidation,
  ).object;
  const spec = ensureAt(body as unknown as JsonObject, 'spec');
  const seconds = numberAt(spec, 'expirationSeconds') ?? 3600;
  if (seconds < SHORTEST) {
    throw invalid('authentication.k8s.io', 'TokenRequest', '', [
      fieldInvalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  const context = {
    ...fieldContext({
      api,
      resource,
      namespace: route.namespace,
      name: route.name,
      subresource: 'token',
      user: request.user,
      options,
      warnings,
    }),
    apiVersion: type.apiVersion,
    node,
  };
  const tracked = trackUpdate(undefined, emptyObject(node), body, options.manager, context);
  const audiences = listAt(spec, 'audiences').map(String);
  const expires = api.clock.now() + seconds * 1000;
  const wanted = audiences.length === 0 ? [api.access.tokens.issuer] : audiences;
  const claims = {
    namespace: route.namespace,
    account: route.name,
    accountUid: stored.object.metadata.uid ?? '',
    audiences: wanted,
    expires,
  };
  const value = {
    ...tracked,
    metadata: {
      ...tracked.metadata,
      name: route.name,
      namespace: route.namespace,
      uid: api.newUid(),
      creationTimestamp: api.timestamp(),
    },
    spec: { audiences: wanted, expirationSeconds: seconds, boundObjectRef: spec['boundObjectRef'] ?? null },
    status: { token: api.access.tokens.issue(claims), expirationTimestamp: formatTime(expires) },
  };
  return replyValue(201, value, { ...output, form: 'object' }, warningHeader(warnings));
}
