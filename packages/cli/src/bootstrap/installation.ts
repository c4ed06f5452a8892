import { safeInstallation } from '@typekro/controller/controller';
import { type KubeObject, type ObjectRef, getOwn, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { changedValues } from '@typekro/sdk/deploy';
import { isNotFound, KubeError, withinLimit } from '@typekro/kube';
import { readinessOf } from '@typekro/engine/readiness';
import type { ClusterWriter } from './scale-down.ts';

/** The field manager of `typekro install` and `typekro bootstrap`. */
export const INSTALL_MANAGER = 'typekro-install';

/** The label of the objects that a later version may prune. Its value is the name of the installation. */
const INSTALLATION_LABEL = 'typekro.dev/installation';

/** The result for one object of an installation, in kubectl's words. */
export interface InstalledObject {
  readonly object: ObjectRef;
  /**
   * `kept`: the CRD in the cluster is not replaced, because it accepts more objects than this version's CRD. `pruned`:
   * the object is deleted, because this version does not install it.
   */
  readonly result: 'created' | 'configured' | 'unchanged' | 'pruned' | 'kept';
  /** The paths of the changed fields. */
  readonly fields: readonly string[];
  /** The reason for `kept`. */
  readonly because?: string;
}

/**
 * Labels the objects of an installation, except CRDs and the namespace. A later version uses the label to find the
 * objects that it must prune.
 */
export function labelledInstallation(objects: readonly KubeObject[], name: string): KubeObject[] {
  return objects.map((object) =>
    isLasting(object)
      ? object
      : {
          ...object,
          metadata: { ...object.metadata, labels: { ...object.metadata.labels, [INSTALLATION_LABEL]: name } },
        },
  );
}

/** CRDs and the namespace are never pruned, because their deletion would delete the users' objects. */
const isLasting = ({ kind }: KubeObject): boolean => kind === 'CustomResourceDefinition' || kind === 'Namespace';

/** Applies the objects of an installation. With `dryRun`, the server checks each apply and stores nothing. */
export async function applyInstallation(
  { api, signal }: Pick<ClusterWriter, 'api' | 'signal'>,
  objects: readonly KubeObject[],
  dryRun: boolean,
): Promise<InstalledObject[]> {
  const { apply, kept } = await safeInstallation(api, objects, signal);
  const done: InstalledObject[] = [];
  for (const object of objects) {
    const ref = refOf(object);
    const wider = apply.includes(object) ? undefined : kept.find(({ name }) => name === object.metadata.name);
    if (wider !== undefined) {
      const because = `the installed CRD accepts more: ${wider.narrowings.join('; ')}`;
      done.push({ object: ref, result: 'kept', fields: [], because });
      continue;
    }
    const before = await api.find(ref, { signal });
    const after = await applied(object);
    const fields = before === undefined ? [] : changedValues(before, after).map(({ path }) => path);
    const isSame = before !== undefined && fields.length === 0;
    done.push({ object: ref, result: before === undefined ? 'created' : isSame ? 'unchanged' : 'configured', fields });
  }
  return done;

  async function applied(object: KubeObject): Promise<KubeObject> {
    try {
      return await api.apply(object, { fieldManager: INSTALL_MANAGER, force: true, dryRun, signal });
    } catch (thrown) {
      // A dry run does not create the namespace, so the API server responds with 404 to an object in this namespace.
      if (dryRun && isNotFound(thrown) && object.metadata.namespace !== undefined) return object;
      throw thrown;
    }
  }
}

const RBAC = 'rbac.authorization.k8s.io/v1';

/**
 * The kinds of objects that this and earlier versions install, except CRDs and the namespace. Objects are deleted in
 * this order, so bindings come before the roles and accounts that they reference.
 */
const PRUNED_KINDS = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: RBAC, kind: 'ClusterRoleBinding' },
  { apiVersion: RBAC, kind: 'RoleBinding' },
  { apiVersion: RBAC, kind: 'ClusterRole' },
  { apiVersion: RBAC, kind: 'Role' },
  { apiVersion: 'v1', kind: 'ServiceAccount' },
  { apiVersion: 'v1', kind: 'Service' },
  { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
] as const;

/** The objects of an installation that were found in the cluster, and the kinds that could not be listed. */
export interface FoundInstallation {
  readonly objects: readonly KubeObject[];
  readonly limits: readonly string[];
}

/** Finds the objects of an installation by their label. */
export async function findInstallation(
  { api, signal }: Pick<ClusterWriter, 'api' | 'signal'>,
  name: string,
): Promise<FoundInstallation> {
  const objects: KubeObject[] = [];
  const limits: string[] = [];
  for (const type of PRUNED_KINDS) {
    try {
      const { items } = await api.list(type, { signal });
      objects.push(...items.filter((item) => isOfInstallation(item, name)).map((item) => ({ ...item, ...type })));
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || thrown.status !== 403) throw thrown;
      limits.push(
        `the kind ${type.kind} could not be searched for objects that an earlier version left: ${thrown.message}`,
      );
    }
  }
  return { objects, limits };
}

/**
 * Returns the found objects that belong to the installation in one namespace. Cluster-wide objects belong to each
 * installation of this name. They are left out while other namespaces have objects of an installation with this name;
 * `shared` names these namespaces.
 */
export function installationIn(
  found: readonly KubeObject[],
  namespace: string,
): { readonly objects: readonly KubeObject[]; readonly shared: readonly string[] } {
  const places = found.flatMap(({ metadata }) => metadata.namespace ?? []);
  const shared = [...new Set(places)].filter((each) => each !== namespace);
  const isOwn = ({ metadata }: KubeObject): boolean =>
    metadata.namespace === namespace || (metadata.namespace === undefined && shared.length === 0);
  return { objects: found.filter(isOwn), shared };
}

const isOfInstallation = ({ metadata: { labels = {} } }: KubeObject, installation: string): boolean =>
  getOwn(labels, INSTALLATION_LABEL) === installation;

/** Deletes the found objects that are not in `wanted`, because this version does not install them. */
export async function pruneInstallation(
  { api, signal }: Pick<ClusterWriter, 'api' | 'signal'>,
  found: readonly KubeObject[],
  wanted: readonly KubeObject[],
  dryRun: boolean,
): Promise<InstalledObject[]> {
  const names = new Set(wanted.map((object) => objectName(refOf(object))));
  const pruned: InstalledObject[] = [];
  for (const object of found) {
    const ref = refOf(object);
    if (names.has(objectName(ref))) continue;
    const { uid } = object.metadata;
    try {
      await api.delete(ref, { ...(uid === undefined ? {} : { preconditions: { uid } }), dryRun, signal });
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
    }
    pruned.push({ object: ref, result: 'pruned', fields: [] });
  }
  return pruned;
}

/**
 * Waits until a Deployment is ready.
 *
 * @throws TypeKroError `bootstrap/not-ready` after the time limit, with the last message of its status.
 */
export async function waitUntilReady(writer: ClusterWriter, ref: ObjectRef): Promise<void> {
  let last = 'it does not exist';
  const { outage } = await withinLimit(writer, writer.timeoutMs, (wait) =>
    wait(ref, (found) => {
      if (found === undefined) return undefined;
      const { ready, message, reason } = readinessOf(found);
      last = message === '' ? reason : message;
      return ready ? true : undefined;
    }),
  );
  if (outage === undefined) return;
  throw new TypeKroError(`the controller is not ready after ${writer.timeoutMs / 1000} s: ${last}${outage}`, {
    code: 'bootstrap/not-ready',
    remedy: `everything is applied; look at its pods: kubectl describe pods -n ${ref.namespace ?? ''}, or wait longer: --timeout`,
  });
}
