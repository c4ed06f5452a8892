import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { RenderedInstance } from '@typekro/engine/runtime';
import { builtinSource, crdSource, StructuralSchema } from '@typekro/engine/schema';
import { convert } from '../commands/convert-command.ts';
import { parseLifts, toDefinition } from '@typekro/app/convert';

const SHOP = `
apiVersion: v1
kind: ServiceAccount
metadata: { name: web, creationTimestamp: null }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, uid: "1", labels: { app: web } }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  strategy: null
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: "shop:1.2"
          command: [sh, -c, 'echo \${HOME} "$X" }']
          envFrom: [{ configMapRef: { name: settings } }, { secretRef: { name: elsewhere } }]
status: { replicas: 3 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { name: settings, script: "a=\${b}" }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web }
spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }
`;

const cwd = mkdtempSync(join(tmpdir(), 'typekro-convert-'));
let run: (line: string, stdin?: string) => Promise<CommandRun>;

beforeAll(() => {
  writeFileSync(join(cwd, 'shop.yaml'), SHOP);
  writeFileSync(join(cwd, 'unknown.yaml'), 'apiVersion: nowhere.test/v1\nkind: Thing\nmetadata: { name: a }\n');
  writeFileSync(
    join(cwd, 'done.yaml'),
    'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: a }\n',
  );
  writeFileSync(join(cwd, 'graph.yaml'), 'apiVersion: kro.run/v1alpha1\nkind: Graph\nmetadata: { name: g }\n');
  writeFileSync(join(cwd, 'empty.yaml'), 'a: b\n');
  run = commandRunner([convert], cwd);
});

const LIFTS = '--lift Deployment/web:spec.replicas=replicas,deployment/web:spec.template.spec.containers[0].image';

/** Returns the objects of an instance with an empty spec. The namespace of the instance is removed from them. */
function renderedBy(definition: JsonObject): unknown[] {
  const { graph, diagnostics } = compile(definition, { sources: builtinSource(), target: 'typekro' });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  const { instance } = graph;
  const empty = {
    apiVersion: `${instance.group}/${instance.version}`,
    kind: instance.kind,
    metadata: { name: 'a', namespace: 'default' },
    spec: {},
  };
  const schema = crdSource([instance.crd]).schemaOf(instance) ?? {};
  const stored = StructuralSchema.applyDefaults(schema, empty) as KubeObject;
  const { nodes } = RenderedInstance.of(graph, stored, [], { now: 0 });
  return nodes.flatMap(({ objects }) =>
    objects.map(({ object, unknown }) => {
      expect(unknown).toEqual([]);
      return withoutNamespace(object);
    }),
  );
}

function withoutNamespace(object: JsonObject): JsonObject {
  const { namespace, ...metadata } = object['metadata'] as JsonObject;
  return { ...object, metadata: namespace === 'default' ? metadata : { namespace, ...metadata } };
}

const byName = (objects: unknown[]): string[] => objects.map((each) => JSON.stringify(sorted(each))).sort();

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]));
}

/** Returns an object without its status and UID, because only a server writes these. */
function plain({ status: _status, ...object }: Record<string, unknown>): unknown {
  const { uid: _uid, ...metadata } = object['metadata'] as Record<string, unknown>;
  return { ...object, metadata };
}

describe('convert', () => {
  test('turns names into references, and lifts values into fields', async () => {
    const { code, out, err } = await run(`convert shop.yaml --name web-shop ${LIFTS}`);
    expect(code).toBe(0);
    expect(err).toContain('no Secret here is named elsewhere');
    expect(out).toMatchInlineSnapshot(`
      "apiVersion: kro.run/v1alpha1
      kind: ResourceGraphDefinition
      metadata:
        name: web-shop
      spec:
        schema:
          apiVersion: v1alpha1
          kind: WebShop
          spec:
            replicas: integer | default=3
            image: string | default="shop:1.2"
        resources:
          - id: serviceAccount
            template:
              apiVersion: v1
              kind: ServiceAccount
              metadata:
                name: web
          - id: deployment
            template:
              apiVersion: apps/v1
              kind: Deployment
              metadata:
                name: web
                labels:
                  app: web
              spec:
                replicas: \${schema.spec.replicas}
                selector:
                  matchLabels:
                    app: web
                template:
                  metadata:
                    labels:
                      app: web
                  spec:
                    serviceAccountName: \${serviceAccount.metadata.name}
                    containers:
                      - name: web
                        image: \${schema.spec.image}
                        command:
                          - sh
                          - -c
                          - \${"echo \${HOME} \\"$X\\" }"}
                        envFrom:
                          - configMapRef:
                              name: \${configMap.metadata.name}
                          - secretRef:
                              name: elsewhere
          - id: service
            template:
              apiVersion: v1
              kind: Service
              metadata:
                name: web
              spec:
                selector: \${deployment.spec.selector.matchLabels}
                ports:
                  - port: 80
          - id: configMap
            template:
              apiVersion: v1
              kind: ConfigMap
              metadata:
                name: settings
              data:
                name: settings
                script: \${"a=\${b}"}
          - id: ingress
            template:
              apiVersion: networking.k8s.io/v1
              kind: Ingress
              metadata:
                name: web
              spec:
                defaultBackend:
                  service:
                    name: \${service.metadata.name}
                    port:
                      number: 80
          - id: horizontalPodAutoscaler
            template:
              apiVersion: autoscaling/v2
              kind: HorizontalPodAutoscaler
              metadata:
                name: web
              spec:
                maxReplicas: 5
                scaleTargetRef:
                  apiVersion: apps/v1
                  kind: Deployment
                  name: \${deployment.metadata.name}"
    `);
    expect(byName(renderedBy(parse(out) as JsonObject))).toEqual(
      byName(parseAllDocuments(SHOP).map((document) => plain(document.toJS() as Record<string, unknown>))),
    );
  });

  test('double braces in a string do not make a file with problems a Helm template', async () => {
    const rule =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, annotations: { say: "{{ $labels.instance }} is down" } }\n';
    const { code, out, err } = await run('convert -', `${rule}data: { "on": "yes", b: yes }\n`);
    expect(err).not.toContain('Helm');
    expect(err).toContain('data');
    expect([code, out === '']).toEqual([3, true]);
  });

  test('reads the standard input', async () => {
    expect((await run('convert -', SHOP)).out).toContain('kind: App');
  });

  test('names the documents that are not objects', async () => {
    const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: a- }\nspec: {}\n';
    const { code, out, err } = await run('convert -', `${SHOP}---\n${job}---\nresources: [shop.yaml]\n`);
    expect(code).toBe(0);
    expect(out).not.toContain('kind: Job');
    expect(err.match(/^left out: standard input:\d+:\d+: .*$/gm)).toHaveLength(2);
  });

  test('fails with a reason when every object is left out', async () => {
    const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: default }\n';
    const { code, out, err } = await run('convert -', account);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('left out: ServiceAccount v1 default: Kubernetes, in each namespace, makes it');
    expect(err).toContain('all objects in - are left out, because controllers create them');
  });

  test('the reasons why no document is an object come before the refusal', async () => {
    const { err } = await run('convert empty.yaml');
    expect(err).toMatch(/^left out: empty\.yaml:1:1: .*\n.*there is no Kubernetes object in empty\.yaml/);
  });

  test('beside a definition, fields that the cluster assigned and objects that a controller created are left out', async () => {
    const live = 'uid: "1", resourceVersion: "7", generation: 2, managedFields: [{ manager: a }]';
    const definition = `apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: shop, ${live} }\nspec:\n  schema: { apiVersion: v1alpha1, kind: Shop, spec: { name: string } }\n  resources:\n    - id: map\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.spec.name}" } }\nstatus: { state: Active }\n`;
    const instance = `apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: { name: mine, ${live}, finalizers: [kro.run/finalizer] }\nspec: { name: a }\nstatus: { state: ACTIVE }\n`;
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: { name: web-1, ${live}, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: "2", controller: true }] }\n`;
    const { code, out, err } = await run('convert - --to typescript', [definition, instance, pod].join('---\n'));
    expect(code).toBe(0);
    expect(out.slice(out.indexOf('export const mine'))).toBe(
      "export const mine = { apiVersion: 'kro.run/v1alpha1', kind: 'Shop', metadata: { name: 'mine' }, spec: { name: 'a' } };",
    );
    expect(err).toContain('left out: Shop kro.run/v1alpha1 mine: metadata.finalizers, metadata.uid');
    expect(err).toContain('left out: Pod v1 web-1: its controller, ReplicaSet web, makes it');
  });

  test.each([
    ['convert nothing.yaml', 1, 'there is no file or folder nothing.yaml'],
    ['convert empty.yaml', 1, 'there is no Kubernetes object in empty.yaml'],
    ['convert done.yaml', 2, 'a is a definition already'],
    ['convert graph.yaml --to typescript', 2, 'g is a Graph, which convert does not read'],
    ['convert unknown.yaml', 3, 'nowhere.test/v1'],
    ['convert shop.yaml --name 1', 2, 'is not a valid kind name'],
    ['convert shop.yaml --lift Deploymnt/web:spec.replicas', 2, 'did you mean Deployment/web?'],
    ['convert shop.yaml --lift Deployment/web:spec.replcas', 2, 'did you mean replicas?'],
    ['convert shop.yaml --lift Deployment/web:spec.selector', 2, 'the value is not a string, number or boolean'],
    ['convert shop.yaml --lift x', 2, '--lift x is not a lift'],
    [
      'convert shop.yaml --lift Deployment/web:spec.replicas=a,HorizontalPodAutoscaler/web:spec.maxReplicas=a',
      2,
      'two values',
    ],
  ])('the exit code of %s is %d', async (line, code, output) => {
    const ended = await run(line);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toContain(output);
  });
});

const name = fc.constantFrom('web', 'db', 'a-b', 'x1');
const word = fc.oneof(
  name,
  fc.constantFrom('${HOME}', 'a ${x.y} "q" \\ }', '$', '{}', 'üñ\n\t', '${', '1.10', 'true'),
  fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/\p{Cs}/gu, '?')),
);
const labels = fc.constantFrom({ app: 'web' }, { app: 'db' }, { tier: 'x', app: 'web' });

/** Random objects, some of which refer to each other. */
const object: fc.Arbitrary<KubeObject> = fc.oneof(
  fc
    .record({ name, word })
    .map(({ name: own, word: text }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: own },
      data: { key: text, name: own },
    })),
  fc
    .record({ name, word })
    .map(({ name: own, word: text }) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: own, annotations: { note: text } },
      type: 'Opaque',
      stringData: { key: text },
    })),
  name.map((own) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: own } })),
  fc
    .record({ name, labels })
    .map(({ name: own, labels: selector }) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: own },
      spec: { selector, ports: [{ port: 80 }] },
    })),
  fc
    .record({ kind: fc.constantFrom('Deployment', 'StatefulSet'), name, labels, other: name, text: word })
    .map(({ kind, name: own, labels: matchLabels, other, text }) => ({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name: own },
      spec: {
        replicas: 2,
        ...(kind === 'StatefulSet' ? { serviceName: other } : {}),
        selector: { matchLabels },
        template: {
          metadata: { labels: matchLabels },
          spec: {
            serviceAccountName: other,
            containers: [
              {
                name: 'main',
                image: 'a',
                args: [text],
                envFrom: [{ configMapRef: { name: other } }, { secretRef: { name: own } }],
              },
            ],
            volumes: [
              { name: 'v', configMap: { name: other } },
              { name: 's', secret: { secretName: other } },
            ],
          },
        },
      },
    })),
);

describe('the problems of a conversion have places in the files of the user', () => {
  test('for plain objects', async () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n  ports: [{ port: "80" }]\n';
    const { code, out, err } = await run('convert -', `${service}---\n${service.replaceAll('web', 'api')}`);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatchInlineSnapshot(`
      "standard input:5:19: error: Service web: this field takes an integer, not a string [graph/literal-type]
        5 |   ports: [{ port: "80" }]
          |                   ^
        at spec.ports[0].port
        hint: remove the quotes: 80

      standard input:11:19: error: Service api: this field takes an integer, not a string [graph/literal-type]
        11 |   ports: [{ port: "80" }]
           |                   ^
        at spec.ports[0].port
        hint: remove the quotes: 80

      2 errors, 0 warnings"
    `);
  });

  test('for a definition', async () => {
    const broken =
      'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: shop }\nspec:\n  schema: { apiVersion: v1alpha1, kind: Shop, spec: { name: string } }\n  resources:\n    - id: map\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "${schema.spec.nam}" } }\n';
    expect((await run('convert - --to typescript', broken)).err).toMatchInlineSnapshot(`
      "standard input:8:85: error: undefined field 'nam' [cel/unknown-field]
        8 |       template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.spec.nam}" } }
          |                                                                                     ^
        at spec.resources[0].template.metadata.name
        hint: did you mean "name"?
      "
    `);
  });

  test('for a Helm template, with a hint that contains the command convert', async () => {
    expect((await run('convert -', 'a: {{ .Values.x }}\nb: [\n')).err).toMatchInlineSnapshot(`
      "standard input:1:4: error: standard input is a template of a Helm chart, not YAML yet [input/helm-template]
        1 | a: {{ .Values.x }}
          |    ^
        hint: render it first: helm template CHART | typekro convert -
      "
    `);
  });
});

test('for any objects, the converted definition compiles, and its instance creates these objects', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(object, {
        minLength: 1,
        maxLength: 8,
        selector: ({ kind, metadata }) => `${kind}/${metadata.name ?? ''}`,
      }),
      (objects) => {
        const workload = objects.find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
        const lift =
          workload === undefined ? '' : `${workload.kind}/${workload.metadata.name ?? ''}:spec.replicas=count`;
        const definition = toDefinition(objects, parseLifts(lift, objects), { name: 'any', kind: 'Any' });
        expect(byName(renderedBy(definition))).toEqual(byName(objects));
      },
    ),
    { numRuns: 60 },
  );
});

test('a resource of a kind whose name is a reserved word has an id that contains the name of the object', () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } };
  const definition = toDefinition([namespace], [], { name: 'shop', kind: 'Shop' });
  expect(definition.spec).toMatchObject({ resources: [{ id: 'namespaceTeam' }] });
  expect(compile(definition as never, { sources: builtinSource(), target: 'typekro' }).diagnostics).toEqual([]);
});

describe('many objects', () => {
  test('the kind of each object is read a constant number of times', () => {
    let reads = 0;
    const objects = Array.from({ length: 2_000 }, (_, index) => ({
      apiVersion: 'v1',
      get kind() {
        reads += 1;
        return index % 2 === 0 ? 'Secret' : 'Service';
      },
      metadata: { name: 'same', namespace: `n${index}` },
      spec: { selector: { app: 'a' }, secretName: 'same' },
    }));
    toDefinition(objects, [], { name: 'many', kind: 'Many' });
    expect(reads / objects.length).toBeLessThan(20);
  });

  test('one reference of a ring of 20,000 objects is kept as a name', () => {
    const length = 20_000;
    const objects = Array.from({ length }, (_, index) => ({
      apiVersion: 'acme.test/v1',
      kind: 'Link',
      metadata: { name: `a${index}` },
      spec: { roleRef: { kind: 'Link', name: `a${(index + 1) % length}` } },
    }));
    const { spec } = toDefinition(objects, [], { name: 'ring', kind: 'Ring' });
    const { resources } = spec as { resources: { template: (typeof objects)[number] }[] };
    const names = resources.map(({ template }) => template.spec.roleRef.name);
    expect(names.filter((name) => name.startsWith('$'))).toHaveLength(length - 1);
    expect(names.at(-1)).toBe('a0');
  });
});
