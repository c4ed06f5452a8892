import { asText, isNumber, mapEntries, mapList, mergeObjects } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given } from './common.ts';

/** A value of an environment variable; numbers and booleans are written as texts. */
export type EnvValue = string | number | boolean | undefined;

/** An entry of a container's `env` list. */
export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** A port of a container. */
export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly protocol?: string;
  readonly hostPort?: number;
}

/** A probe of a container, as Kubernetes takes it. */
export interface Probe {
  readonly exec?: { readonly command: readonly string[] };
  readonly httpGet?: {
    readonly path?: string;
    readonly port: number | string;
    readonly scheme?: string;
    readonly host?: string;
  };
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly grpc?: { readonly port: number; readonly service?: string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly terminationGracePeriodSeconds?: number;
}

/** Requests and limits of a container. */
export interface ResourceRequirements {
  readonly requests?: { readonly cpu?: string | undefined; readonly memory?: string | undefined } & Readonly<
    Record<string, string | undefined>
  >;
  readonly limits?: { readonly cpu?: string | undefined; readonly memory?: string | undefined } & Readonly<
    Record<string, string | undefined>
  >;
}

/** What the pods of a workload are made of. */
export interface PodConfig extends CommonConfig {
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Environment variables as a map, or as Kubernetes' list. */
  readonly env?: Readonly<Record<string, EnvValue>> | readonly EnvVar[];
  readonly envFrom?: readonly object[];
  /** Ports; a bare number is a containerPort. */
  readonly ports?: readonly (ContainerPort | number)[];
  readonly resources?: ResourceRequirements;
  readonly volumeMounts?: readonly object[];
  readonly volumes?: readonly object[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly serviceAccountName?: string;
  readonly securityContext?: object;
  readonly podSecurityContext?: object;
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly object[];
  readonly affinity?: object;
  readonly initContainers?: readonly object[];
  /** Further containers beside the main one. */
  readonly containers?: readonly object[];
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly terminationGracePeriodSeconds?: number;
  readonly restartPolicy?: string;
}

/** Labels that select the pods of a workload. */
export function selectorOf(config: CommonConfig): Record<string, unknown> {
  return { matchLabels: { app: config.name } };
}

/** The pod template of a workload. */
export function podTemplate(config: PodConfig, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: given({ labels: mergeObjects({ app: config.name }, config.labels), annotations: config.podAnnotations }),
    spec: podSpec(config, extra),
  };
}

/** The spec of the pods. */
export function podSpec(config: PodConfig, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const { volumes, serviceAccountName, imagePullSecrets, nodeSelector, tolerations, affinity, initContainers } = config;
  const main = containerOf(config);
  return given({
    containers: config.containers === undefined ? [main] : [main, ...config.containers],
    volumes,
    serviceAccountName,
    imagePullSecrets,
    nodeSelector,
    tolerations,
    affinity,
    initContainers,
    securityContext: config.podSecurityContext,
    terminationGracePeriodSeconds: config.terminationGracePeriodSeconds,
    restartPolicy: config.restartPolicy,
    ...extra,
  });
}

function containerOf(config: PodConfig): Record<string, unknown> {
  const { name, image, command, args, envFrom, resources, volumeMounts, readinessProbe, livenessProbe, startupProbe } =
    config;
  return given({
    name,
    image,
    command,
    args,
    env: envList(config.env),
    envFrom,
    ports: mapList(config.ports, (port) => (isNumber(port) ? { containerPort: port } : port)),
    resources,
    volumeMounts,
    readinessProbe,
    livenessProbe,
    startupProbe,
    imagePullPolicy: config.imagePullPolicy,
    securityContext: config.securityContext,
  });
}

function envList(env: PodConfig['env']): unknown {
  if (env === undefined || Array.isArray(env)) return env;
  return mapEntries(env as Readonly<Record<string, EnvValue>>, (name, value) => ({ name, value: asText(value) }));
}

/** The warning for a workload without an image: no API server takes it. */
export function imageWarnings(
  config: PodConfig,
  kind: string,
): { readonly warnings?: readonly { code: string; message: string; hint: string }[] } {
  if ((config.image as string | undefined) !== undefined) return {};
  return {
    warnings: [
      { code: 'missing-image', message: `${kind} has no image; the API server will refuse it`, hint: 'add image' },
    ],
  };
}
