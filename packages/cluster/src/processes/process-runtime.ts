/**
 * Runs the local processes of a cluster. The simulated kubelet decides when they start and stop
 * (`controllers/process-pods.ts`), and pod subresources connect to them (`virtual/`).
 */
import { resolve } from 'node:path';
import { type KubeObject, EMBEDDED_CONTEXT, getOrInsert } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { tokenLifetime, YEAR_SECONDS } from '../auth/token-lifetime.ts';
import type { TokenIssuer } from '../auth/service-tokens.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import { type PodLogs, logKey } from '../pod-logs.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type { ConfigProblem } from './config-source.ts';
import { podAddress } from './connect-address.ts';
import type { ContainerRun } from './container-run.ts';
import { inheritedVariables } from './container-environment.ts';
import { excessOf, limitsOf } from './limits.ts';
import { createPodsFolder } from './pod-folder.ts';
import { PodRun, specificationOf } from './pod-run.ts';
import { removeTree } from './remove-tree.ts';
import type { TokenRequest } from './pod-tokens.ts';
import type { RuntimeServices } from './run-host.ts';
import { ContainerMembers } from './container-members.ts';
import { sharedMemoryBytes } from './process-table.ts';
import { Watchdog } from './watchdog.ts';

/** The parts of the cluster that the processes use. */
export interface RuntimeContext {
  readonly clock: ClusterClock;
  readonly store: ObjectLookup;
  readonly logs: Pick<PodLogs, 'begin' | 'write'>;
  readonly access: { readonly tokens: Pick<TokenIssuer, 'issue' | 'issuer'> };
  readonly serverUrl: string | undefined;
  readonly certificateAuthority: string;
  readonly options: { readonly processDirectory?: string };
  /** Logs an error that occurred while processes were killed or measured, or while files were removed. */
  readonly report: (thrown: unknown) => void;
}

/** The time between two measurements of the resource usage of all containers, in milliseconds. */
const MEASURE_MS = 250;

/** The local processes of one cluster. */
export class ProcessRuntime {
  /** Called with the key of a pod whose processes have changed. */
  onChange: (key: string) => void = () => undefined;
  readonly #context: RuntimeContext;
  readonly #folder = createPodsFolder();
  readonly #watchdog = new Watchdog(this.#folder);
  readonly #members = new ContainerMembers(this.#folder, this.#watchdog);
  readonly #runs = new Map<string, PodRun>();
  readonly #pods = new Map<string, KubeObject>();
  readonly #services: RuntimeServices;
  readonly #directory: string;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  /** Has the last measurement failed? */
  #hasFailed = false;

  /** `hostAddress` is the address of the node. */
  constructor(context: RuntimeContext, hostAddress: string) {
    this.#context = context;
    const { clock, logs } = context;
    this.#directory = resolve(context.options.processDirectory ?? '');
    this.#services = {
      clock,
      folder: this.#folder,
      hostAddress,
      inherited: inheritedVariables(process.env),
      members: this.#members,
      log: {
        begin: (pod, container) => logs.begin(logKey(pod, container)),
        write: (pod, container, line) => logs.write(logKey(pod, container), line),
      },
      find: (kind, namespace, name) => context.store.collection('', `${kind}s`).get(`${namespace}/${name}`)?.object,
      token: (pod, request) => this.#token(pod, request),
      kubeconfig: (pod) => {
        const token = this.#token(pod, { audience: '', expirationSeconds: YEAR_SECONDS });
        if (typeof token !== 'string') return token;
        return kubeconfigOf(context.serverUrl ?? '', context.certificateAuthority, token, pod.metadata.namespace ?? '');
      },
      serverUrl: () => (context.serverUrl === undefined ? undefined : new URL(context.serverUrl)),
      directoryOf: (path) => resolve(this.#directory, path),
      report: (thrown) => context.report(thrown),
      changed: (key) => {
        if (!this.#isClosed) this.onChange(key);
      },
    };
  }

  /** Returns the processes of a pod. The first call for a pod creates them. */
  runOf(pod: KubeObject): PodRun {
    const uid = pod.metadata.uid ?? '';
    const run = getOrInsert(this.#runs, uid, () => {
      const taken = new Set([...this.#runs.values()].map(({ address }) => address));
      return new PodRun(pod, podAddress(uid, taken, process.platform), this.#services);
    });
    this.#pods.set(uid, pod);
    this.#measureLater();
    return run;
  }

  /** Returns the processes of a pod; `undefined` for a pod without processes. */
  find(pod: KubeObject): PodRun | undefined {
    return this.#runs.get(pod.metadata.uid ?? '');
  }

  /** Returns a container of a pod; `undefined` for a simulated container. */
  container(pod: KubeObject, name: string): ContainerRun | undefined {
    return this.find(pod)?.containers.get(name);
  }

  /**
   * Returns the `https` URL of a Service's first ready pod that is a local process. `key` is the `namespace/name` of
   * the Service. Returns a problem when the Service or its port does not exist, or when no pod is ready. Returns
   * `undefined` for a Service of type `ExternalName`, and when all ready pods are simulated.
   */
  serviceUrl(key: string, port: number): string | ConfigProblem | undefined {
    const { store } = this.#context;
    const name = goQuote(key.slice(key.indexOf('/') + 1));
    const service = store.collection('', 'services').get(key)?.object;
    if (service === undefined) return { problem: `service ${name} not found` };
    if (textAt(service.spec, 'type') === 'ExternalName') return undefined;
    const entry = objectsAt(service.spec, 'ports').find((candidate) => numberAt(candidate, 'port') === port);
    if (entry === undefined) return { problem: `no service port ${port} found for service ${name}` };
    const endpoints = store.collection('', 'endpoints').get(key)?.object;
    let isReady = false;
    for (const subset of objectsAt(endpoints, 'subsets')) {
      const target = objectsAt(subset, 'ports').find((each) => textAt(each, 'name') === textAt(entry, 'name'));
      const number = target === undefined ? undefined : numberAt(target, 'port');
      for (const address of objectsAt(subset, 'addresses')) {
        isReady = true;
        // The address comes from the run and not from the endpoints, because users may also write endpoints.
        const run = this.#runs.get(textAt(address, 'targetRef', 'uid'));
        if (run !== undefined && number !== undefined) return `https://${run.address}:${number}`;
      }
    }
    return isReady ? undefined : { problem: `no endpoints available for service ${name}` };
  }

  /** Kills and forgets the processes of a pod. Never throws, because a listener of the store calls this method. */
  forget(uid: string): void {
    const run = this.#runs.get(uid);
    this.#runs.delete(uid);
    this.#pods.delete(uid);
    run?.kill();
  }

  /** Kills the processes of pods that no longer exist. */
  retain(exists: (uid: string) => boolean): void {
    for (const uid of this.#runs.keys()) if (!exists(uid)) this.forget(uid);
  }

  /** Called when a ConfigMap or a Secret of the namespace has changed. Yields the keys of the pods that may use it. */
  *invalidateVolumes(namespace: string): Generator<string> {
    for (const run of this.#runs.values()) {
      if (!run.key.startsWith(`${namespace}/`)) continue;
      run.invalidateVolumes();
      yield run.key;
    }
  }

  /** Kills all processes and removes their files. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const uid of this.#runs.keys()) this.forget(uid);
    this.#members.killEnded();
    this.#watchdog.close();
    try {
      removeTree(this.#folder);
    } catch (error) {
      // The removal may fail because a killed process still writes. In this case the watchdog removes the remaining
      // files.
      if (!this.#watchdog.hasStarted) this.#context.report(error);
    }
  }

  #token(
    { metadata, spec }: KubeObject,
    { audience, expirationSeconds: seconds }: TokenRequest,
  ): string | ConfigProblem {
    const { namespace = '', name = '', uid = '' } = metadata;
    const { store, access, clock } = this.#context;
    const account = textAt(spec, 'serviceAccountName') || 'default';
    const accountUid = store.collection('', 'serviceaccounts').get(`${namespace}/${account}`)?.object.metadata.uid;
    if (accountUid === undefined)
      return { problem: `failed to fetch token: serviceaccounts ${goQuote(account)} not found` };
    const { token } = access.tokens.issue({
      namespace,
      account,
      accountUid,
      audiences: [audience === '' ? access.tokens.issuer : audience],
      bindings: { pod: { name, uid } },
      lifetime: tokenLifetime({ seconds, isBoundToPod: true, isForServer: audience === '' }, clock.now()),
    });
    return token;
  }

  #measureLater(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    if (this.#runs.size === 0 && !this.#members.isEnding) return;
    this.#timer = setTimeout(() => {
      void this.#measure()
        .then(
          () => (this.#hasFailed = false),
          (error: unknown) => this.#measureFailed(error),
        )
        .finally(() => {
          this.#timer = undefined;
          this.#measureLater();
        });
    }, MEASURE_MS);
    this.#timer.unref();
  }

  /** Reports only the first of several consecutive failures. */
  #measureFailed(error: unknown): void {
    if (!this.#hasFailed) this.#context.report(error);
    this.#hasFailed = true;
  }

  /** Kills the containers that exceed their limits. */
  async #measure(): Promise<void> {
    const containers = new Map<string, { readonly container: ContainerRun; readonly pod: KubeObject }>();
    for (const [uid, run] of this.#runs) {
      const pod = this.#pods.get(uid);
      for (const container of run.containers.values()) {
        if (container.mark !== undefined && pod !== undefined) containers.set(container.mark, { container, pod });
      }
    }
    if (containers.size === 0 && !this.#members.isEnding) return;
    for (const [mark, { processes, pids, memoryBytes }] of await this.#members.measure()) {
      const found = containers.get(mark);
      if (found === undefined) continue;
      const limits = limitsOf(found.pod, specificationOf(found.pod, found.container.name));
      const use = { memoryBytes, processes };
      if (excessOf(use, limits) === undefined) continue;
      // `memoryBytes` counts shared pages once per process. Only if it exceeds the limit is the slower, exact
      // measurement needed.
      const excess = excessOf({ ...use, memoryBytes: sharedMemoryBytes(pids) ?? memoryBytes }, limits);
      if (excess !== undefined && found.container.mark === mark) found.container.killForExcess(excess);
    }
  }
}

/** The kubeconfig of a pod, with a token of its service account. It is written as JSON, which is valid YAML. */
function kubeconfigOf(server: string, ca: string, token: string, namespace: string): string {
  const trust =
    ca === ''
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': EMBEDDED_CONTEXT,
    clusters: [{ name: 'typekro', cluster: { server, ...trust } }],
    contexts: [{ name: EMBEDDED_CONTEXT, context: { cluster: 'typekro', user: 'pod', namespace } }],
    users: [{ name: 'pod', user: { token } }],
  });
}
