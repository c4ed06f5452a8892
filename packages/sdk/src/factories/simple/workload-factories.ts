import { type ArgumentTable, type DerivedField, createResource, withDefault } from '../../compose/index.ts';
import { definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { CronJobResource, DaemonSetResource, JobResource, StatefulSetResource } from './kinds.ts';
import { type PodConfig, POD, podSpec, podTemplate, selectorOf } from './pods.ts';

/** Arguments of `StatefulSet`. */
export interface StatefulSetConfig extends PodConfig {
  /** Name of the headless Service; the name of the set when absent. */
  readonly serviceName?: string | undefined;
  /** How many pods run. Leave it out if an autoscaler sets the number. Default of the API server: 1. */
  readonly replicas?: number | undefined;
  /** Templates of the claims that each pod gets. The claims are not deleted with the pod. */
  readonly volumeClaimTemplates?: readonly object[] | undefined;
  /** How pods are replaced: `OnDelete`, or `RollingUpdate` with its `partition`. Default RollingUpdate. */
  readonly updateStrategy?: object | undefined;
  /** `OrderedReady`: pods start and end one after another. `Parallel`: all at once. Default OrderedReady. */
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel' | undefined;
}

const STATEFUL_ARGUMENTS: ArgumentTable<StatefulSetConfig> = {
  ...POD,
  serviceName: 'optional',
  replicas: 'optional',
  volumeClaimTemplates: 'optional',
  updateStrategy: 'optional',
  podManagementPolicy: 'optional',
};

const CURRENT = 'self.?status.?observedGeneration.orValue(0) >= self.metadata.?generation.orValue(0)';

const STATEFUL_PHASE: readonly DerivedField[] = [
  {
    path: 'status.phase',
    cel: `self.?status.?readyReplicas.orValue(0) >= self.spec.?replicas.orValue(1) && ${CURRENT} ? "Running" : "Progressing"`,
    type: 'string',
    instead: 'status.readyReplicas',
  },
];

/** A StatefulSet with the container that the arguments describe, and with the additional containers in `containers`. */
export const StatefulSet = simpleFactory(
  'StatefulSet.apps',
  STATEFUL_ARGUMENTS,
  (config: StatefulSetConfig): StatefulSetResource => {
    const { volumeClaimTemplates, updateStrategy, podManagementPolicy } = config;
    return createResource(
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: metadataOf(config),
        spec: definedOnly({
          serviceName: withDefault(config.serviceName, config.name),
          replicas: config.replicas,
          selector: selectorOf(config),
          template: podTemplate(config),
          volumeClaimTemplates,
          updateStrategy,
          podManagementPolicy,
        }),
      },
      { ...idOf(config), derived: STATEFUL_PHASE },
    ) as StatefulSetResource;
  },
);

/** Arguments of `DaemonSet`. */
export interface DaemonSetConfig extends PodConfig {
  /** How pods are replaced: `OnDelete`, or `RollingUpdate` with its bounds. Default RollingUpdate. */
  readonly updateStrategy?: object | undefined;
}

const DAEMON_ARGUMENTS: ArgumentTable<DaemonSetConfig> = { ...POD, updateStrategy: 'optional' };

const DAEMON_PHASE: readonly DerivedField[] = [
  {
    path: 'status.phase',
    cel: `has(self.status) && self.status.numberReady >= self.status.desiredNumberScheduled && ${CURRENT} ? "Running" : "Progressing"`,
    type: 'string',
    instead: 'status.numberReady',
  },
];

/** A DaemonSet with the container that the arguments describe, and with the additional containers in `containers`. */
export const DaemonSet = simpleFactory(
  'DaemonSet.apps',
  DAEMON_ARGUMENTS,
  (config: DaemonSetConfig): DaemonSetResource =>
    createResource(
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: metadataOf(config),
        spec: definedOnly({
          selector: selectorOf(config),
          template: podTemplate(config),
          updateStrategy: config.updateStrategy,
        }),
      },
      { ...idOf(config), derived: DAEMON_PHASE },
    ) as DaemonSetResource,
);

/** Arguments of `Job`. */
export interface JobConfig extends PodConfig {
  /** How many pods must succeed. Default 1. If only `parallelism` is set, one successful pod is enough. */
  readonly completions?: number | undefined;
  /** How many pods may run at once. Default 1. */
  readonly parallelism?: number | undefined;
  /** How many failed pods are replaced before the Job counts as failed. Default 6. */
  readonly backoffLimit?: number | undefined;
  /** Time limit of the Job, in seconds. After this time, its pods are terminated. */
  readonly activeDeadlineSeconds?: number | undefined;
  /** Seconds between the end of the Job and its deletion. Absent: the Job is not deleted. */
  readonly ttlSecondsAfterFinished?: number | undefined;
  /** When containers are restarted. Default OnFailure. */
  readonly restartPolicy?: 'OnFailure' | 'Never' | undefined;
}

const JOB_ARGUMENTS = {
  ...POD,
  completions: 'optional',
  parallelism: 'optional',
  backoffLimit: 'optional',
  activeDeadlineSeconds: 'optional',
  ttlSecondsAfterFinished: 'optional',
} as const satisfies ArgumentTable<JobConfig>;

function jobSpec(config: JobConfig): Record<string, unknown> {
  const { completions, parallelism, backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished } = config;
  return definedOnly({
    completions,
    parallelism,
    backoffLimit,
    activeDeadlineSeconds,
    ttlSecondsAfterFinished,
    template: {
      metadata: podTemplate(config)['metadata'],
      spec: podSpec(config, { restartPolicy: withDefault(config.restartPolicy, 'OnFailure') }),
    },
  });
}

/** A Job with the container that the arguments describe, and with the additional containers in `containers`. */
export const Job = simpleFactory(
  'Job.batch',
  JOB_ARGUMENTS,
  (config: JobConfig): JobResource =>
    createResource(
      { apiVersion: 'batch/v1', kind: 'Job', metadata: metadataOf(config), spec: jobSpec(config) },
      idOf(config),
    ) as JobResource,
);

/** Arguments of `CronJob`. */
export interface CronJobConfig extends JobConfig {
  /** Times of the Jobs in cron syntax, e.g. `0 3 * * *`. */
  readonly schedule: string;
  /** Time zone of the schedule, e.g. `Europe/Zurich`; the time zone of kube-controller-manager when absent. */
  readonly timeZone?: string | undefined;
  /** If true, no more Jobs are started. Default false. */
  readonly suspend?: boolean | undefined;
  /** What happens when a Job is still running at the time of the next Job. Default Allow. */
  readonly concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace' | undefined;
  /** How many successful Jobs are kept. Default 3. */
  readonly successfulJobsHistoryLimit?: number | undefined;
  /** How many failed Jobs are kept. Default 1. */
  readonly failedJobsHistoryLimit?: number | undefined;
  /** A Job that did not start at its scheduled time is still started within this number of seconds. */
  readonly startingDeadlineSeconds?: number | undefined;
}

const CRON_ARGUMENTS: ArgumentTable<CronJobConfig> = {
  ...JOB_ARGUMENTS,
  schedule: 'required',
  timeZone: 'optional',
  suspend: 'optional',
  concurrencyPolicy: 'optional',
  successfulJobsHistoryLimit: 'optional',
  failedJobsHistoryLimit: 'optional',
  startingDeadlineSeconds: 'optional',
};

/**
 * A CronJob whose Jobs have the container that the arguments describe, and the additional containers in `containers`.
 */
export const CronJob = simpleFactory('CronJob.batch', CRON_ARGUMENTS, (config: CronJobConfig): CronJobResource => {
  const { schedule, timeZone, suspend, concurrencyPolicy } = config;
  return createResource(
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadataOf(config),
      spec: definedOnly({
        schedule,
        timeZone,
        suspend,
        concurrencyPolicy,
        successfulJobsHistoryLimit: config.successfulJobsHistoryLimit,
        failedJobsHistoryLimit: config.failedJobsHistoryLimit,
        startingDeadlineSeconds: config.startingDeadlineSeconds,
        jobTemplate: { spec: jobSpec(config) },
      }),
    },
    idOf(config),
  ) as CronJobResource;
});
