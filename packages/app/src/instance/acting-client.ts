import { apiFailure } from '@typekro/controller/execute';
import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { type CallOptions, type KubernetesApi, KubeError, readSession } from '@typekro/kube';

/** The client with which a report reads objects and tries writes in place of the controller. */
export interface ActingClient {
  readonly api: KubernetesApi;
  /** The account that `api` impersonates. Undefined for the user's own rights. */
  readonly user: string | undefined;
  readonly notes: readonly string[];
}

/**
 * Returns a client of the account as which the controller reads and writes the objects, so that a report has the rights
 * of the controller. Without such an account, or if the user may not impersonate it, the client has the user's rights.
 *
 * @param watches does the controller read by watches only? Reads then require the right to list and watch a kind
 */
export async function actingClient(
  api: KubernetesApi,
  user: string | undefined,
  signal: AbortSignal,
  watches: boolean,
): Promise<ActingClient> {
  if (user === undefined) return { api, user, notes: [] };
  const acting = api.as({ user });
  try {
    await acting.raw({ path: '/version', signal });
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (apiFailure(error, user).permission?.verb === 'impersonate') {
      const note = `the objects are read with your rights: you may not impersonate ${user}, as which the controller reads and writes them`;
      return { api, user: undefined, notes: [note] };
    }
  }
  return { api: readSession(watches ? watching(acting, user) : acting), user, notes: [] };
}

/** Reads objects by lists, and only those of kinds that the account may also watch. */
function watching(api: KubernetesApi, user: string): KubernetesApi {
  const reviews = new Map<string, Promise<KubeObject>>();
  const find = async ({ apiVersion, kind, name, namespace }: ObjectRef, options: CallOptions = {}) => {
    const found = await api.discovery.resourceOf({ apiVersion, kind }, options);
    if (found === undefined) return undefined;
    const scope = namespace === undefined ? {} : { namespace };
    const resourceAttributes = { group: found.group, resource: found.plural, verb: 'watch', ...scope };
    const place = JSON.stringify(resourceAttributes);
    const review = reviews.get(place) ?? api.create({ ...REVIEW, spec: { resourceAttributes } }, options);
    reviews.set(place, review);
    if ((await review).status?.['allowed'] === false) {
      const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
      const what = `cannot watch resource "${found.plural}" in API group "${found.group}" ${where}`;
      throw new KubeError(`${found.plural} is forbidden: User "${user}" ${what}`, { status: 403, reason: 'Forbidden' });
    }
    const named = { ...options, ...scope, fieldSelector: `metadata.name=${name}` };
    return (await api.list({ apiVersion, kind }, named)).items[0];
  };
  return { ...readSession(api), find };
}

const REVIEW = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', metadata: {} };
