import { createResource, withDefault } from '../../compose/index.ts';
import type { DerivedField } from '../../compose/index.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { DeploymentResource } from './kinds.ts';
import { imageWarnings, podTemplate, selectorOf } from './pods.ts';
import type { PodConfig } from './pods.ts';

/** Arguments of `Deployment`. */
export interface DeploymentConfig extends PodConfig {
  /** Default 1. */
  readonly replicas?: number | undefined;
  readonly strategy?: object;
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly progressDeadlineSeconds?: number;
}

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
 * A Deployment with one container: label `app`, selector and container are named after `name`.
 *
 * @example Deployment({ name: spec.name, image: spec.image, replicas: spec.replicas, ports: [8080] })
 */
export const Deployment = simpleFactory('Deployment.apps', (config: DeploymentConfig): DeploymentResource => {
  const { strategy, minReadySeconds, revisionHistoryLimit, progressDeadlineSeconds } = config;
  return createResource(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadataOf(config),
      spec: given({
        replicas: withDefault(config.replicas, 1),
        selector: selectorOf(config),
        template: podTemplate(config),
        strategy,
        minReadySeconds,
        revisionHistoryLimit,
        progressDeadlineSeconds,
      }),
    },
    { ...idOf(config), derived: DERIVED, ...imageWarnings(config, 'Deployment') },
  ) as DeploymentResource;
});
