import type { ArgumentTable } from '../../compose/index.ts';
import {
  textArgument,
  isListArgument,
  isNumberArgument,
  isObjectArgument,
  joinLists,
  mapEntries,
  mapList,
  memberOf,
  mergeObjects,
  present,
  withDefault,
} from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly } from './common.ts';

/**
 * The source of a variable's value: a key of a ConfigMap or Secret, a field of the pod, or a resource request or limit
 * of a container.
 */
export interface EnvSource {
  /** `configMapKeyRef`, `secretKeyRef`, `fieldRef` or `resourceFieldRef`, in the form of Kubernetes. */
  readonly valueFrom: object;
}

/** A value of an environment variable; numbers and booleans are written as strings. */
export type EnvValue = string | number | boolean | EnvSource | undefined;

/** An entry of a container's `env` list. */
export interface EnvVar {
  /** Name of the variable. */
  readonly name: string;
  /** Value of the variable. `$(OTHER)` is replaced by the value of the variable `OTHER`. */
  readonly value?: string | undefined;
  /** Source of the value, instead of `value`. */
  readonly valueFrom?: object | undefined;
}

/** A port of a container. */
export interface ContainerPort {
  /** Port of the container, 1 to 65535. */
  readonly containerPort: number;
  /** Name that probes and Services may use, at most 15 characters. */
  readonly name?: string | undefined;
  /** `TCP`, `UDP` or `SCTP`. Default TCP. */
  readonly protocol?: string | undefined;
  /** Port of the node that forwards traffic to the container. */
  readonly hostPort?: number | undefined;
}

/** A probe of a container, in the form of Kubernetes, with one of `exec`, `httpGet`, `tcpSocket` and `grpc`. */
export interface Probe {
  /** A command in the container. The probe succeeds when the exit status is 0. */
  readonly exec?: { readonly command: readonly string[] } | undefined;
  /** An HTTP request. The probe succeeds when the status is from 200 to 399. */
  readonly httpGet?:
    | {
        readonly path?: string | undefined;
        readonly port: number | string;
        readonly scheme?: string | undefined;
        readonly host?: string | undefined;
      }
    | undefined;
  /** A TCP connection. */
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string | undefined } | undefined;
  /** A call of the gRPC health service. */
  readonly grpc?: { readonly port: number; readonly service?: string | undefined } | undefined;
  /** Seconds from the start of the container to the first probe. Default 0. */
  readonly initialDelaySeconds?: number | undefined;
  /** Seconds between probes. Default 10. */
  readonly periodSeconds?: number | undefined;
  /** Seconds after which a probe without a response counts as failed. Default 1. */
  readonly timeoutSeconds?: number | undefined;
  /** After a failure, the number of successes in a row with which the probe counts as successful. Default 1. */
  readonly successThreshold?: number | undefined;
  /** How many failures in a row the probe needs to count as failed. Default 3. */
  readonly failureThreshold?: number | undefined;
  /** Grace period of the pod after a failure of this probe, in seconds; the pod's own grace period when absent. */
  readonly terminationGracePeriodSeconds?: number | undefined;
}

/** Requests and limits of a container: quantities by resource, such as `cpu: '100m'` and `memory: '64Mi'`. */
export interface ResourceRequirements {
  /** Resources that the scheduler reserves. */
  readonly requests?:
    | ({ readonly cpu?: string | undefined; readonly memory?: string | undefined } & Readonly<
        Record<string, string | undefined>
      >)
    | undefined;
  /** The maximum amount of each resource that the container may use. */
  readonly limits?:
    | ({ readonly cpu?: string | undefined; readonly memory?: string | undefined } & Readonly<
        Record<string, string | undefined>
      >)
    | undefined;
}

/** The arguments that describe the pods of a workload. */
export interface PodConfig extends CommonConfig {
  /** Image of the container, such as `nginx:1.27`. */
  readonly image: string;
  /** Command of the container, which replaces the image's entry point. */
  readonly command?: readonly string[] | undefined;
  /** Arguments of the command, which replace those of the image. */
  readonly args?: readonly string[] | undefined;
  /** Environment variables as a map, or as Kubernetes' list. */
  readonly env?: Readonly<Record<string, EnvValue>> | readonly EnvVar[] | undefined;
  /** ConfigMaps and Secrets whose keys become environment variables. */
  readonly envFrom?: readonly object[] | undefined;
  /** Ports; a bare number is a containerPort. */
  readonly ports?: readonly (ContainerPort | number)[] | undefined;
  /** Requests and limits of the container. */
  readonly resources?: ResourceRequirements | undefined;
  /** Mounts of the pod's volumes in the container, each with `name` and `mountPath`. */
  readonly volumeMounts?: readonly object[] | undefined;
  /** Volumes of the pod, in the form of Kubernetes. */
  readonly volumes?: readonly object[] | undefined;
  /** Probe that decides whether the container gets traffic. */
  readonly readinessProbe?: Probe | undefined;
  /** Probe that decides whether the container works. After a failure, the container is restarted. */
  readonly livenessProbe?: Probe | undefined;
  /** Probe that decides whether the container has started. Other probes run only after its first success. */
  readonly startupProbe?: Probe | undefined;
  /**
   * When the node pulls the image. Default: `Always` for the tag `latest` or an image without a tag, else
   * `IfNotPresent`.
   */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined;
  /** Secrets with credentials of the registry. */
  readonly imagePullSecrets?: readonly { readonly name: string }[] | undefined;
  /** ServiceAccount that the pods run as. Default `default`. */
  readonly serviceAccountName?: string | undefined;
  /** Security settings of the container. */
  readonly securityContext?: object | undefined;
  /** Security settings of the pod. */
  readonly podSecurityContext?: object | undefined;
  /** Labels that a node must have. */
  readonly nodeSelector?: Readonly<Record<string, string>> | undefined;
  /** Taints of nodes that the pods tolerate. */
  readonly tolerations?: readonly object[] | undefined;
  /** Rules for scheduling the pods, based on the labels of nodes and on the other pods of these nodes. */
  readonly affinity?: object | undefined;
  /** Containers that run to their end, one after another, before the other containers start. */
  readonly initContainers?: readonly object[] | undefined;
  /** Containers in addition to the main one. */
  readonly containers?: readonly object[] | undefined;
  /** Annotations of the pods. */
  readonly podAnnotations?: Readonly<Record<string, string>> | undefined;
  /** Grace period of the pods, in seconds: the time between the request to terminate and the kill. Default 30. */
  readonly terminationGracePeriodSeconds?: number | undefined;
  /** When containers are restarted: `Always`, `OnFailure` or `Never`. Default Always. */
  readonly restartPolicy?: string | undefined;
}

/** The entries of `PodConfig` in a table of arguments. */
export const POD = {
  ...COMMON,
  image: 'expected',
  command: 'optional',
  args: 'optional',
  env: 'optional',
  envFrom: 'optional',
  ports: 'optional',
  resources: 'optional',
  volumeMounts: 'optional',
  volumes: 'optional',
  readinessProbe: 'optional',
  livenessProbe: 'optional',
  startupProbe: 'optional',
  imagePullPolicy: 'optional',
  imagePullSecrets: 'optional',
  serviceAccountName: 'optional',
  securityContext: 'optional',
  podSecurityContext: 'optional',
  nodeSelector: 'optional',
  tolerations: 'optional',
  affinity: 'optional',
  initContainers: 'optional',
  containers: 'optional',
  podAnnotations: 'optional',
  terminationGracePeriodSeconds: 'optional',
  restartPolicy: 'optional',
} as const satisfies ArgumentTable<PodConfig>;

/** The selector of the pods of a workload: the label `app` of the pods. */
export function selectorOf(config: CommonConfig): Record<string, unknown> {
  return { matchLabels: { app: withDefault(memberOf(config.labels, 'app'), config.name) } };
}

/** The pod template of a workload. */
export function podTemplate(config: PodConfig, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    metadata: definedOnly({
      labels: mergeObjects({ app: config.name }, config.labels),
      annotations: config.podAnnotations,
    }),
    spec: podSpec(config, extra),
  };
}

/** The spec of the pods. */
export function podSpec(config: PodConfig, extra: Record<string, unknown> = {}): Record<string, unknown> {
  const { volumes, serviceAccountName, imagePullSecrets, nodeSelector, tolerations, affinity, initContainers } = config;
  const main = containerOf(config);
  return definedOnly({
    containers: joinLists([main], config.containers),
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
  return definedOnly({
    name,
    image,
    command,
    args,
    env: envList(config.env),
    envFrom,
    ports: mapList(config.ports, portOf),
    resources,
    volumeMounts,
    readinessProbe,
    livenessProbe,
    startupProbe,
    imagePullPolicy: config.imagePullPolicy,
    securityContext: config.securityContext,
  });
}

const portOf = (port: unknown): unknown =>
  present(port, (sure) => (isNumberArgument(sure) ? { containerPort: sure } : sure));

function envList(env: PodConfig['env']): unknown {
  return present(env, (sure) =>
    isListArgument(sure) ? sure : mapEntries(sure as Readonly<Record<string, EnvValue>>, variableOf),
  );
}

const variableOf = (name: string, value: unknown): unknown =>
  isObjectArgument(value) ? mergeObjects({ name }, value as object) : { name, value: textArgument(value) };
