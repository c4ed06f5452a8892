import type { Annotate } from '../auth/service-tokens.ts';
import { type JsonObject, type KubeObject, stringifyJson } from '@typekro/kit/core';
import { listAt, objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type Attributes, type RoleContext, authorize, grantsOf } from '../auth/authorizer.ts';
import { FULL_AUTHORITY } from '../auth/escalation.ts';
import { userJson } from '../auth/token-documents.ts';
import { updateOwnership } from '../fields/ownership.ts';
import { decodeBody } from '../verbs/body.ts';
import { checkPlace } from '../verbs/create.ts';
import { fieldInvalid } from '../errors/field-problems.ts';
import type { ApiRequest } from '../protocol/request.ts';
import type { Route, RouteReply } from '../verbs/route.ts';
import { badRequest, invalid, methodNotAllowed } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';
import { writeOptions } from '../verbs/request-options.ts';
import { type WriteServices, emptyFor, ownershipContext } from '../verbs/write.ts';
import { replyValue, warningHeader } from '../protocol/reply.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { Registry } from '../registry/registry.ts';
import { timestampOf } from '../cluster-clock.ts';

/** The parts of the cluster that reviews use. */
export interface ReviewContext extends WriteServices {
  readonly registry: Registry;
  readonly access: Pick<ClusterAccess, 'ownerOf'>;
}

/**
 * Computes the status of a review. Without `keepSpec`, the `spec` of the response is empty. With `tracked`, the
 * response has `managedFields`.
 */
type Reviewer = (
  context: ReviewContext,
  review: KubeObject,
  request: ApiRequest,
  route: Route,
) => { status: JsonObject; keepSpec: boolean; tracked: boolean };

const REVIEWS = new Map<string, Reviewer>([
  [
    'selfsubjectaccessreviews',
    (context, review, { user }) => ({ status: accessStatus(context, review, user), keepSpec: true, tracked: true }),
  ],
  [
    'subjectaccessreviews',
    (context, review) => ({ status: accessStatus(context, review, subjectOf(review)), keepSpec: true, tracked: true }),
  ],
  ['localsubjectaccessreviews', reviewLocal],
  [
    'selfsubjectrulesreviews',
    (context, review, { user }) => ({
      status: rulesStatus(context, user, textAt(review.spec, 'namespace')),
      keepSpec: false,
      tracked: false,
    }),
  ],
  [
    'selfsubjectreviews',
    (_context, _review, { user }) => ({ status: { userInfo: userJson(user) }, keepSpec: true, tracked: false }),
  ],
  ['tokenreviews', reviewToken],
]);

/** Handles the creation of a review, which is not stored. */
export const reviewReply: RouteReply<ReviewContext> = (context, request, route, output, warnings) => {
  const reviewer = REVIEWS.get(route.resource.plural);
  if (reviewer === undefined || !['authorization.k8s.io', 'authentication.k8s.io'].includes(route.resource.group))
    return undefined;
  if (request.method !== 'POST' || route.name !== '') throw methodNotAllowed();
  const options = writeOptions(request, 'CreateOptions');
  const { resource } = route;
  const decoded = decodeBody(request, resource, context.registry, options.fieldValidation);
  for (const text of decoded.warnings) warnings.push(text);
  const review = decoded.object;
  checkPlace(route, review);
  const { status, keepSpec, tracked } = reviewer(context, review, request, route);
  const write = {
    services: context,
    resource,
    namespace: route.namespace,
    name: '',
    subresource: '',
    user: request.user,
    options,
    warnings,
  };
  const owned = tracked
    ? updateOwnership(undefined, emptyFor(resource), review, options.manager, ownershipContext(write))
    : review;
  const creation = resource.plural === 'selfsubjectreviews' ? { creationTimestamp: timestampOf(context.clock) } : {};
  const value = { ...owned, metadata: { ...owned.metadata, ...creation }, ...(keepSpec ? {} : { spec: {} }), status };
  return replyValue(201, value, output, warningHeader(warnings));
};

const refuse = (field: string, value: unknown, detail: string) =>
  invalid('authorization.k8s.io', '', '', [fieldInvalid(field, value, detail)]);

const shownPath = (path: JsonObject) => ({ Path: textAt(path, 'path'), Verb: textAt(path, 'verb') });

function accessStatus(context: RoleContext, review: KubeObject, user: UserInfo): JsonObject {
  const resource = optionalAt(review.spec, 'resourceAttributes');
  const path = optionalAt(review.spec, 'nonResourceAttributes');
  if (resource !== undefined && path !== undefined) {
    throw refuse(
      'spec.nonResourceAttributes',
      shownPath(path),
      'cannot be specified in combination with resourceAttributes',
    );
  }
  if (resource === undefined && path === undefined) {
    throw refuse(
      'spec.resourceAttributes',
      null,
      'exactly one of nonResourceAttributes or resourceAttributes must be specified',
    );
  }
  const attributes: Attributes =
    resource === undefined
      ? {
          verb: textAt(path, 'verb'),
          group: '',
          resource: '',
          subresource: '',
          namespace: '',
          name: '',
          path: textAt(path, 'path'),
        }
      : {
          verb: textAt(resource, 'verb'),
          group: textAt(resource, 'group'),
          resource: textAt(resource, 'resource'),
          subresource: textAt(resource, 'subresource'),
          namespace: textAt(resource, 'namespace'),
          name: textAt(resource, 'name'),
        };
  const { allowed, reason } = authorize(context, user, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function subjectOf(review: KubeObject): UserInfo {
  const name = textAt(review.spec, 'user');
  const groups = listAt(review.spec, 'groups').map(String);
  if (name === '' && groups.length === 0)
    throw refuse('spec.user', '', 'at least one of user or group must be specified');
  return { name, groups };
}

function reviewLocal(context: ReviewContext, review: KubeObject, _request: ApiRequest, route: Route) {
  const user = subjectOf(review);
  const path = optionalAt(review.spec, 'nonResourceAttributes');
  if (path !== undefined)
    throw refuse('spec.nonResourceAttributes', shownPath(path), 'disallowed on this kind of request');
  const namespace = textAt(objectAt(review.spec, 'resourceAttributes'), 'namespace');
  if (namespace !== route.namespace)
    throw refuse('spec.resourceAttributes.namespace', namespace, 'must match metadata.namespace');
  return { status: accessStatus(context, review, user), keepSpec: true, tracked: true };
}

/** The maximum length of the rules that a review reads. All rules of a user may have gigabytes. */
const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

function rulesStatus(context: RoleContext, user: UserInfo, namespace: string): JsonObject {
  if (namespace === '') throw badRequest('no namespace on request');
  const resourceRules: JsonObject[] = [];
  const nonResourceRules: JsonObject[] = [];
  const mayDoAll = context.allowsAll || user.groups.includes('system:masters');
  const all = mayDoAll ? [{ rules: FULL_AUTHORITY }] : grantsOf(context, user, namespace, []);
  // Many bindings may grant the same rules. An API server lists them for each binding.
  const different = new Map<string, JsonObject>();
  let bytes = 0;
  for (const { rules } of all) {
    for (const rule of rules) {
      if (bytes > MAX_REVIEW_BYTES) break;
      const text = stringifyJson(rule);
      bytes += text.length;
      if (bytes <= MAX_REVIEW_BYTES) different.set(text, rule);
    }
  }
  for (const rule of different.values()) {
    const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    const ofNames = listAt(rule, 'resourceNames').length > 0 ? { resourceNames } : {};
    if (listAt(rule, 'resources').length > 0) resourceRules.push({ verbs, apiGroups, resources, ...ofNames });
    if (listAt(rule, 'nonResourceURLs').length > 0) nonResourceRules.push({ verbs, nonResourceURLs });
  }
  if (bytes <= MAX_REVIEW_BYTES) return { resourceRules, nonResourceRules, incomplete: false };
  const evaluationError = `the rules of the user are longer than ${MAX_REVIEW_BYTES} bytes; ask about single actions with a SelfSubjectAccessReview`;
  return { resourceRules, nonResourceRules, incomplete: true, evaluationError };
}

function reviewToken(context: ReviewContext, review: KubeObject) {
  const token = textAt(review.spec, 'token');
  const audiences = listAt(review.spec, 'audiences').map(String);
  const annotate: Annotate = (key, value) => context.audit?.annotate(key, value);
  const owner =
    token === '' ? undefined : context.access.ownerOf(token, audiences.length === 0 ? undefined : audiences, annotate);
  const status: JsonObject =
    owner === undefined
      ? { user: {}, error: 'invalid bearer token' }
      : { authenticated: true, user: userJson(owner.user), audiences: [...owner.audiences] };
  return { status, keepSpec: true, tracked: true };
}
