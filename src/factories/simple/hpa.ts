import { createResource } from '../../compose/index.ts';
import type { DerivedField } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { HpaResource } from './kinds.ts';

/** The workload that is scaled. */
export interface ScaleTarget {
  /** Default apps/v1. */
  readonly apiVersion?: string;
  readonly kind: string;
  readonly name: string;
}

/** Arguments of `Hpa`. */
export interface HpaConfig extends CommonConfig {
  readonly target?: ScaleTarget;
  /** The same as `target`, under Kubernetes' name. */
  readonly scaleTargetRef?: ScaleTarget;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas: number;
  /** Average CPU utilization to hold, in percent of the requests. */
  readonly cpuUtilization?: number | undefined;
  /** The same as `cpuUtilization`, under the name of autoscaling/v1. */
  readonly targetCPUUtilizationPercentage?: number | undefined;
  /** Metrics as Kubernetes takes them, besides the CPU. */
  readonly metrics?: readonly object[];
  readonly behavior?: object;
}

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
export const Hpa = simpleFactory('HorizontalPodAutoscaler.autoscaling', (config: HpaConfig): HpaResource => {
  const { minReplicas, maxReplicas, metrics = [], behavior } = config;
  const target = config.target ?? config.scaleTargetRef;
  const percent = config.cpuUtilization ?? config.targetCPUUtilizationPercentage;
  const cpu = {
    type: 'Resource',
    resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: percent } },
  };
  const all = percent === undefined ? metrics : [cpu, ...metrics];
  return createResource(
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadataOf(config),
      spec: given({
        scaleTargetRef:
          target === undefined
            ? undefined
            : { apiVersion: target.apiVersion ?? 'apps/v1', kind: target.kind, name: target.name },
        minReplicas,
        maxReplicas,
        metrics: all.length === 0 ? undefined : all,
        behavior,
      }),
    },
    { ...idOf(config), derived: DERIVED },
  ) as HpaResource;
});
