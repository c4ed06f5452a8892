import { endedKubeconfig } from '../up/state-directory.ts';
import { readSettings, removeRecord, writePrivate, writeSettings } from './cluster-files.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import { contextName, editKubeconfig, withoutContext } from './user-kubeconfig.ts';

/** The code of the error when another process serves the cluster already. */
export const ALREADY_SERVED = 'cluster/already-served';

/**
 * Leaves the folder of a cluster without a running process: the kubeconfig of the folder says that the cluster has ended,
 * and the entry in the user's kubeconfig is removed. The caller holds the lock.
 */
export async function leaveFolder({ path, name, kubeconfig }: ClusterFolder): Promise<void> {
  removeRecord(path);
  writePrivate(kubeconfig, endedKubeconfig());
  const settings = readSettings(path);
  if (settings?.entryIn === undefined) return;
  const { entryIn, contextBefore, ...others } = settings;
  await editKubeconfig(entryIn, (text) => withoutContext(text, entryIn, contextName(name), contextBefore));
  writeSettings(path, others);
}
