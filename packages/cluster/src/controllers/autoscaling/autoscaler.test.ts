import { describe, expect, test } from 'vitest';
import { type ClusterStory, podTemplate, startClusterStory } from '../../../test-support/cluster-story.ts';
import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conditionOf } from '@typekro/kit/kubernetes';

const AUTOSCALER = 'autoscaling/v2 HorizontalPodAutoscaler';
const labels = { app: 'web' };

const deployment = (spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { selector: { matchLabels: labels }, template: podTemplate(labels), ...spec },
});

describe('a HorizontalPodAutoscaler', () => {
  const autoscaler = (spec: JsonObject = {}): KubeObject => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'h' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 4,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      ],
      ...spec,
    },
  });
  const statusOf = async (story: ClusterStory) => (await story.get(AUTOSCALER, 'h')).status;

  test.each([
    [1, 2, 2],
    // Without metrics, Kubernetes computes no number of replicas, so `desiredReplicas` is 0.
    [3, 3, 0],
    [9, 4, 4],
  ])('scales a target of %d replicas to %d', async (replicas, expected, desiredReplicas) => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas }));
    await story.create(autoscaler());
    expect((await story.get('apps/v1 Deployment', 'web')).status).toMatchObject({ availableReplicas: expected });
    expect(await statusOf(story)).toMatchObject({ currentReplicas: expected, desiredReplicas });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'ScalingActive')).toMatchObject({
      status: 'False',
      reason: 'FailedGetResourceMetric',
      message:
        'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'AbleToScale')).toMatchObject({ reason: 'SucceededGetScale' });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'ScalingLimited')).toBeUndefined();
    expect(await story.reasons('h')).toEqual([
      ...(replicas === expected ? [] : ['SuccessfulRescale']),
      'FailedGetResourceMetric',
      'FailedComputeMetricsReplicas',
    ]);
  });

  test('reports that the update of the Scale is refused', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 1 }));
    await story.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'small' },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments/scale'] },
          ],
        },
        validations: [{ expression: 'object.spec.replicas < 2', message: 'too many' }],
      },
    });
    await story.create({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'small' },
      spec: { policyName: 'small', validationActions: ['Deny'] },
    });
    await story.create(autoscaler());
    expect((await story.get('apps/v1 Deployment', 'web')).spec).toMatchObject({ replicas: 1 });
    const able = conditionOf(await story.get(AUTOSCALER, 'h'), 'AbleToScale');
    expect(able).toMatchObject({ status: 'False', reason: 'FailedUpdateScale' });
    expect(able?.['message']).toMatch(/^the HPA controller was unable to update the target scale: .*too many/);
    expect(await story.reasons('h')).toEqual(['FailedRescale']);
  });

  test('reports a missing target until it exists', async () => {
    await using story = await startClusterStory();
    await story.create(autoscaler());
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'AbleToScale')).toMatchObject({
      status: 'False',
      reason: 'FailedGetScale',
      message: 'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found',
    });
    await story.create(deployment());
    expect(await statusOf(story)).toMatchObject({ currentReplicas: 2 });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'AbleToScale')).toMatchObject({ status: 'True' });
  });

  test('writes the number of replicas through the scale subresource of the target', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 1 }));
    await story.create(autoscaler());
    const { managedFields = [] } = (await story.get('apps/v1 Deployment', 'web')).metadata;
    const owner = (managedFields as readonly { fieldsV1?: object }[]).find(({ fieldsV1 }) =>
      JSON.stringify(fieldsV1).includes('f:replicas'),
    );
    expect(owner).toMatchObject({ manager: 'kube-controller-manager', operation: 'Update', subresource: 'scale' });
  });

  test('scales a custom resource at the path in its CustomResourceDefinition', async () => {
    await using story = await startClusterStory();
    const fields = {
      subresources: { scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' }, status: {} },
    };
    await story.client.create(crdOf('Farm', { properties: { spec: ANYTHING, status: ANYTHING } }, { fields }));
    await story.client.create(crdOf('Field', { properties: { spec: ANYTHING } }));
    const farm = { apiVersion: 'example.com/v1', kind: 'Farm', metadata: { name: 'web' } };
    const scaleTargetRef = { apiVersion: 'example.com/v1', kind: 'Farm', name: 'web' };
    await story.create({ ...farm, spec: {} });
    await story.create(autoscaler({ scaleTargetRef }));
    const able = async () => conditionOf(await story.get(AUTOSCALER, 'h'), 'AbleToScale');
    const unable = "the HPA controller was unable to get the target's current scale:";
    expect(await able()).toMatchObject({
      message: `${unable} Internal error occurred: the spec replicas field ".spec.size" does not exist`,
    });
    await story.patch('example.com/v1 Farm', 'web', { spec: { size: 9 } });
    expect((await story.get('example.com/v1 Farm', 'web')).spec).toEqual({ size: 4 });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'ScalingActive')).toMatchObject({
      reason: 'InvalidSelector',
      message: "the HPA target's scale is missing a selector",
    });
    await story.create({ ...farm, kind: 'Field' });
    await story.patch(AUTOSCALER, 'h', { spec: { scaleTargetRef: { ...scaleTargetRef, kind: 'Field' } } });
    expect(await able()).toMatchObject({ message: `${unable} the server could not find the requested resource` });
  });

  test('does not scale a target with zero replicas', async () => {
    await using story = await startClusterStory();
    await story.create(deployment({ replicas: 0 }));
    await story.create(autoscaler());
    expect((await story.get('apps/v1 Deployment', 'web')).spec).toMatchObject({ replicas: 0 });
    expect(conditionOf(await story.get(AUTOSCALER, 'h'), 'ScalingActive')).toMatchObject({ reason: 'ScalingDisabled' });
  });
});
