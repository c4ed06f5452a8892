import { existsSync } from 'node:fs';
import { TypeKroError } from '@typekro/kit/core';
import { endedKubeconfig } from '../up/state-directory.ts';
import { readSettings, removeRecord, writePrivate, writeSettings } from './cluster-files.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import { contextName, editKubeconfig, withoutContext } from './user-kubeconfig.ts';

/** The error code when another process already serves the cluster. */
export const ALREADY_SERVED = 'cluster/already-served';

/**
 * Updates the folder of a cluster whose process has ended. Removes the record of the process and the entry in the
 * user's kubeconfig, and writes into the folder a kubeconfig that says that the cluster has ended. The caller must hold
 * the lock. Returns an error if the entry could not be removed.
 */
export async function leaveFolder(folder: ClusterFolder): Promise<TypeKroError | undefined> {
  removeRecord(folder.path);
  writePrivate(folder.kubeconfig, endedKubeconfig(`typekro-cluster-start-${folder.name}`));
  const problem = await removeContext(folder);
  if (problem !== undefined) return problem;
  const settings = readSettings(folder.path);
  if (settings?.entryIn === undefined) return undefined;
  const { entryIn: _entryIn, contextsBefore: _contexts, ...others } = settings;
  writeSettings(folder.path, others);
  return undefined;
}

/** Removes the entry of a cluster in the user's kubeconfig. Returns an error if the entry could not be removed. */
export async function removeContext({ path, name }: ClusterFolder): Promise<TypeKroError | undefined> {
  const { entryIn, contextsBefore = [] } = readSettings(path) ?? {};
  if (entryIn === undefined || !existsSync(entryIn)) return undefined;
  const entry = contextName(name);
  try {
    await editKubeconfig(entryIn, (text) => withoutContext(text, entryIn, entry, contextsBefore));
    return undefined;
  } catch (error) {
    return new TypeKroError(
      `the context ${entry} stays in ${entryIn}: ${error instanceof Error ? error.message : String(error)}`,
      {
        code: 'cluster/kubeconfig',
        remedy: `remove the context, the cluster and the user named ${entry} from ${entryIn}`,
        cause: error,
      },
    );
  }
}
