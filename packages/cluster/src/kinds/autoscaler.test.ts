import { expect, test } from 'vitest';
import { startClusterStory } from '../../test-support/cluster-story.ts';

test('an autoscaler with a negative tolerance is refused', async () => {
  await using story = await startClusterStory({ controllers: false });
  const autoscaler = (tolerance: string) => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: {
      maxReplicas: 2,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
      behavior: { scaleUp: { tolerance } },
    },
  });
  await expect(story.create(autoscaler('-0.1'))).rejects.toThrow(
    'spec.behavior.scaleUp.tolerance: Invalid value: "-100m": must be greater than or equal to 0',
  );
  await story.create(autoscaler('0'));
});
