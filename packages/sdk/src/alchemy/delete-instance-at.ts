import type { DeployTarget } from '../compose/index.ts';
import { parseApiVersion, TypeKroError, definedMembers } from '@typekro/kit/core';
import type { Transport } from '@typekro/kube';
import type { InstanceLocation, StoredConnection } from './kro-resource-props.ts';
import { kubeConfigOf } from './stored-props.ts';

/** The options of `deleteInstanceAt`. */
export interface InstanceDeletion {
  readonly connection: StoredConnection;
  /** The transport for a connection with `by: 'transport'`; `undefined` when only another process has the transport. */
  readonly transport: Transport | undefined;
  /** The time limit of the deletion, in milliseconds. Default: the time limit of the mode. */
  readonly timeout?: number;
}

/**
 * Deletes an instance. The function needs only data from Alchemy's state. It needs no composition, because the cluster
 * records which objects were deployed. An instance that does not exist counts as deleted.
 *
 * @throws TypeKroError `alchemy/not-deleted` when an object is left, `alchemy/no-transport` when this process does not
 * have the transport.
 */
export async function deleteInstanceAt(place: InstanceLocation, options: InstanceDeletion): Promise<void> {
  const { createDeployEngine } = await import('../deploy/index.ts');
  const engine = createDeployEngine();
  const target = targetOf(place, options);
  try {
    const result = await engine.deleteInstance(target, place.name, {}).catch((error: unknown) => {
      // The cluster does not serve the kind, so it has no instance.
      if (error instanceof TypeKroError && error.code === 'kube/unknown-kind') return undefined;
      throw error;
    });
    if (result === undefined || result.status === 'complete') return;
    const left = result.remaining
      .map(
        ({ kind, namespace, name }) =>
          `${String(kind)} ${namespace === undefined ? '' : `${String(namespace)}/`}${String(name)}`,
      )
      .join(', ');
    const why = [...new Set(result.blockers.map(({ message }) => message))].join('; ');
    const what = [left === '' ? '' : `left: ${left}`, why].filter((each) => each !== '').join('; ');
    throw new TypeKroError(
      `${place.kind} ${place.namespace}/${place.name} is not deleted yet${what === '' ? '' : `; ${what}`}`,
      {
        code: 'alchemy/not-deleted',
        object: { apiVersion: place.apiVersion, kind: place.kind, namespace: place.namespace, name: place.name },
        remedy: 'run the program again to continue the deletion',
      },
    );
  } finally {
    await engine.dispose(target);
  }
}

/** Returns a deploy target with only the members that a deletion uses. */
function targetOf(place: InstanceLocation, options: InstanceDeletion): DeployTarget {
  const { connection, transport, timeout } = options;
  if (connection.by === 'transport' && transport === undefined) {
    throw new TypeKroError(
      `${place.kind} ${place.namespace}/${place.name} was deployed through the transport of another process`,
      {
        code: 'alchemy/no-transport',
        remedy: 'deploy with a kubeConfig, so that other processes can delete the instance',
      },
    );
  }
  const kubeConfig = kubeConfigOf(connection);
  const { group, version } = parseApiVersion(place.apiVersion);
  return {
    mode: place.mode,
    form: 'definition',
    name: place.definition,
    namespace: place.namespace,
    options: { ...definedMembers({ timeout, kubeConfig, transport }) },
    diagnostics: [],
    definition: () => ({ spec: { schema: { group, apiVersion: version, kind: place.kind } } }),
    instance: () => notForDeploying(),
    namespaces: () => [],
    singletons: [],
    evaluate: () => notForDeploying(),
    readiness: new Map(),
  };
}

function notForDeploying(): never {
  throw new Error('the state has the data to delete the instance, but not to deploy it');
}
