import { type JsonObject, type KubeObject, parseApiVersion } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { formatTime, listAt, numberAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { updateOwnership } from '../fields/ownership.ts';
import { bodyOfKind, decodeAs, readBody } from '../verbs/body.ts';
import { fieldInvalid } from '../errors/field-problems.ts';
import type { Route, RouteReply } from '../verbs/route.ts';
import { badRequest, conflict, invalid, methodNotAllowed, notFound } from '../errors/api-error.ts';
import { ensureAt } from '../types/parts.ts';
import { storeKey } from '../store/store.ts';
import { emptyObject } from '../types/decode.ts';
import { timestampOf } from '../cluster-clock.ts';
import { writeOptions } from '../verbs/request-options.ts';
import { type WriteServices, ownershipContext } from '../verbs/write.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import { tokenLifetime } from '../auth/token-lifetime.ts';
import type { TokenBindings } from '../auth/token-bindings.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { Registry } from '../registry/registry.ts';
import { admitVirtual } from './admit-virtual.ts';

const MIN_LIFETIME_SECONDS = 600;
const MAX_LIFETIME_SECONDS = 2 ** 32;

/** The parts of the cluster that requests for tokens use. */
export interface TokenReplyContext extends WriteServices {
  readonly registry: Registry;
  readonly access: Pick<ClusterAccess, 'tokens'>;
}

/** Handles POST of `serviceaccounts/…/token`. */
export const tokenReply: RouteReply<TokenReplyContext> = (context, request, route, output, warnings) => {
  const { resource } = route;
  if (resource.plural !== 'serviceaccounts') return undefined;
  if (request.method !== 'POST') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const type = bodyOfKind('authentication.k8s.io/v1', 'TokenRequest', 'authentication.v1.TokenRequest');
  const decoded = decodeAs(
    readBody(request, 'TokenRequest', options.fieldValidation),
    type,
    context.registry,
    options.fieldValidation,
  ).object;
  const body = admitVirtual(context, { request, route, warnings, options }, type, decoded);
  const { name = '' } = body.metadata;
  if (name !== '' && name !== route.name) {
    const problem = fieldInvalid('metadata.name', name, 'must match the service account name if specified');
    throw invalid('authentication.k8s.io', 'TokenRequest', route.name, [problem]);
  }
  const stored = resource.collection.get(storeKey(route.namespace, route.name));
  if (stored === undefined) throw notFound(resource, route.name);
  const spec = ensureAt(body, 'spec');
  const seconds = numberAt(spec, 'expirationSeconds') ?? 3600;
  const problem =
    seconds < MIN_LIFETIME_SECONDS
      ? 'may not specify a duration less than 10 minutes'
      : seconds > MAX_LIFETIME_SECONDS
        ? 'may not specify a duration larger than 2^32 seconds'
        : undefined;
  if (problem !== undefined) {
    throw invalid('authentication.k8s.io', 'TokenRequest', '', [
      fieldInvalid('spec.expirationSeconds', seconds, problem),
    ]);
  }
  const bindings = bindingsOf(context, route, optionalAt(spec, 'boundObjectRef'));
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
    node: type.node,
  };
  const tracked = updateOwnership(undefined, emptyObject(type.node), body, options.manager, fields);
  const audiences = listAt(spec, 'audiences').map(String);
  const { issuer } = context.access.tokens;
  const wanted = audiences.length === 0 ? [issuer] : audiences;
  const isForServer = wanted.every((audience) => audience === issuer);
  const now = context.clock.now();
  const claims = {
    namespace: route.namespace,
    account: route.name,
    accountUid: stored.object.metadata.uid ?? '',
    audiences: wanted,
    bindings,
    lifetime: tokenLifetime({ seconds, isBoundToPod: bindings.pod !== undefined, isForServer }, now),
  };
  const { token, id } = context.access.tokens.issue(claims);
  request.audit?.annotate('authentication.kubernetes.io/issued-credential-id', `JTI=${id}`);
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
    // As in Kubernetes, the response contains the requested lifetime even if the token is valid for longer.
    status: { token, expirationTimestamp: formatTime(now + seconds * 1000) },
  };
  return replyValue(201, value, output, warningHeader(warnings));
};

/** The plurals of the kinds to which a token can be bound, keyed by kind. */
const BOUND_RESOURCES: Readonly<Record<string, string>> = { Node: 'nodes', Pod: 'pods', Secret: 'secrets' };

/**
 * The objects to which the requested token is bound: the referenced object, and the node of a referenced pod.
 *
 * @throws ApiError 400 when a token cannot be bound to the referenced kind, when the reference has no name, or when the
 *   pod runs as another ServiceAccount; 404 when the object does not exist; 409 when the uid of the object is not the
 *   uid in the reference.
 */
function bindingsOf(
  { store }: TokenReplyContext,
  { namespace, name: account }: Route,
  reference: JsonObject | undefined,
): TokenBindings {
  if (reference === undefined) return {};
  const [kind, name, uid] = [textAt(reference, 'kind'), textAt(reference, 'name'), textAt(reference, 'uid')];
  const { group, version } = parseApiVersion(textAt(reference, 'apiVersion'));
  const plural = group === '' && Object.hasOwn(BOUND_RESOURCES, kind) ? (BOUND_RESOURCES[kind] ?? '') : '';
  if (plural === '') throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
  if (name === '') throw badRequest('Name parameter required.');
  const find = (resource: string, key: string): KubeObject | undefined =>
    store.collection('', resource).get(key)?.object;
  const object = find(plural, kind === 'Node' ? name : storeKey(namespace, name));
  if (object === undefined) throw notFound({ group: '', plural }, name);
  const nodeName = textAt(object.spec, 'nodeName');
  if (kind === 'Pod' && textAt(object.spec, 'serviceAccountName') !== account) {
    throw badRequest(
      `cannot bind token for serviceaccount ${goQuote(account)} to pod running with different serviceaccount name.`,
    );
  }
  if (uid !== '' && uid !== object.metadata.uid) {
    const problem = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', plural: kind }, name, problem);
  }
  const bound = boundTo(name, object);
  if (kind !== 'Pod') return kind === 'Node' ? { node: bound } : { secret: bound };
  return { pod: bound, ...(nodeName === '' ? {} : { node: boundTo(nodeName, find('nodes', nodeName)) }) };
}

const boundTo = (name: string, object: KubeObject | undefined) => {
  const { uid } = object?.metadata ?? {};
  return { name, ...(uid === undefined ? {} : { uid }) };
};
