import type { Socket } from 'node:net';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { ClusterClock } from '../clock.ts';
import type { ConfigProblem, MountProblem } from './config-source.ts';
import type { ContainerMembers, RunPrograms } from './container-members.ts';
import type { TokenRequest } from './pod-tokens.ts';

/** The inputs with which a run starts. */
export interface Preparation {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly directory: string;
}

/** The services of a pod for its containers. */
export interface RunHost {
  readonly clock: ClusterClock;
  readonly address: string;
  /** Begins a run of a container. */
  beginRun(): RunPrograms;
  readonly log: {
    begin(container: string): void;
    write(container: string, line: string): void;
  };
  specification(pod: KubeObject, container: string): JsonObject;
  prepare(pod: KubeObject, container: JsonObject): Preparation | ConfigProblem | MountProblem;
  event(reason: string, message: string, type?: 'Normal' | 'Warning'): void;
  /** Connects to the port of a probe or a hook. The default hosts are those of `connectToPod`. */
  connect(pod: KubeObject, host: string | undefined, port: number): Promise<Socket>;
  /** Called after the facts about a container have changed. */
  changed(): void;
}

/** The services for the processes of a pod. */
export interface RuntimeServices {
  readonly clock: ClusterClock;
  readonly folder: string;
  readonly hostAddress: string;
  readonly inherited: ReadonlyMap<string, string>;
  readonly members: Pick<ContainerMembers, 'begin' | 'processesOf'>;
  readonly log: {
    begin(pod: KubeObject, container: string): void;
    write(pod: KubeObject, container: string, line: string): void;
  };
  find(kind: 'configmap' | 'secret', namespace: string, name: string): KubeObject | undefined;
  /** A new token of the pod's service account, or the problem of a missing account. */
  token(pod: KubeObject, request: TokenRequest): string | ConfigProblem;
  /** A kubeconfig with a new token, which is valid for a year; or the problem of a missing account. */
  kubeconfig(pod: KubeObject): string | ConfigProblem;
  serverUrl(): URL | undefined;
  /** The absolute path of a working directory. `path` is absolute, or relative to the folder of the cluster. */
  directoryOf(path: string): string;
  /** Reports a change of the processes of a pod. `key` is its namespace and name: `default/web`. */
  changed(key: string): void;
  /** Receives the errors of kills and removals, for the log of the cluster. */
  report(thrown: unknown): void;
}
