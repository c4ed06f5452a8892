import type { Socket } from 'node:net';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { countAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { containersOf } from '../kinds/pods/pod-resources.ts';
import { type ConfigProblem, type ConfigSource, type MountProblem, isProblem, mountMessage } from './config-source.ts';
import { type PodPort, connectToPod } from './connect-address.ts';
import { ContainerRun, graceMsOf } from './container-run.ts';
import { containerCommand, containerEnvironment } from './container-environment.ts';
import { type ContainerEnd, type ContainerFacts, type LifeDecision, decideLife, NEW_CONTAINER } from './life.ts';
import { PodFolder } from './pod-folder.ts';
import { PodTokens } from './pod-tokens.ts';
import type { Preparation, RunHost, RuntimeServices } from './run-host.ts';
import type { VolumeInput } from './volume-files.ts';

/** An event about a pod. The kubelet has not recorded this event yet. */
export interface PodEvent {
  readonly reason: string;
  readonly message: string;
  readonly type: 'Normal' | 'Warning';
}

/** The processes of one pod. */
export class PodRun {
  readonly key: string;
  readonly uid: string;
  readonly address: string;
  readonly #services: RuntimeServices;
  readonly #folder: PodFolder;
  readonly #containers = new Map<string, ContainerRun>();
  readonly #tokens: PodTokens;
  #events: PodEvent[] = [];
  #hasStaleVolumes = false;
  #isKilled = false;
  /** The listeners to call when the processes are killed. */
  readonly #killListeners = new Set<() => void>();
  /** The problem of the volumes, as the last event has reported it. */
  #volumeProblem: string | undefined;

  /**
   * If the stored status says that a container runs, an earlier process of the cluster ran it. Such a container counts
   * as ended.
   */
  constructor(pod: KubeObject, address: string, services: RuntimeServices) {
    const { namespace = '', name = '', uid = '' } = pod.metadata;
    this.key = `${namespace}/${name}`;
    this.uid = uid;
    this.address = address;
    this.#services = services;
    this.#tokens = new PodTokens(services.clock);
    this.#folder = new PodFolder(services.folder, uid);
    const host = this.#host(pod);
    for (const list of ['initContainers', 'containers'] as const) {
      for (const container of objectsAt(pod.spec, list)) {
        const containerName = textAt(container, 'name');
        const status = objectsAt(
          pod.status,
          list === 'containers' ? 'containerStatuses' : 'initContainerStatuses',
        ).find((entry) => entry['name'] === containerName);
        this.#containers.set(containerName, earlierRun(containerName, host, status));
      }
    }
  }

  get containers(): ReadonlyMap<string, ContainerRun> {
    return this.#containers;
  }

  factsOf(name: string): ContainerFacts {
    return this.#containers.get(name)?.facts ?? NEW_CONTAINER;
  }

  decide(pod: KubeObject, startMs: number): LifeDecision {
    const decision = decideLife(pod, (name) => this.factsOf(name), startMs, this.#services.clock.now());
    const renewal = decision.isOver ? undefined : this.#tokens.untilRenewalMs;
    if (renewal === undefined) return decision;
    return { ...decision, next: Math.min(decision.next ?? renewal, renewal) };
  }

  /** Starts and stops containers as decided. */
  apply(pod: KubeObject, { start, stop }: LifeDecision): void {
    const hasDropped = this.#tokens.dropDue();
    if (this.#hasStaleVolumes || hasDropped) this.#refreshVolumes(pod);
    for (const name of start) this.#containers.get(name)?.start(pod);
    for (const name of stop) this.#containers.get(name)?.stop(pod, graceMsOf(pod));
    // A second deletion may shorten the grace period.
    if (pod.metadata.deletionTimestamp === undefined) return;
    for (const container of this.#containers.values()) container.shortenGrace(graceMsOf(pod));
  }

  /** Connects to a port of the pod, as `connectToPod` does. */
  connect(pod: KubeObject, port: number, options: Pick<PodPort, 'host' | 'isDeclared'>): Promise<Socket> {
    const url = this.#services.serverUrl();
    return connectToPod({
      ...options,
      pod,
      address: this.address,
      port,
      processes: () =>
        this.#services.members.processesOf(new Set([...this.#containers.values()].flatMap(({ mark }) => mark ?? []))),
      clusterPort: url === undefined ? undefined : Number(url.port),
    });
  }

  /** The events that are not recorded yet. */
  get events(): readonly PodEvent[] {
    return this.#events;
  }

  /** Removes the first `count` events, which are now recorded. */
  dropEvents(count: number): void {
    this.#events = this.#events.slice(count);
  }

  /** Called when a ConfigMap or a Secret has changed. The next `apply` writes the files of the volumes again. */
  invalidateVolumes(): void {
    this.#hasStaleVolumes = true;
  }

  /**
   * Calls the listener when all processes are killed, because the pod has ended or is deleted, or the cluster ends.
   * Returns a function that removes the listener.
   */
  whenKilled(listener: () => void): () => void {
    if (this.#isKilled) queueMicrotask(listener);
    else this.#killListeners.add(listener);
    return () => void this.#killListeners.delete(listener);
  }

  /** Kills all processes. Their files are removed when the last process has ended. Never throws. */
  kill(): void {
    this.#isKilled = true;
    for (const listener of this.#killListeners) listener();
    for (const container of this.#containers.values()) {
      try {
        container.kill();
      } catch (error) {
        this.#services.report(error);
      }
    }
    this.#removeFiles();
  }

  /** Removes the files of a killed pod, unless a process of the pod may still write files. */
  #removeFiles(): void {
    if ([...this.#containers.values()].some(({ isActive }) => isActive)) return;
    try {
      this.#folder.remove();
    } catch (error) {
      this.#services.report(error);
    }
  }

  #refreshVolumes(pod: KubeObject): void {
    this.#hasStaleVolumes = false;
    const found = this.#folder.refresh(this.#volumeInput(pod));
    if (found !== undefined && found.problem !== this.#volumeProblem) {
      this.#event('FailedMount', mountMessage(found), 'Warning');
    }
    this.#volumeProblem = found?.problem;
  }

  #event(reason: string, message: string, type: PodEvent['type']): void {
    this.#events.push({ reason, message, type });
    this.#changed();
  }

  #changed(): void {
    if (this.#isKilled) this.#removeFiles();
    else this.#services.changed(this.key);
  }

  #host(pod: KubeObject): RunHost {
    const services = this.#services;
    return {
      clock: services.clock,
      address: this.address,
      beginRun: () => services.members.begin(),
      log: {
        begin: (container) => services.log.begin(pod, container),
        // After a deletion, output that is still in the pipes must not create the log of the pod again.
        write: (container, line) => {
          if (!this.#isKilled) services.log.write(pod, container, line);
        },
      },
      specification: (latest, container) => specificationOf(latest, container),
      prepare: (latest, container) => this.#prepare(latest, container),
      connect: (latest, host, port) =>
        this.connect(latest, port, { isDeclared: true, ...(host === undefined ? {} : { host }) }),
      event: (reason, message, type = 'Normal') => this.#event(reason, message, type),
      changed: () => this.#changed(),
    };
  }

  #config(pod: KubeObject): ConfigSource {
    const namespace = pod.metadata.namespace ?? '';
    return { find: (kind, name) => this.#services.find(kind, namespace, name) };
  }

  #volumeInput(pod: KubeObject): VolumeInput {
    return {
      pod,
      config: this.#config(pod),
      facts: { address: this.address, hostAddress: this.#services.hostAddress },
      token: (request) => this.#tokens.get(request, () => this.#services.token(pod, request)),
    };
  }

  #prepare(pod: KubeObject, container: JsonObject): Preparation | ConfigProblem | MountProblem {
    const fixed = this.#fixedVariables(pod, container);
    if (isProblem(fixed)) return { ...fixed, isMount: true };
    const variables = containerEnvironment({
      pod,
      container,
      config: this.#config(pod),
      facts: { address: this.address, hostAddress: this.#services.hostAddress },
      inherited: this.#services.inherited,
      fixed,
    });
    if (isProblem(variables)) return variables;
    const words = containerCommand(container, variables);
    if ('problem' in words) return words;
    const problem = this.#folder.mount(this.#volumeInput(pod), container, variables);
    if (problem !== undefined) return { ...problem, isMount: true };
    const directory = textAt(container, 'workingDir');
    return { words, variables, directory: this.#services.directoryOf(directory) };
  }

  /**
   * The variables that tell a program the paths of its files, its address and the address of the API. Returns a problem
   * when the service account is missing.
   */
  #fixedVariables(pod: KubeObject, container: JsonObject): Map<string, string> | ConfigProblem {
    const variables = new Map([
      ['TYPEKRO_ROOT', this.#folder.rootOf(textAt(container, 'name'))],
      ['TYPEKRO_POD_IP', this.address],
      ['HOSTNAME', textAt(pod.spec, 'hostname') || (pod.metadata.name ?? '')],
    ]);
    const server = this.#services.serverUrl();
    if (server === undefined) return variables;
    variables.set('KUBERNETES_SERVICE_HOST', server.hostname.replaceAll(/[[\]]/g, ''));
    variables.set('KUBERNETES_SERVICE_PORT', server.port);
    variables.set('KUBERNETES_SERVICE_PORT_HTTPS', server.port);
    if (pod.spec?.['automountServiceAccountToken'] === false) return variables;
    const kubeconfig = this.#services.kubeconfig(pod);
    if (typeof kubeconfig !== 'string') return kubeconfig;
    variables.set('KUBECONFIG', this.#folder.writeOwn('kubeconfig', kubeconfig));
    return variables;
  }
}

/** The specification of a container or an init container; an empty object when no container has this name. */
export function specificationOf({ spec }: KubeObject, name: string): JsonObject {
  return containersOf(spec).find((container) => container['name'] === name) ?? {};
}

/** Creates a container in the state that the stored status describes. */
function earlierRun(name: string, host: RunHost, status: JsonObject | undefined): ContainerRun {
  const restarts = countAt(status, 'restartCount');
  const running = optionalAt(status, 'state', 'running');
  const terminated = optionalAt(status, 'state', 'terminated') ?? optionalAt(status, 'lastState', 'terminated');
  if (running !== undefined) {
    const startedMs = timeOf(running, 'startedAt') ?? host.clock.now();
    const message = 'the cluster ended, and all its processes with it';
    const end = { exitCode: 137, reason: 'Error', message, startedMs, endedMs: host.clock.now() };
    return new ContainerRun(name, host, restarts, end, true);
  }
  if (terminated === undefined) return new ContainerRun(name, host, restarts, undefined, false);
  const startedMs = timeOf(terminated, 'startedAt') ?? 0;
  const end: ContainerEnd = {
    exitCode: countAt(terminated, 'exitCode'),
    reason: textAt(terminated, 'reason'),
    startedMs,
    endedMs: timeOf(terminated, 'finishedAt') ?? startedMs,
  };
  return new ContainerRun(name, host, restarts, end, true);
}

function timeOf(object: JsonObject, member: string): number | undefined {
  const milliseconds = Date.parse(textAt(object, member));
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}
