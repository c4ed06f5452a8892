import type { JsonObject } from '../../core/index.ts';
import { formatTime, listAt, numberAt } from '../../kubernetes/index.ts';
import { updateOwnership } from '../fields/ownership.ts';
import { decodeAs, readBody } from '../verbs/body.ts';
import type { Output } from '../protocol/negotiate.ts';
import { fieldInvalid } from '../errors/field-problems.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { invalid, methodNotAllowed, notFound } from '../errors/status.ts';
import { ensureAt } from '../types/parts.ts';
import { storeKey } from '../store/store.ts';
import { builtinType } from '../types/builtin.ts';
import { emptyObject } from '../types/empty.ts';
import { timestampOf } from '../clock.ts';
import { writeOptions } from '../verbs/options.ts';
import { ownershipContext } from '../verbs/write.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { Registry } from '../registry/registry.ts';
import type { WriteServices } from '../verbs/write.ts';
import { admitVirtual } from './admit-virtual.ts';

const MIN_LIFETIME_SECONDS = 600;

/** The parts of the cluster that requests for tokens use. */
export interface TokenReplyContext extends WriteServices {
  readonly registry: Registry;
  readonly access: Pick<ClusterAccess, 'tokens'>;
}

/** POST of `serviceaccounts/…/token`. */
export function tokenReply(
  context: TokenReplyContext,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): ApiReply | undefined {
  const { resource } = route;
  if (resource.plural !== 'serviceaccounts') return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const stored = resource.collection.get(storeKey(route.namespace, route.name));
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
  const decoded = decodeAs(
    readBody(request, 'TokenRequest', options.fieldValidation),
    type,
    context.registry,
    options.fieldValidation,
  ).object;
  const body = admitVirtual(context, { request, route, warnings, options }, type, decoded);
  const spec = ensureAt(body as unknown as JsonObject, 'spec');
  const seconds = numberAt(spec, 'expirationSeconds') ?? 3600;
  if (seconds < MIN_LIFETIME_SECONDS) {
    throw invalid('authentication.k8s.io', 'TokenRequest', '', [
      fieldInvalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  const fields = {
    ...ownershipContext({
      services: context,
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
  const tracked = updateOwnership(undefined, emptyObject(node), body, options.manager, fields);
  const audiences = listAt(spec, 'audiences').map(String);
  const expires = context.clock.now() + seconds * 1000;
  const wanted = audiences.length === 0 ? [context.access.tokens.issuer] : audiences;
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
      uid: context.newUid(),
      creationTimestamp: timestampOf(context.clock),
    },
    spec: { audiences: wanted, expirationSeconds: seconds, boundObjectRef: spec['boundObjectRef'] ?? null },
    status: { token: context.access.tokens.issue(claims), expirationTimestamp: formatTime(expires) },
  };
  return replyValue(201, value, output, warningHeader(warnings));
}
