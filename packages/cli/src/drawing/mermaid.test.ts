import { expect, test } from 'vitest';
import { compile, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { toMermaid } from './mermaid.ts';

const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec: { name: string, public: boolean, zones: "[]string" }
    status: { address: "\${svc.spec.clusterIP}" }
  resources:
    - id: settings
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }
    - id: svc
      includeWhen: ['\${schema.spec.public && schema.spec.name != "a\\"; end"}']
      template: { apiVersion: v1, kind: Service, metadata: { name: "\${schema.spec.name}" }, spec: { ports: [{ port: 80 }] } }
    - id: zone
      forEach: [{ place: "\${schema.spec.zones}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${place}" }, data: { ip: "\${svc.spec.clusterIP}", at: "\${settings.data.at}" } }
`;

test('a character beyond U+FFFF becomes one character reference, and a shortened text never ends inside such a character', () => {
  const text = DEFINITION.replace('a\\"; end', `😀${'😀'.repeat(80)}`);
  const { graph } = compile(parseDefinitions(text).documents[0] ?? {}, { sources: builtinSource(), target: 'stock' });
  if (graph === undefined) throw new Error(text);
  expect(toMermaid(graph)).toContain('#128512;#128512;');
  expect(toMermaid(graph)).not.toMatch(/#5\d{4};/);
});

test('the picture of a graph shows collections, conditions, external objects, and an arrow for each read', () => {
  const [document] = parseDefinitions(DEFINITION).documents;
  const { graph, diagnostics } = compile(document ?? {}, { sources: builtinSource(), target: 'stock' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  expect(toMermaid(graph)).toMatchInlineSnapshot(`
    "flowchart LR
      instance(["Shop"])
      n_settings{{"settings<br/>ConfigMap"}}
      n_svc["svc<br/>Service<br/>if schema.spec.public #38;#38; schema.spec.name #33;= #34;a#92;#34;#59; end#34;"]
      n_zone[["zone<br/>ConfigMap<br/>for each place"]]
      n_settings -->|"settings.data.at"| n_zone
      n_svc -->|"svc.spec.clusterIP"| n_zone
      n_svc -. status .-> instance
    "
  `);
});
