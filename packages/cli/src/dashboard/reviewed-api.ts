import { withGroup } from '@typekro/kit/core';
import type { ApiResource, CallOptions, KubernetesApi, ResourceType } from '@typekro/kube';
import { isNotFound, KubeError, unknownKind } from '@typekro/kube';

/** The right that a SubjectAccessReview checks. */
export interface ReviewedRight {
  readonly verb: 'get' | 'list' | 'watch' | 'patch';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** Decides whether the user has a right. */
type May = (right: ReviewedRight) => Promise<boolean>;

/** The documents that every user may read: the version, and the schemas of kinds. */
const DOCUMENT = /^\/(?:version|openapi\/v3(?:\/apis?(?:\/[\w-]+(?:\.[\w-]+)*)*)?)(?:\?hash=\w+)?$/;

/** The path of a pod log. Names are single segments without encoded characters, and do not consist only of dots. */
const LOG = /^\/api\/v1\/namespaces\/([\w-]+)\/pods\/([\w-]+(?:\.[\w-]+)*)\/log(?:\?|$)/;

/**
 * Wraps the client of this process for another user. Before each read of an object, a list or a log, `may` checks the
 * right of the user. A read without the right fails with the error of an API server. Watches are refused. Writes are
 * refused, too, even dry runs, because the API server would check the rights of this process and not those of the user.
 */
export function reviewedApi(api: KubernetesApi, user: string, may: May): KubernetesApi {
  const review = async (verb: ReviewedRight['verb'], resource: ApiResource, place: Place): Promise<void> => {
    const { group, version, plural } = resource;
    if (await may({ verb, group, version, resource: plural, ...place })) return;
    throw forbidden(user, verb, resource, place);
  };
  // A read of an unknown kind cannot be reviewed, so it is not passed on.
  const resourceOf = async (type: ResourceType, options?: CallOptions): Promise<ApiResource> => {
    const resource = await api.discovery.resourceOf(type, options);
    if (resource === undefined) throw unknownKind(type);
    return resource;
  };
  const get: KubernetesApi['get'] = async (ref, options) => {
    const resource = await resourceOf(ref, options);
    const { subresource } = options ?? {};
    await review('get', resource, {
      ...reviewedPlace(resource, ref.namespace ?? 'default'),
      name: ref.name,
      ...(subresource === undefined ? {} : { subresource }),
    });
    return api.get(ref, options);
  };
  return {
    discovery: api.discovery,
    get,
    async find(ref, options) {
      try {
        return await get(ref, options);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
    async list(type, options) {
      const resource = await resourceOf(type, options);
      await review('list', resource, reviewedPlace(resource, options?.namespace));
      return api.list(type, options);
    },
    async raw(request) {
      const { path, method = 'GET' } = request;
      if (method !== 'GET') throw readOnly();
      const [, namespace, name] = LOG.exec(path) ?? [];
      if (namespace !== undefined && name !== undefined) {
        const place = { namespace, name };
        const right = { group: '', version: 'v1', resource: 'pods', subresource: 'log', ...place };
        if (!(await may({ verb: 'get', ...right })))
          throw forbidden(user, 'get', { group: '', plural: 'pods' }, { ...place, subresource: 'log' });
        return api.raw(request);
      }
      if (!DOCUMENT.test(path)) throw notPassedOn();
      return api.raw(request);
    },
    watch: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(notPassedOn()) }) }),
    create: () => Promise.reject(readOnly()),
    update: () => Promise.reject(readOnly()),
    patch: () => Promise.reject(readOnly()),
    apply: () => Promise.reject(readOnly()),
    delete: () => Promise.reject(readOnly()),
    as: () => reviewedApi(api, user, may),
    // The process owns the client, so the wrapper does not close it.
    close: () => Promise.resolve(),
  };
}

type Place = Pick<ReviewedRight, 'namespace' | 'name' | 'subresource'>;

/**
 * Returns the namespace for a review. For a cluster-scoped kind there is none, because the API server then ignores the
 * namespace in the request and returns all objects.
 */
export const reviewedPlace = (
  { namespaced }: Pick<ApiResource, 'namespaced'>,
  namespace: string | undefined,
): Pick<ReviewedRight, 'namespace'> => (namespaced && namespace !== undefined ? { namespace } : {});

/** The error that an API server returns for a read without the right. */
function forbidden(
  user: string,
  verb: string,
  { group, plural }: Pick<ApiResource, 'group' | 'plural'>,
  { namespace, name = '', subresource }: Place,
): KubeError {
  const resource = withGroup(plural, group);
  const named = name === '' ? '' : ` "${name}"`;
  const reviewed = subresource === undefined ? plural : `${plural}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const text = `${resource}${named} is forbidden: User "${user}" cannot ${verb} resource "${reviewed}" in API group "${group}" ${where}`;
  return new KubeError(text, { status: 403, reason: 'Forbidden' });
}

/** The error for a write. It has its own reason, because the refusal does not depend on the rights of the user. */
const readOnly = (): KubeError =>
  new KubeError('this server only reads the cluster', { status: 405, reason: 'ReadOnlyClient' });

/** The error for a watch, and for a path that the review does not cover. */
const notPassedOn = (): KubeError =>
  new KubeError('this server reads only objects, lists, logs of pods, the version and schemas', {
    status: 403,
    reason: 'Forbidden',
  });
