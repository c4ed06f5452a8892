import type { ArgumentTable, DerivedField } from '../../compose/index.ts';
import { createResource, ifPresent, joinLists, memberOf, present, withDefault } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { HpaResource } from './kinds.ts';

/** The workload that is scaled. */
export interface ScaleTarget {
  /** API version of the workload. Default apps/v1. */
  readonly apiVersion?: string | undefined;
  /** Kind of the workload, such as `Deployment`. */
  readonly kind: string;
  /** Name of the workload, in the namespace of the autoscaler. */
  readonly name: string;
}

/** Arguments of `Hpa`. */
export interface HpaConfig extends CommonConfig {
  /** The workload that is scaled. */
  readonly target?: ScaleTarget | undefined;
  /** The same as `target`, under Kubernetes' name. */
  readonly scaleTargetRef?: ScaleTarget | undefined;
  /** Minimum number of replicas. Default 1. */
  readonly minReplicas?: number | undefined;
  /** Maximum number of replicas; at least `minReplicas`. */
  readonly maxReplicas: number;
  /** Target of the average CPU utilization, in percent of the requests. */
  readonly cpuUtilization?: number | undefined;
  /** The same as `cpuUtilization`, under the name of autoscaling/v1. */
  readonly targetCPUUtilizationPercentage?: number | undefined;
  /** Metrics in the form of Kubernetes, in addition to the CPU. */
  readonly metrics?: readonly object[] | undefined;
  /** Limits on the rate of change of the number of replicas, for each direction. */
  readonly behavior?: object | undefined;
}

const ARGUMENTS: ArgumentTable<HpaConfig> = {
  ...COMMON,
  target: 'optional',
  scaleTargetRef: 'optional',
  minReplicas: 'optional',
  maxReplicas: 'required',
  cpuUtilization: 'optional',
  targetCPUUtilizationPercentage: 'optional',
  metrics: 'optional',
  behavior: 'optional',
};

const CPU =
  'metric.type == "Resource" && has(metric.resource) && metric.resource.name == "cpu" && has(metric.resource.current.averageUtilization)';

const DERIVED: readonly DerivedField[] = [
  {
    path: 'status.currentCPUUtilizationPercentage',
    cel: `self.status.currentMetrics.filter(metric, ${CPU})[0].resource.current.averageUtilization`,
    has: `has(self.status) && has(self.status.currentMetrics) && self.status.currentMetrics.exists(metric, ${CPU})`,
    type: 'integer',
    instead: 'status.currentMetrics',
  },
];

/** A HorizontalPodAutoscaler (autoscaling/v2). */
export const Hpa = simpleFactory('HorizontalPodAutoscaler.autoscaling', ARGUMENTS, (config: HpaConfig): HpaResource => {
  const { minReplicas, maxReplicas, metrics, behavior } = config;
  const target = withDefault(config.target, config.scaleTargetRef);
  const percent = withDefault(config.cpuUtilization, config.targetCPUUtilizationPercentage);
  return createResource(
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadataOf(config),
      spec: definedOnly({
        scaleTargetRef: present(target, targetReference),
        minReplicas,
        maxReplicas,
        metrics: ifPresent(
          percent,
          (sure) => joinLists([cpuMetric(sure)], metrics),
          () => metrics,
        ),
        behavior,
      }),
    },
    { ...idOf(config), derived: DERIVED },
  ) as HpaResource;
});

const targetReference = (target: unknown): object => ({
  apiVersion: withDefault(memberOf(target, 'apiVersion'), 'apps/v1'),
  kind: memberOf(target, 'kind'),
  name: memberOf(target, 'name'),
});

const cpuMetric = (percent: unknown): object => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
});
