import type { PlaygroundInput } from './model.ts';

/** An example that a user of the playground can start from. */
export interface PlaygroundExample extends PlaygroundInput {
  readonly name: string;
}

const WEB: PlaygroundExample = {
  name: 'Web application',
  language: 'yaml',
  source: `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: web-app
spec:
  schema:
    apiVersion: v1alpha1
    kind: WebApp
    spec:
      name: string | required=true
      image: string | default="nginx:1.29"
      replicas: integer | default=2 minimum=1 maximum=10
      public: boolean | default=false
    status:
      address: \${service.spec.clusterIP}
      available: \${deployment.status.availableReplicas}
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.spec.name}
        data:
          greeting: Hello from \${schema.spec.name}
    - id: deployment
      readyWhen:
        - \${deployment.status.availableReplicas == deployment.spec.replicas}
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.spec.name}
        spec:
          replicas: \${schema.spec.replicas}
          selector:
            matchLabels:
              app: \${schema.spec.name}
          template:
            metadata:
              labels:
                app: \${schema.spec.name}
            spec:
              containers:
                - name: web
                  image: \${schema.spec.image}
                  envFrom:
                    - configMapRef:
                        name: \${config.metadata.name}
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata:
          name: \${deployment.metadata.name}
        spec:
          selector:
            app: \${schema.spec.name}
          ports:
            - port: 80
    - id: ingress
      includeWhen:
        - \${schema.spec.public}
      readyWhen:
        - \${has(ingress.status.loadBalancer.ingress)}
      template:
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: \${schema.spec.name}
        spec:
          defaultBackend:
            service:
              name: \${service.metadata.name}
              port:
                number: 80
`,
  spec: `name: shop
replicas: 3
public: true
`,
  observed: `# One entry for each node, with fields of its object. A node without an entry becomes ready.
# deployment:
#   status:
#     availableReplicas: 1
`,
};

const WORKERS: PlaygroundExample = {
  name: 'A worker for each queue',
  language: 'yaml',
  source: `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: workers
spec:
  schema:
    apiVersion: v1alpha1
    kind: Workers
    spec:
      queues: '[]string'
      settings: string | default="worker-settings"
    status:
      ready: \${worker.all(w, w.status.readyReplicas > 0)}
  resources:
    - id: settings
      externalRef:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.spec.settings}
    - id: worker
      forEach:
        - queue: \${schema.spec.queues}
      readyWhen:
        - \${each.status.readyReplicas > 0}
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: worker-\${queue}
        spec:
          selector:
            matchLabels:
              queue: \${queue}
          template:
            metadata:
              labels:
                queue: \${queue}
            spec:
              containers:
                - name: worker
                  image: \${settings.data.image}
                  args: ["--queue", "\${queue}"]
`,
  spec: `queues: [mail, reports, thumbnails]
`,
  observed: `# An external object exists only with an entry.
settings:
  data:
    image: worker:1.4
`,
};

const COMPOSITION: PlaygroundExample = {
  name: 'Composition in TypeScript',
  language: 'typescript',
  source: `import { kubernetesComposition } from 'typekro';
import { ConfigMap, Deployment, Ingress, Service } from 'typekro/simple';

const spec = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    host: { type: 'string' },
    replicas: { type: 'integer', minimum: 1, default: 2 },
  },
  required: ['name'],
} as const;

const status = {
  type: 'object',
  properties: { ready: { type: 'boolean' }, url: { type: 'string' } },
} as const;

export const webapp = kubernetesComposition(
  { name: 'web-app', apiVersion: 'v1alpha1', kind: 'WebApp', spec, status },
  (spec) => {
    const labels = { app: spec.name };
    const config = ConfigMap({ id: 'config', name: spec.name, data: { greeting: \`Hello from \${spec.name}\` } });
    const web = Deployment({
      id: 'web',
      name: spec.name,
      image: 'nginx:1.29',
      replicas: spec.replicas,
      labels,
      env: { GREETING: config.data.greeting },
    });
    const service = Service({ id: 'service', name: spec.name, selector: labels, ports: [{ port: 80 }] });
    if (spec.host) {
      Ingress({
        id: 'ingress',
        name: spec.name,
        rules: [
          {
            host: spec.host,
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: service.metadata.name, port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      });
    }
    return {
      ready: web.status.availableReplicas === spec.replicas,
      url: spec.host ? \`https://\${spec.host}\` : \`http://\${service.spec.clusterIP}\`,
    };
  },
);
`,
  spec: `name: shop
host: shop.example.com
`,
  observed: '',
};

/** The examples, in the order of the menu. The first one is shown at the start. */
export const PLAYGROUND_EXAMPLES: readonly [PlaygroundExample, ...PlaygroundExample[]] = [WEB, WORKERS, COMPOSITION];
