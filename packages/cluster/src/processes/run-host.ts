import type { Socket } from 'node:net';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ClusterClock } from '../cluster-clock.ts';
import type { ConfigProblem, MountProblem } from './config-source.ts';
import type { ContainerMembers, RunPrograms } from './container-members.ts';
import type { TokenRequest } from './pod-tokens.ts';

/** The input for the start of a run. */
export interface Preparation {
  readonly words: readonly string[];
  readonly variables: ReadonlyMap<string, string>;
  readonly directory: string;
}

/** The services that a pod provides to its containers. */
export interface RunHost {
  readonly clock: ClusterClock;
  readonly address: string;
  /** Begins a run of a container. */
  beginRun(): RunPrograms;
  readonly log: { begin(container: string): void; write(container: string, line: string): void };
  specification(pod: KubeObject, container: string): JsonObject;
  prepare(pod: KubeObject, container: JsonObject): Preparation | ConfigProblem | MountProblem;
  event(reason: string, message: string, type?: 'Normal' | 'Warning'): void;
  /** Connects to the port of a probe or a hook. Without a `host`, tries the address of the pod, and then 127.0.0.1. */
  connect(pod: KubeObject, host: string | undefined, port: number): Promise<Socket>;
  /** Called after the facts about a container have changed. */
  changed(): void;
}

/** The services that the cluster provides to the processes of a pod. */
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
  /** Issues a token of the pod's service account. Returns a problem when the account is missing. */
  token(pod: KubeObject, request: TokenRequest): string | ConfigProblem;
  /**
   * Creates a kubeconfig with a new token, which is valid for a year. Returns a problem when the service account is
   * missing.
   */
  kubeconfig(pod: KubeObject): string | ConfigProblem;
  serverUrl(): URL | undefined;
  /** The absolute path of a working directory. `path` is absolute, or relative to the folder of the cluster. */
  directoryOf(path: string): string;
  /** Reports a change of a pod's processes. `key` is the namespace and name of the pod, e.g. `default/web`. */
  changed(key: string): void;
  /** Logs an error that occurred while processes were killed or files were removed. */
  report(thrown: unknown): void;
}
