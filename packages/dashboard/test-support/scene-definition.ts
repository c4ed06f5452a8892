import { parse } from 'yaml';
import type { JsonObject } from '@typekro/kit/core';
import { GraphOutline } from '@typekro/engine/graph';
import type { GraphEdge } from '@typekro/controller/inspect';
import { graphOf } from '@typekro/engine/test-support/compile-graph';

/** A definition of a scene: its source, and the data that the compiler derives from the source. */
export interface SceneDefinition {
  readonly text: string;
  readonly outline: GraphOutline;
  readonly edges: readonly GraphEdge[];
  /** The OpenAPI schemas of the spec and of the status. */
  readonly schema: JsonObject;
  readonly statusSchema: JsonObject;
}

/** A shop: a database, credentials, a web tier, a forEach over regions, and an optional ingress. */
const SHOP = `schema:
  kind: Shop
  spec:
    name: string | required=true description="The name of all objects"
    image: string | default="shop:1.4.2"
    replicas: integer | default=2 minimum=1 maximum=50
    plan: string | enum="small,large" default="small"
    regions: "[]string"
    ingress:
      enabled: boolean | default=false
      host: string | default=""
    database:
      size: integer | default=10 minimum=1
  status:
    endpoint: \${service.spec.clusterIP}
resources:
  - id: account
    template: { apiVersion: v1, kind: ServiceAccount, metadata: { name: "\${schema.spec.name}" } }
  - id: credentials
    template:
      apiVersion: v1
      kind: Secret
      metadata: { name: "\${schema.spec.name}-db" }
      stringData: { username: shop }
  - id: database
    readyWhen: ["\${database.status.readyReplicas == 1}"]
    template:
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: { name: "\${schema.spec.name}-db" }
      spec:
        serviceName: "\${databaseService.metadata.name}"
        selector: { matchLabels: { app: db } }
        template:
          metadata: { labels: { app: db } }
          spec:
            containers:
              - name: db
                image: postgres:17
                envFrom: [{ secretRef: { name: "\${credentials.metadata.name}" } }]
  - id: databaseService
    template:
      apiVersion: v1
      kind: Service
      metadata: { name: "\${schema.spec.name}-db" }
      spec: { selector: { app: db }, ports: [{ port: 5432 }] }
  - id: settings
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: "\${schema.spec.name}-settings" }
      data: { database: "\${databaseService.spec.clusterIP}:5432", ready: "\${string(database.status.readyReplicas)}" }
  - id: web
    template:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: "\${schema.spec.name}-web" }
      spec:
        replicas: "\${schema.spec.replicas}"
        selector: { matchLabels: { app: web } }
        template:
          metadata: { labels: { app: web } }
          spec:
            serviceAccountName: "\${account.metadata.name}"
            containers:
              - name: web
                image: "\${schema.spec.image}"
                envFrom: [{ configMapRef: { name: "\${settings.metadata.name}" } }]
  - id: edge
    forEach: [{ region: "\${schema.spec.regions}" }]
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: "\${schema.spec.name}-\${region}" }
      data: { web: "\${web.metadata.name}" }
  - id: service
    template:
      apiVersion: v1
      kind: Service
      metadata: { name: "\${schema.spec.name}" }
      spec: { selector: { app: "\${web.spec.template.metadata.labels.app}" }, ports: [{ port: 80 }] }
  - id: ingress
    includeWhen: ["\${schema.spec.ingress.enabled}"]
    template:
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: { name: "\${schema.spec.name}" }
      spec:
        rules:
          - host: "\${schema.spec.ingress.host}"
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend: { service: { name: "\${service.metadata.name}", port: { number: 80 } } }
`;

/** A fleet of `count` nodes. A third of the nodes depend on no node. Each of the others depends on one of these. */
const fleet = (count: number): string => {
  const nodes = Array.from({ length: count }, (_, index) => {
    const parent = index < count / 3 ? undefined : `n${Math.floor(index / 3)}`;
    const data = parent === undefined ? 'a: b' : `from: "\${${parent}.metadata.name}"`;
    const kind = index % 5 === 0 ? 'Secret' : 'ConfigMap';
    const field = kind === 'Secret' ? 'stringData' : 'data';
    return `  - id: n${index}
    template: { apiVersion: v1, kind: ${kind}, metadata: { name: "\${schema.spec.name}-${index}" }, ${field}: { ${data} } }
`;
  });
  return `schema:
  kind: Fleet
  spec: { name: string }
resources:
${nodes.join('')}`;
};

function definitionOf(text: string): SceneDefinition {
  const graph = graphOf(text);
  const outline = GraphOutline.of(graph);
  const crd = graph.instance.crd as unknown as { spec: { versions: { schema: { openAPIV3Schema: JsonObject } }[] } };
  const properties = crd.spec.versions[0]?.schema.openAPIV3Schema['properties'] as JsonObject | undefined;
  const schemaOf = (name: string): JsonObject => (properties?.[name] ?? {}) as JsonObject;
  return { text, outline, edges: edgesOf(outline), schema: schemaOf('spec'), statusSchema: schemaOf('status') };
}

/** The edges of an outline. A text search in the expressions suffices to find the paths. */
function edgesOf(outline: GraphOutline): GraphEdge[] {
  return outline.nodes.flatMap((node) =>
    node.dependsOn.map((from): GraphEdge => ({
      from,
      to: node.id,
      reads: node.reads
        .filter(({ nodes }) => nodes.includes(from))
        .map(({ place, expression }) => ({
          purpose: 'field',
          place,
          expression,
          paths: [...expression.matchAll(new RegExp(`\\b${from}\\.([\\w.]+)`, 'g'))].map((match) => match[1] ?? ''),
        })),
    })),
  );
}

export const shopDefinition = (): SceneDefinition => definitionOf(SHOP);
export const fleetDefinition = (count: number): SceneDefinition => definitionOf(fleet(count));

/** The source as the dashboard shows it. */
export function sourceOf(name: string, text: string): string {
  const body = text
    .replaceAll(/^(?=.)/gm, '  ')
    .replace('    kind:', '    apiVersion: v1\n    group: acme.dev\n    kind:');
  parse(body); // Throws if the source is not valid YAML.
  return `apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: ${name}\nspec:\n${body}`;
}
