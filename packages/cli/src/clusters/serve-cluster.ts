import { generateKeyPairSync } from 'node:crypto';
import type {
  AuditOptions,
  Cluster,
  ClusterOptions,
  ClusterSnapshot,
  Listener,
  ServingCertificate,
} from '@typekro/cluster';
import {
  createCertificateAuthority,
  createEmbeddedCluster,
  createMovableClock,
  createServingCertificate,
  requireStandIn,
} from '@typekro/cluster';
import { cryptoLibrary, definedMembers, isoTime, TypeKroError } from '@typekro/kit/core';
import { pause, systemClock } from '@typekro/kube';
import { KUBERNETES_RELEASE } from '@typekro/kit/kubernetes';
import { processOptions } from '../run-processes-option.ts';
import { standInOptions } from '../stand-in-option.ts';
import { listenOnPort } from '../up/listen-on-port.ts';
import { takeLock } from '../up/process-lock.ts';
import { type ClusterFolder, folderError, inFolder, isOfFolder } from './cluster-folder.ts';
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
import { HeldFaults } from './held-faults.ts';
import { ALREADY_SERVED, leaveFolder } from './leave-folder.ts';
import { objectsInState, parseStateFile, stateLines } from './state-file.ts';

/**
 * The time until the containers of a deleted pod end. Clients of a named cluster can observe the terminating pod during
 * this time. On a real cluster, the kubelet checks the containers of a pod each second.
 */
export const POD_STOP_SECONDS = 1;

/** The options of the process that serves a named cluster. */
export interface ServeOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly folder: ClusterFolder;
  readonly settings: ClusterSettings;
  /** Called when a client of the control interface requests that the process end. */
  readonly onStop: () => void;
}

/** A named cluster that this process serves. */
export interface ServedCluster {
  readonly url: string;
  /** Does this process still hold the lock of the cluster's name? False after the folder was removed or replaced. */
  isHeld(): boolean;
  /** Closes the cluster, and updates its folder as `leaveFolder` describes. */
  close(): Promise<void>;
}

/**
 * Serves a named cluster in this process, and writes its kubeconfig and its record. With `data`, continues with the
 * stored objects and the same credentials. Uses the same port as before if the port is free.
 *
 * @throws TypeKroError `cluster/already-served` when another process serves the cluster, `up/port-in-use` for a port
 *   that the user specified, `cluster/folder`, `cluster/state-unreadable`, `cluster/audit-log`, `cluster/audit-policy`.
 *   Before it throws, it closes everything that it opened.
 */
export async function serveCluster({ env, folder, settings, onStop }: ServeOptions): Promise<ServedCluster> {
  const lock = inFolder(env, folder, () => takeLock(folder.lock));
  if ('holder' in lock) {
    throw new TypeKroError(`the process ${lock.holder} serves the cluster "${folder.name}" already`, {
      code: ALREADY_SERVED,
      ...definedMembers({ remedy: lock.elsewhere }),
    });
  }
  const closers: (() => unknown)[] = [
    () => lock.release(),
    // A user may have removed the folder and started another cluster with the same name. The files of the other cluster
    // must not change.
    () => (lock.isHeld() ? leaveFolder(folder).then(logProblem, logProblem) : undefined),
  ];
  const close = async (): Promise<void> => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    // If a record exists, the process that wrote it has crashed.
    removeRecord(folder.path);
    const credentials = settings.data ? keptCredentials(folder) : undefined;
    const clock = createMovableClock();
    const { kubernetesVersion = KUBERNETES_RELEASE } = settings;
    const audit = await auditOptions(settings);
    const standIns = standInOptions((settings.standIns ?? []).map(requireStandIn));
    const cluster = await createEmbeddedCluster({
      clock,
      kubernetesVersion,
      podStopSeconds: POD_STOP_SECONDS,
      ...(audit === undefined ? {} : { audit }),
      ...standIns,
      ...processOptions(settings.processDirectory),
      ...(settings.data ? { stateDirectory: folder.data } : {}),
      ...(credentials === undefined
        ? {}
        : {
            adminToken: credentials.adminToken,
            serviceAccountKeys: { signing: credentials.signingKey },
            certificateAuthority: { cert: credentials.authority, key: credentials.authorityKey },
          }),
    });
    closers.push(() => cluster.close());
    const certificate = credentials ?? newCertificate();
    const served = await ApiSocket.open(cluster, settings, certificate);
    closers.push(() => served.close());
    const { listener } = served;
    const control = await serveControl({
      objects: () => objectsInState(cluster.snapshot()),
      problem: () => problemOf(cluster),
      snapshot: () =>
        stateLines(cluster.snapshot(), {
          cluster: folder.name,
          kubernetesVersion,
          takenAt: isoTime(systemClock.now()),
        }),
      async restore(bytes) {
        await replaceContent(cluster, parseStateFile(bytes, 'the snapshot', kubernetesVersion).snapshot);
      },
      reset: async () => replaceContent(cluster, await emptySnapshot({ kubernetesVersion, ...standIns })),
      stop: onStop,
      faults: new HeldFaults(cluster.faults),
      clock,
      idle: () => cluster.idle(),
      async restart(pauseMs) {
        try {
          await served.restart(pauseMs);
        } catch (error) {
          // Clients know only this address, so the process ends when it cannot open the address again.
          console.error(error);
          onStop();
          throw TypeKroError.from(error, { code: 'cluster/restart', what: 'open the address of the API again' });
        }
      },
    });
    closers.push(() => control.close());
    writeSettings(folder.path, { ...settings, lastPort: Number(new URL(listener.url).port) });
    writePrivate(folder.kubeconfig, listener.kubeconfig);
    writeRecord(folder.path, {
      schemaVersion: 1,
      pid: process.pid,
      url: listener.url,
      startedAt: isoTime(systemClock.now()),
      kubernetesVersion,
      controlPort: control.port,
      controlToken: control.token,
    });
    return { url: listener.url, isHeld: () => lock.isHeld(), close };
  } catch (error) {
    await close();
    throw isOfFolder(error) ? folderError(error, folder.path) : error;
  }
}

/** The options of the audit log. The code that reads policies is loaded only for a cluster with a policy. */
async function auditOptions({ audit }: ClusterSettings): Promise<AuditOptions | undefined> {
  if (audit === undefined) return undefined;
  if (audit.policy === undefined) return { file: audit.log };
  const { readAuditPolicyFile } = await import('../audit-policy-file.ts');
  return { file: audit.log, policy: await readAuditPolicyFile(audit.policy, logProblem) };
}

/** The reason why the cluster refuses writes or fails; `undefined` when it works. */
function problemOf({ stateProblem, programProblem }: Cluster): string | undefined {
  if (stateProblem !== undefined) return `the cluster refuses writes, and keeps its objects: ${stateProblem}`;
  return programProblem === undefined ? undefined : `requests fail: ${programProblem}`;
}

/** Writes a problem into the log. */
function logProblem(problem: unknown): void {
  if (problem !== undefined) console.error(problem instanceof TypeKroError ? problem.format() : problem);
}

/** The socket of the API, which may be closed and opened again. */
class ApiSocket {
  readonly #cluster: Cluster;
  readonly #certificate: ServingCertificate;
  readonly #closing = new AbortController();
  #listener: Listener;
  /** The last requested restart. Restarts run one after another. */
  #lastRestart: Promise<void> = Promise.resolve();

  private constructor(cluster: Cluster, certificate: ServingCertificate, listener: Listener) {
    this.#cluster = cluster;
    this.#certificate = certificate;
    this.#listener = listener;
  }

  /**
   * Opens the socket on the port of the settings. Without one, uses the port of the last run if it is free, and any
   * free port if not.
   */
  static async open(
    cluster: Cluster,
    { port, lastPort }: ClusterSettings,
    { certificate: cert, certificateKey: key }: ServingKeys,
  ): Promise<ApiSocket> {
    const certificate = { cert, key };
    const opened = async (wanted: number) =>
      new ApiSocket(
        cluster,
        certificate,
        await listenOnPort(cluster, { port: wanted, certificate, preloadsAll: true }),
      );
    if (port !== undefined) return opened(port);
    try {
      return await opened(lastPort ?? 0);
    } catch (error) {
      if (lastPort === undefined || !(error instanceof TypeKroError) || error.code !== 'up/port-in-use') throw error;
      console.error(`port ${lastPort} of the last run is in use, so the cluster uses another port`);
      return opened(0);
    }
  }

  get listener(): Listener {
    return this.#listener;
  }

  /**
   * Closes the socket and its connections, and opens it again after a pause. Rejects when the cluster closes, or the
   * address cannot be opened.
   */
  restart(pauseMs: number): Promise<void> {
    const next = () => this.#restartNow(pauseMs);
    this.#lastRestart = this.#lastRestart.then(next, next);
    return this.#lastRestart;
  }

  /** Cancels a restart that is pausing: it does not open the socket again. Does not close an open socket. */
  close(): void {
    this.#closing.abort(new Error('the cluster is being stopped'));
  }

  async #restartNow(pauseMs: number): Promise<void> {
    const { signal } = this.#closing;
    const port = Number(new URL(this.#listener.url).port);
    await this.#listener.close();
    await pause(systemClock, pauseMs, signal);
    signal.throwIfAborted();
    this.#listener = await listenOnPort(this.#cluster, { port, certificate: this.#certificate });
  }
}

/** The certificate of the API and its key, in PEM. */
type ServingKeys = Pick<ClusterCredentials, 'certificate' | 'certificateKey'>;

function newCertificate(): ServingKeys {
  const { cert, key } = createServingCertificate(systemClock.now(), []);
  return { certificate: cert, certificateKey: key };
}

/** Returns the credentials in the folder, or new credentials if there are none. */
function keptCredentials({ path }: ClusterFolder): ClusterCredentials {
  const kept = readCredentials(path);
  if (kept !== undefined) return kept;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { cert: authority, key: authorityKey } = createCertificateAuthority(systemClock.now());
  const credentials: ClusterCredentials = {
    schemaVersion: 1,
    adminToken: cryptoLibrary().randomBytes(32).toString('hex'),
    ...newCertificate(),
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    authority,
    authorityKey,
  };
  writeCredentials(path, credentials);
  return credentials;
}

/**
 * Replaces the content in one step. The controllers then update values that depend on this cluster, for example the
 * root certificates.
 */
async function replaceContent(cluster: Cluster, snapshot: ClusterSnapshot): Promise<void> {
  cluster.restore(snapshot);
  await cluster.idle();
}

/** The content of a new cluster with these options. The definitions of its stand-ins belong to this content. */
async function emptySnapshot(options: ClusterOptions): Promise<ClusterSnapshot> {
  await using cluster = await createEmbeddedCluster(options);
  await cluster.idle();
  return cluster.snapshot();
}
