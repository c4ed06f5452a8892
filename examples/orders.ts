// An application with objects that operators provide: a stream, a cache, a bucket and a login.
//
// With orders: { name: orders, image: orders:1, replicas: 2 }
// Stream reports: { observedGeneration: 1, conditions: [{ type: Ready, status: "True" }] }
// Valkey reports: { ready: true }
// ObjectBucketClaim reports: { phase: Bound }
// Gives: { ready: true, cached: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { consumer, stream } from 'typekro/nats';
import { oAuth2Client } from 'typekro/ory';
import { objectBucketClaim } from 'typekro/rook';
import { Deployment } from 'typekro/simple';
import { valkey } from 'typekro/valkey';

export const orders = kubernetesComposition(
  {
    name: 'orders',
    kind: 'Orders',
    spec: type({ name: 'string', image: 'string', replicas: 'number' }),
    status: type({ ready: 'boolean', cached: 'boolean' }),
  },
  ({ name, image, replicas }) => {
    const events = stream({
      id: 'events',
      name,
      waitForReady: true,
      spec: { name, subjects: [`${name}.>`], storage: 'file', replicas: 3 },
    });
    const workers = consumer({
      id: 'workers',
      name,
      spec: { streamName: events.spec.name, durableName: 'workers', ackPolicy: 'explicit' },
    });
    const cache = valkey({ id: 'cache', name: `${name}-cache`, waitForReady: true, spec: { nodes: 3 } });
    const files = objectBucketClaim({
      id: 'files',
      name,
      waitForReady: true,
      spec: { storageClassName: 'buckets', generateBucketName: name },
    });
    const login = oAuth2Client({
      id: 'login',
      name,
      spec: { clientName: name, grantTypes: ['client_credentials'], secretName: `${name}-login` },
    });
    const app = Deployment({
      id: 'app',
      name,
      image,
      replicas,
      env: { STREAM: events.spec.name, CONSUMER: workers.spec.durableName, CACHE: cache.metadata.name },
      envFrom: [{ configMapRef: { name: files.metadata.name } }, { secretRef: { name: login.spec.secretName } }],
    });
    return { ready: app.status.readyReplicas >= replicas, cached: cache.status.ready };
  },
);
