import type { Resource } from '../../compose/index.ts';

/** A condition of a status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly lastUpdateTime: string;
  readonly observedGeneration: number;
}

/** The fields of a container that a graph may read. */
export interface ContainerFields {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly containerPort: number; readonly name: string; readonly protocol: string }[];
}

/** The pod template of a workload. */
export interface PodTemplateFields {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly containers: readonly ContainerFields[]; readonly serviceAccountName: string };
}

/** The labels of the pods that a workload selects. */
export interface SelectorFields {
  readonly matchLabels: Readonly<Record<string, string>>;
}

/**
 * The fields of a Deployment that a graph may read. Here and in the other kinds, a counter that the server leaves out
 * reads as zero.
 */
export type DeploymentResource = Resource<{
  readonly spec: {
    readonly replicas: number;
    readonly paused: boolean;
    readonly selector: SelectorFields;
    readonly template: PodTemplateFields;
  };
  readonly status: {
    readonly replicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
    readonly updatedReplicas: number;
    readonly unavailableReplicas: number;
    readonly observedGeneration: number;
    readonly conditions: readonly Condition[];
    /**
     * Not a field of the API, but computed: `Running` when the condition Available is True at the current generation.
     * In any other state, `Failed` or `Progressing`.
     */
    readonly phase: string;
  };
}>;

/** The fields of a StatefulSet that a graph may read. */
export type StatefulSetResource = Resource<{
  readonly spec: {
    readonly replicas: number;
    readonly serviceName: string;
    readonly selector: SelectorFields;
    readonly template: PodTemplateFields;
  };
  readonly status: {
    readonly replicas: number;
    readonly readyReplicas: number;
    readonly availableReplicas: number;
    readonly currentReplicas: number;
    readonly updatedReplicas: number;
    readonly observedGeneration: number;
    readonly currentRevision: string;
    readonly updateRevision: string;
    readonly conditions: readonly Condition[];
    /**
     * Not a field of the API, but computed: `Running` when all desired replicas are ready at the current generation,
     * else `Progressing`.
     */
    readonly phase: string;
  };
}>;

/** The fields of a DaemonSet that a graph may read. */
export type DaemonSetResource = Resource<{
  readonly spec: { readonly selector: SelectorFields; readonly template: PodTemplateFields };
  readonly status: {
    readonly currentNumberScheduled: number;
    readonly desiredNumberScheduled: number;
    readonly numberReady: number;
    readonly numberAvailable: number;
    readonly numberUnavailable: number;
    readonly updatedNumberScheduled: number;
    readonly observedGeneration: number;
    readonly conditions: readonly Condition[];
    /**
     * Not a field of the API, but computed: `Running` when all scheduled pods are ready at the current generation, else
     * `Progressing`.
     */
    readonly phase: string;
  };
}>;

/** The fields of a Job that a graph may read. */
export type JobResource = Resource<{
  readonly spec: { readonly completions: number; readonly parallelism: number; readonly backoffLimit: number };
  readonly status: {
    readonly active: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly startTime: string;
    readonly completionTime: string;
    readonly conditions: readonly Condition[];
  };
}>;

/** The fields of a CronJob that a graph may read. */
export type CronJobResource = Resource<{
  readonly spec: { readonly schedule: string; readonly suspend: boolean };
  readonly status: {
    readonly lastScheduleTime: string;
    readonly lastSuccessfulTime: string;
    readonly active: readonly { readonly name: string }[];
  };
}>;

/** An address of a load balancer. */
export interface IngressAddress {
  readonly ip: string;
  readonly hostname: string;
}

/** Addresses of a load balancer. A node that reads the first address waits until the status has one. */
export type IngressAddresses = readonly [IngressAddress, ...IngressAddress[]];

/** The fields of a Service that a graph may read. */
export type ServiceResource = Resource<{
  readonly spec: {
    readonly clusterIP: string;
    readonly clusterIPs: readonly string[];
    readonly type: string;
    readonly selector: Readonly<Record<string, string>>;
    readonly externalIPs: readonly string[];
    readonly externalName: string;
    readonly ports: readonly {
      readonly name: string;
      readonly port: number;
      readonly targetPort: number | string;
      readonly nodePort: number;
      readonly protocol: string;
    }[];
  };
  readonly status: {
    readonly loadBalancer: { readonly ingress: IngressAddresses };
    readonly conditions: readonly Condition[];
    /** Not a field of the API: the value is that of `spec.clusterIP`. */
    readonly clusterIP: string;
  };
}>;

/** The fields of an Ingress that a graph may read. */
export type IngressResource = Resource<{
  readonly spec: { readonly ingressClassName: string; readonly rules: readonly { readonly host: string }[] };
  readonly status: { readonly loadBalancer: { readonly ingress: IngressAddresses } };
}>;

/** The fields of a ConfigMap that a graph may read. */
export type ConfigMapResource = Resource<{
  readonly data: Readonly<Record<string, string>>;
  readonly immutable: boolean;
}>;

/** The fields of a Secret that a graph may read. */
export type SecretResource = Resource<{
  readonly data: Readonly<Record<string, string>>;
  readonly type: string;
  readonly immutable: boolean;
}>;

/** The fields of a PersistentVolumeClaim that a graph may read. */
export type PvcResource = Resource<{
  readonly spec: {
    readonly volumeName: string;
    readonly storageClassName: string;
    readonly accessModes: readonly string[];
  };
  readonly status: {
    readonly phase: string;
    readonly capacity: Readonly<Record<string, string>>;
    readonly accessModes: readonly string[];
  };
}>;

/** The fields of a PersistentVolume that a graph may read. */
export type PersistentVolumeResource = Resource<{
  readonly spec: {
    readonly capacity: Readonly<Record<string, string>>;
    readonly storageClassName: string;
    readonly persistentVolumeReclaimPolicy: string;
  };
  readonly status: { readonly phase: string; readonly message: string; readonly reason: string };
}>;

/** The fields of a HorizontalPodAutoscaler that a graph may read. */
export type HpaResource = Resource<{
  readonly spec: { readonly minReplicas: number; readonly maxReplicas: number };
  readonly status: {
    readonly currentReplicas: number;
    readonly desiredReplicas: number;
    readonly observedGeneration: number;
    readonly lastScaleTime: string;
    readonly conditions: readonly Condition[];
    /** Not a field of `autoscaling/v2`: the average CPU utilization in `currentMetrics`. */
    readonly currentCPUUtilizationPercentage: number | undefined;
  };
}>;

/** The fields of a NetworkPolicy that a graph may read. */
export type NetworkPolicyResource = Resource<{ readonly spec: { readonly policyTypes: readonly string[] } }>;
