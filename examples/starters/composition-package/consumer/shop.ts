import { webService } from '@example/platform';
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { configMap } from 'typekro/kubernetes';

/** An application of another team. The resources of `webService` are part of its graph. */
export const shop = kubernetesComposition(
  { name: 'shop', spec: type({ name: 'string', image: 'string' }), status: type({ url: 'string', ready: 'boolean' }) },
  (spec) => {
    const front = webService({ name: spec.name, owner: 'shop-team', image: spec.image, replicas: 3 });
    configMap({ id: 'links', metadata: { name: `${spec.name}-links` }, data: { front: front.status.url } });
    return { url: front.status.url, ready: front.status.ready };
  },
);
