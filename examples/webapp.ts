// A web application as one typed function: its API, its resources and its status.
//
// With app: { name: hello, replicas: 2 }
// Gives: { ready: true, url: "http://*" }
//
// Try it:  npm start -- examples/webapp.ts
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const app = kubernetesComposition(
  {
    name: 'webapp',
    apiVersion: 'example.com/v1alpha1',
    kind: 'WebApp',
    spec: type({ name: 'string', replicas: 'number' }),
    status: type({ ready: 'boolean', url: 'string' }),
  },
  (spec) => {
    const deploy = Deployment({
      id: 'deploy',
      name: spec.name,
      // A Deployment without an image is refused by every API server, so the example names one.
      image: 'nginx:1.27',
      replicas: spec.replicas,
    });
    const svc = Service({ id: 'svc', name: `${spec.name}-svc`, selector: { app: spec.name }, ports: [{ port: 80 }] });

    return {
      ready: deploy.status.readyReplicas >= spec.replicas,
      // The address of a Service is in its spec. A Service has no `status.clusterIP`, and kro refuses to read this
      // field.
      url: `http://${svc.spec.clusterIP}`,
    };
  },
);

// `typekro up` applies the exports of a file: here the definition above, and this instance of it.
export const hello = app.toInstance({ name: 'hello', replicas: 2 });
