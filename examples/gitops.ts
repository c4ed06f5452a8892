// Flux and Helm: a folder of a Git repository, and a chart, which do not wait for each other.
//
// With delivery: { name: shop, url: https://example.com/shop.git, replicas: 1 }
// Gives: { revision: "*", cached: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { gitRepository, kustomization } from 'typekro/flux';
import { chartFactory } from 'typekro/helm';

const redis = chartFactory<{ readonly replicas: number; readonly auth: { readonly enabled: boolean } }>({
  chart: 'redis',
  repository: 'https://charts.example.com/stable',
  version: '1.x',
});

export const delivery = kubernetesComposition(
  {
    name: 'delivery',
    kind: 'Delivery',
    spec: type({ name: 'string', url: 'string', replicas: 'number' }),
    status: type({ revision: 'string', cached: 'boolean' }),
  },
  ({ name, url, replicas }) => {
    const source = gitRepository({ id: 'source', name, url, ref: { branch: 'main' }, waitForReady: true });
    const app = kustomization({
      id: 'app',
      name,
      source: { kind: 'GitRepository', name: source.metadata.name },
      path: './deploy',
      waitForReady: true,
    });
    const cache = redis({ id: 'cache', name: `${name}-cache`, values: { replicas, auth: { enabled: false } } });
    return {
      revision: app.status.lastAppliedRevision,
      cached: cache.status.conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    };
  },
);
