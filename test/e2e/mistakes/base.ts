/** A valid definition with an instance. */
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

/** A workload and its Service as plain objects, without a definition. */
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

/** A valid composition. */
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

/** A valid definition of a web application, with references of many kinds. */
export const WEB_APP = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: site
spec:
  schema:
    apiVersion: v1alpha1
    kind: Site
    spec:
      name: string
      settings: string | default="shared"
  resources:
    - id: config
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: \${schema.spec.name}-config
        data:
          level: info
    - id: account
      template:
        apiVersion: v1
        kind: ServiceAccount
        metadata:
          name: \${schema.spec.name}
    - id: claim
      template:
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: \${schema.spec.name}-data
        spec:
          accessModes: [ReadWriteOnce]
          resources:
            requests:
              storage: 1Gi
    - id: deployment
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: \${schema.spec.name}
        spec:
          selector:
            matchLabels:
              app: \${schema.spec.name}
          template:
            metadata:
              labels:
                app: \${schema.spec.name}
            spec:
              serviceAccountName: \${account.metadata.name}
              containers:
                - name: web
                  image: nginx:1.27
                  env:
                    - name: LEVEL
                      valueFrom:
                        configMapKeyRef:
                          name: \${schema.spec.name}-config
                          key: level
                    - name: SHARED
                      valueFrom:
                        configMapKeyRef:
                          name: \${schema.spec.settings}
                          key: any
                  ports:
                    - name: http
                      containerPort: 8080
                  readinessProbe:
                    httpGet:
                      path: /
                      port: http
                  volumeMounts:
                    - name: data
                      mountPath: /data
              volumes:
                - name: data
                  persistentVolumeClaim:
                    claimName: \${schema.spec.name}-data
    - id: service
      template:
        apiVersion: v1
        kind: Service
        metadata:
          name: \${schema.spec.name}
        spec:
          selector:
            app: \${schema.spec.name}
          ports:
            - name: web
              port: 80
              targetPort: http
    - id: ingress
      template:
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata:
          name: \${schema.spec.name}
        spec:
          rules:
            - http:
                paths:
                  - path: /
                    pathType: Prefix
                    backend:
                      service:
                        name: \${service.metadata.name}
                        port:
                          number: 80
    - id: scaler
      template:
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata:
          name: \${schema.spec.name}
        spec:
          maxReplicas: 5
          scaleTargetRef:
            apiVersion: apps/v1
            kind: Deployment
            name: \${schema.spec.name}
`;
