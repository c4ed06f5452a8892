import { createResource, withDefault } from '../../compose/index.ts';
import type { DerivedField } from '../../compose/index.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { CronJobResource, DaemonSetResource, JobResource, StatefulSetResource } from './kinds.ts';
import { imageWarnings, podSpec, podTemplate, selectorOf } from './pods.ts';
import type { PodConfig } from './pods.ts';

/** Arguments of `StatefulSet`. */
export interface StatefulSetConfig extends PodConfig {
  /** Name of the headless Service; the name of the set when absent. */
  readonly serviceName?: string;
  /** Default 1. */
  readonly replicas?: number | undefined;
  readonly volumeClaimTemplates?: readonly object[];
  readonly updateStrategy?: object;
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel';
}

const CURRENT = 'self.?status.?observedGeneration.orValue(0) >= self.metadata.?generation.orValue(0)';

const STATEFUL_PHASE: readonly DerivedField[] = [
  {
    path: 'status.phase',
    cel: `self.?status.?readyReplicas.orValue(0) >= self.spec.?replicas.orValue(1) && ${CURRENT} ? "Running" : "Progressing"`,
    type: 'string',
    instead: 'status.readyReplicas',
  },
];

/** A StatefulSet with one container. */
export const StatefulSet = simpleFactory('StatefulSet.apps', (config: StatefulSetConfig): StatefulSetResource => {
  const { volumeClaimTemplates, updateStrategy, podManagementPolicy } = config;
  return createResource(
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadataOf(config),
      spec: given({
        serviceName: config.serviceName ?? config.name,
        replicas: withDefault(config.replicas, 1),
        selector: selectorOf(config),
        template: podTemplate(config),
        volumeClaimTemplates,
        updateStrategy,
        podManagementPolicy,
      }),
    },
    { ...idOf(config), derived: STATEFUL_PHASE, ...imageWarnings(config, 'StatefulSet') },
  ) as StatefulSetResource;
});

/** Arguments of `DaemonSet`. */
export interface DaemonSetConfig extends PodConfig {
  readonly updateStrategy?: object;
}

const DAEMON_PHASE: readonly DerivedField[] = [
  {
    path: 'status.phase',
    cel: `has(self.status) && self.status.numberReady >= self.status.desiredNumberScheduled && ${CURRENT} ? "Running" : "Progressing"`,
    type: 'string',
    instead: 'status.numberReady',
  },
];

/** A DaemonSet with one container. */
export const DaemonSet = simpleFactory(
  'DaemonSet.apps',
  (config: DaemonSetConfig): DaemonSetResource =>
    createResource(
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: metadataOf(config),
        spec: given({
          selector: selectorOf(config),
          template: podTemplate(config),
          updateStrategy: config.updateStrategy,
        }),
      },
      { ...idOf(config), derived: DAEMON_PHASE, ...imageWarnings(config, 'DaemonSet') },
    ) as DaemonSetResource,
);

/** Arguments of `Job`. */
export interface JobConfig extends PodConfig {
  readonly completions?: number | undefined;
  readonly parallelism?: number | undefined;
  readonly backoffLimit?: number | undefined;
  readonly activeDeadlineSeconds?: number;
  readonly ttlSecondsAfterFinished?: number;
  /** Default OnFailure. */
  readonly restartPolicy?: 'OnFailure' | 'Never';
}

function jobSpec(config: JobConfig): Record<string, unknown> {
  const { completions, parallelism, backoffLimit, activeDeadlineSeconds, ttlSecondsAfterFinished } = config;
  return given({
    completions,
    parallelism,
    backoffLimit,
    activeDeadlineSeconds,
    ttlSecondsAfterFinished,
    template: {
      metadata: podTemplate(config)['metadata'],
      spec: podSpec(config, { restartPolicy: config.restartPolicy ?? 'OnFailure' }),
    },
  });
}

/** A Job with one container. */
export const Job = simpleFactory(
  'Job.batch',
  (config: JobConfig): JobResource =>
    createResource(
      { apiVersion: 'batch/v1', kind: 'Job', metadata: metadataOf(config), spec: jobSpec(config) },
      { ...idOf(config), ...imageWarnings(config, 'Job') },
    ) as JobResource,
);

/** Arguments of `CronJob`. */
export interface CronJobConfig extends JobConfig {
  /** In cron syntax, e.g. `0 3 * * *`. */
  readonly schedule: string;
  readonly timeZone?: string;
  readonly suspend?: boolean | undefined;
  readonly concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace';
  readonly successfulJobsHistoryLimit?: number;
  readonly failedJobsHistoryLimit?: number;
  readonly startingDeadlineSeconds?: number;
}

/** A CronJob with one container. */
export const CronJob = simpleFactory('CronJob.batch', (config: CronJobConfig): CronJobResource => {
  const { schedule, timeZone, suspend, concurrencyPolicy } = config;
  return createResource(
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadataOf(config),
      spec: given({
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
    { ...idOf(config), ...imageWarnings(config, 'CronJob') },
  ) as CronJobResource;
});
