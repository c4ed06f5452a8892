import { expect, test } from 'vitest';
import { startClusterStory } from '../../../test-support/cluster-story.ts';

test('an Ingress may have a class annotation and a different ingressClassName after an update, but not at creation', async () => {
  await using story = await startClusterStory({ controllers: false });
  const annotations = { 'kubernetes.io/ingress.class': 'old' };
  const backend = { service: { name: 's', port: { number: 80 } } };
  const ingress = (name: string, more: { annotations?: typeof annotations }) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, ...more },
    spec: { ingressClassName: 'new', defaultBackend: backend },
  });
  await expect(story.create(ingress('a', { annotations }))).rejects.toThrow('must match `ingressClassName`');
  await story.create(ingress('a', {}));
  const kind = 'networking.k8s.io/v1 Ingress';
  const changed = await story.patch(kind, 'a', { metadata: { annotations } });
  expect(changed.metadata.annotations).toEqual(annotations);
  await expect(story.patch(kind, 'a', { spec: { ingressClassName: 'A' } })).rejects.toThrow('spec.ingressClassName');
});
