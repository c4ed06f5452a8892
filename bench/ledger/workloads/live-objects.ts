/** Objects as the controller's watch delivers them. */
import { type KubeObject, parseJson } from '@typekro/kit/core';
import { keys } from '@typekro/engine/runtime';

/** The JSON of a Deployment. It resembles the Deployments of thousands of instances of one definition. */
export function liveText(index: number): string {
  const own = { 'f:image': {}, '.': {}, 'f:name': {} };
  const set = `applyset-${String(index >> 2).padStart(40, '0')}-v1`;
  const condition = (type: string) => ({
    type,
    status: 'True',
    reason: type === 'Available' ? 'MinimumReplicasAvailable' : 'NewReplicaSetAvailable',
    message: type === 'Available' ? 'Deployment has minimum availability.' : 'ReplicaSet has successfully progressed.',
    lastTransitionTime: '2026-11-01T00:00:00Z',
    lastUpdateTime: '2026-11-01T00:00:00Z',
  });
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `web-${index}`,
      namespace: `team-${index % 20}`,
      uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(100_000 + index),
      generation: 1,
      creationTimestamp: `2026-11-01T00:00:${String(index % 60).padStart(2, '0')}Z`,
      labels: {
        [keys.MANAGED_BY_LABEL]: 'kro',
        [keys.PART_OF_LABEL]: set,
        [keys.OWNED_LABEL]: 'true',
        [keys.NODE_ID_LABEL]: 'deployment',
        [keys.DEFINITION_NAME_LABEL]: 'web-application',
        [keys.INSTANCE_ID_LABEL]: `10000000-0000-4000-8000-${String(index >> 2).padStart(12, '0')}`,
        app: 'web',
      },
      annotations: { [keys.APPLY_ORDER_ANNOTATION]: '1' },
      managedFields: [
        {
          manager: keys.CHILD_MANAGER,
          operation: 'Apply',
          apiVersion: 'apps/v1',
          time: '2026-11-01T00:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': { 'f:labels': { 'f:app': {}, [`f:${keys.OWNED_LABEL}`]: {} } },
            'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': own } } } },
          },
        },
      ],
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'nginx:1.27', resources: {}, terminationMessagePath: '/dev/log' }] },
      },
    },
    status: { replicas: 2, readyReplicas: 2, conditions: [condition('Available'), condition('Progressing')] },
  });
}

/** The object, parsed from its JSON as in a watch response. */
export const liveObject = (index: number): KubeObject => parseJson(liveText(index)) as KubeObject;
