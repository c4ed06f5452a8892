import { type ArgumentTable, type DerivedField, createResource } from '../../compose/index.ts';
import { definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { DeploymentResource } from './kinds.ts';
import { type PodConfig, POD, podTemplate, selectorOf } from './pods.ts';

/** Arguments of `Deployment`. */
export interface DeploymentConfig extends PodConfig {
  /** How many pods run. Leave it out if an autoscaler sets the number. Default of the API server: 1. */
  readonly replicas?: number | undefined;
  /** How pods are replaced: `Recreate`, or `RollingUpdate` with its bounds. Default RollingUpdate. */
  readonly strategy?: object | undefined;
  /** Seconds that a new pod must be ready before it counts as available. Default 0. */
  readonly minReadySeconds?: number | undefined;
  /** How many old ReplicaSets are kept for a rollback. Default 10. */
  readonly revisionHistoryLimit?: number | undefined;
  /** After this number of seconds without progress, the Deployment counts as failed. Default 600. */
  readonly progressDeadlineSeconds?: number | undefined;
}

const ARGUMENTS: ArgumentTable<DeploymentConfig> = {
  ...POD,
  replicas: 'optional',
  strategy: 'optional',
  minReadySeconds: 'optional',
  revisionHistoryLimit: 'optional',
  progressDeadlineSeconds: 'optional',
};

const AVAILABLE =
  'self.?status.?conditions.orValue([]).exists(condition, condition.type == "Available" && condition.status == "True") && ' +
  'self.?status.?observedGeneration.orValue(0) >= self.metadata.?generation.orValue(0)';
const FAILED =
  'self.?status.?conditions.orValue([]).exists(condition, condition.type == "Progressing" && condition.status == "False")';

const DERIVED: readonly DerivedField[] = [
  {
    path: 'status.phase',
    cel: `${AVAILABLE} ? "Running" : ${FAILED} ? "Failed" : "Progressing"`,
    type: 'string',
    instead: 'status.conditions (Available)',
  },
];

/**
 * A Deployment with the container that the arguments describe, and with the additional containers in `containers`. The
 * main container, the label `app` and the selector have the value of `name`. If `labels` has an entry `app`, the label
 * and the selector have the value of this entry.
 *
 * @example Deployment({ name: spec.name, image: spec.image, replicas: spec.replicas, ports: [8080] })
 */
export const Deployment = simpleFactory(
  'Deployment.apps',
  ARGUMENTS,
  (config: DeploymentConfig): DeploymentResource => {
    const { strategy, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds } = config;
    return createResource(
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: metadataOf(config),
        spec: definedOnly({
          replicas: config.replicas,
          selector: selectorOf(config),
          template: podTemplate(config),
          strategy,
          minReadySeconds,
          revisionHistoryLimit,
          progressDeadlineSeconds,
        }),
      },
      { ...idOf(config), derived: DERIVED },
    ) as DeploymentResource;
  },
);
