import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { deployment, service } from 'typekro/kubernetes';
import { standardLabels } from './labels.ts';

/** A web server with a Service. Other compositions call it. */
export const webService = kubernetesComposition(
  {
    name: 'platform-web-service',
    group: 'platform.example.com',
    kind: 'WebService',
    spec: type({ name: 'string', owner: 'string', image: 'string', replicas: 'number.integer = 2' }),
    status: type({ url: 'string', ready: 'boolean' }),
  },
  (spec) => {
    const labels = standardLabels(spec.name, spec.owner);
    const web = deployment({
      id: 'web',
      metadata: { name: spec.name, labels },
      spec: {
        replicas: spec.replicas,
        selector: { matchLabels: { app: spec.name } },
        template: {
          metadata: { labels: { app: spec.name } },
          spec: { containers: [{ name: 'web', image: spec.image }] },
        },
      },
    });
    const http = service({
      id: 'http',
      metadata: { name: spec.name, labels },
      spec: { selector: { app: spec.name }, ports: [{ port: 80 }] },
    });
    return { url: `http://${http.metadata.name}`, ready: web.status.readyReplicas === web.spec.replicas };
  },
);
