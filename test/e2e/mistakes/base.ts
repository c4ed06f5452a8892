/** A definition with its instance, in which nothing is wrong. */
export const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: shop
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      name: string
      replicas: integer | default=2 minimum=1
      image: string | default="nginx:1.27"
      regions: '[]string'
    status:
      available: \${deployment.status.availableReplicas}
  resources:
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.spec.name}
        spec:
          replicas: \${schema.spec.replicas}
          selector:
            matchLabels:
              app: shop
          template:
            metadata:
              labels:
                app: shop
            spec:
              containers:
                - name: web
                  image: \${schema.spec.image}
                  ports:
                    - containerPort: 8080
    - id: service
      readyWhen:
        - \${service.spec.clusterIP != ""}
      template:
        apiVersion: v1
        kind: Service
        metadata:
          name: \${schema.spec.name}
        spec:
          selector:
            app: shop
          ports:
            - port: 80
              targetPort: 8080
    - id: config
      includeWhen:
        - \${schema.spec.replicas > 1}
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.spec.name}-config
        data:
          url: http://\${service.metadata.name}
`;

export const INSTANCE = `apiVersion: kro.run/v1alpha1
kind: Shop
metadata:
  name: first
spec:
  name: first
  replicas: 3
  regions:
    - eu
`;

/** A workload and its Service without a definition. */
export const OBJECTS = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: nginx:1.27
          ports:
            - containerPort: 8080
          resources:
            requests:
              memory: 64Mi
            limits:
              memory: 128Mi
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - name: http
      port: 80
      targetPort: 8080
`;

/** A composition in which nothing is wrong. */
export const COMPOSITION = `import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

const Spec = type({ name: 'string', replicas: 'number.integer', 'image?': 'string', regions: 'string[]' });
const Status = type({ ready: 'boolean', host: 'string' });

export const shop = kubernetesComposition(
  { name: 'shop', apiVersion: 'v1alpha1', kind: 'Shop', spec: Spec, status: Status },
  (spec) => {
    const app = Deployment({ id: 'app', name: spec.name, image: 'nginx:1.27', replicas: spec.replicas });
    const svc = Service({ id: 'svc', name: spec.name, selector: { app: spec.name }, ports: [{ port: 80 }] });
    return { ready: app.status.readyReplicas === spec.replicas, host: svc.status.loadBalancer.ingress[0]?.hostname ?? '' };
  },
);
`;
