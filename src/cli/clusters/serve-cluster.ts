import { generateKeyPairSync } from 'node:crypto';
import type { Cluster, ClusterSnapshot, Listener } from '../../cluster/index.ts';
import { createEmbeddedCluster, createServingCertificate } from '../../cluster/index.ts';
import { cryptoLibrary, isoTime, TypeKroError } from '../../core/index.ts';
import { systemClock } from '../../kube/index.ts';
import { DEFAULT_KUBERNETES_MINOR } from '../../schema/index.ts';
import { listenOnPort } from '../up/listen-on-port.ts';
import { takeLock } from '../up/process-lock.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import { folderError, inFolder, isFull } from './cluster-folder.ts';
import type { ClusterCredentials, ClusterSettings } from './cluster-files.ts';
import {
  readCredentials,
  removeRecord,
  writeCredentials,
  writePrivate,
  writeRecord,
  writeSettings,
} from './cluster-files.ts';
import { serveControl } from './control-server.ts';
import { ALREADY_SERVED, leaveFolder } from './leave-folder.ts';
import { objectsIn, parseStateFile, stateLines } from './state-file.ts';

/** How a named cluster is served. */
export interface ServeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: ClusterFolder;
  readonly settings: ClusterSettings;
  /** Called when the control interface asks for the end of the process. */
  readonly onStop: () => void;
}

/** A named cluster that this process serves. */
export interface ServedCluster {
  readonly url: string;
  /** Does this process still hold the name? False after the folder was removed or replaced. */
  isHeld(): boolean;
  /** Closes the cluster, and leaves a folder without a running cluster. */
  close(): Promise<void>;
}

/**
 * Serves a named cluster in this process, and writes its kubeconfig and its record. With `data`, continues with the
 * stored objects, with the same credentials and, when it is free, on the same port.
 *
 * @throws TypeKroError `cluster/already-served` when another process serves it, `up/port-in-use` for a port that the
 *   user named, `cluster/folder`, `cluster/state-unreadable`. Everything that was opened is closed then.
 */
export async function serveCluster({ env, folder, settings, onStop }: ServeOptions): Promise<ServedCluster> {
  const lock = inFolder(env, folder, () => takeLock(folder.lock));
  if ('holder' in lock) {
    throw new TypeKroError(`the process ${lock.holder} serves the cluster "${folder.name}" already`, {
      code: ALREADY_SERVED,
    });
  }
  const closers: (() => unknown)[] = [
    () => lock.release(),
    // A user may have removed the folder and started another cluster of the name, whose files must not change.
    () => (lock.isHeld() ? leaveFolder(folder).then(logProblem, logProblem) : undefined),
  ];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    // A record that is still there belongs to a process that has crashed.
    removeRecord(folder.path);
    const credentials = settings.data ? keptCredentials(folder) : undefined;
    const cluster = await createEmbeddedCluster({
      ...(settings.data ? { stateDirectory: folder.data } : {}),
      ...(credentials === undefined
        ? {}
        : { adminToken: credentials.adminToken, serviceAccountKeys: { signing: credentials.signingKey } }),
    });
    closers.push(() => cluster.close());
    const listener = await listen(cluster, settings, credentials);
    const control = await serveControl({
      objects: () => objectsIn(cluster.snapshot()),
      snapshot: () =>
        stateLines(cluster.snapshot(), {
          cluster: folder.name,
          kubernetesVersion: DEFAULT_KUBERNETES_MINOR,
          takenAt: isoTime(systemClock.now()),
        }),
      async restore(bytes) {
        await replaceContent(cluster, parseStateFile(bytes, 'the snapshot', DEFAULT_KUBERNETES_MINOR).snapshot);
      },
      reset: async () => replaceContent(cluster, await emptySnapshot()),
      stop: onStop,
    });
    closers.push(() => control.close());
    writeSettings(folder.path, { ...settings, lastPort: Number(new URL(listener.url).port) });
    writePrivate(folder.kubeconfig, listener.kubeconfig);
    writeRecord(folder.path, {
      schemaVersion: 1,
      pid: process.pid,
      url: listener.url,
      startedAt: isoTime(systemClock.now()),
      kubernetesVersion: DEFAULT_KUBERNETES_MINOR,
      controlPort: control.port,
      controlToken: control.token,
    });
    return { url: listener.url, isHeld: () => lock.isHeld(), close };
  } catch (error) {
    await close();
    throw isFull(error) ? folderError(error, folder.path) : error;
  }
}

/** Writes a problem into the log. */
function logProblem(problem: unknown): void {
  if (problem !== undefined) console.error(problem instanceof TypeKroError ? problem.format() : problem);
}

async function listen(
  cluster: Cluster,
  { port, lastPort }: ClusterSettings,
  credentials: ClusterCredentials | undefined,
): Promise<Listener> {
  const secure =
    credentials === undefined
      ? {}
      : { certificate: { cert: credentials.certificate, key: credentials.certificateKey } };
  if (port !== undefined) return listenOnPort(cluster, { port, ...secure });
  try {
    return await listenOnPort(cluster, { port: lastPort ?? 0, ...secure });
  } catch (error) {
    if (lastPort === undefined || !(error instanceof TypeKroError) || error.code !== 'up/port-in-use') throw error;
    console.error(`port ${lastPort} of the last run is in use; a free port is taken`);
    return listenOnPort(cluster, { port: 0, ...secure });
  }
}

/** The credentials in the folder. A cluster without any gets new ones. */
function keptCredentials({ path }: ClusterFolder): ClusterCredentials {
  const kept = readCredentials(path);
  if (kept !== undefined) return kept;
  const { cert, key } = createServingCertificate(systemClock.now(), []);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const credentials: ClusterCredentials = {
    schemaVersion: 1,
    adminToken: cryptoLibrary().randomBytes(32).toString('hex'),
    certificate: cert,
    certificateKey: key,
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  writeCredentials(path, credentials);
  return credentials;
}

/** Replaces the content at once. The controllers then adapt it to this cluster, for example the root certificates. */
async function replaceContent(cluster: Cluster, snapshot: ClusterSnapshot): Promise<void> {
  cluster.restore(snapshot);
  await cluster.idle();
}

/** The content of a new cluster. */
async function emptySnapshot(): Promise<ClusterSnapshot> {
  await using cluster = await createEmbeddedCluster();
  await cluster.idle();
  return cluster.snapshot();
}
