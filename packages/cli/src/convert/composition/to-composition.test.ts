import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { kroEnvironment, unparse } from '@typekro/cel';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, stringifyJson, TypeKroError } from '@typekro/kit/core';
import { type Graph, type Hole, type PathStep, compile, Path } from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, crdSource } from '@typekro/engine/schema';
import { withUnknownKinds } from '@typekro/sdk/compose';
import { isLongRun } from '@typekro/kit/test-support/budget';
import { commandRunner } from '../../../test-support/run-command.ts';
import { convert } from '../../commands/convert-command.ts';
import { toComposition } from '@typekro/app/convert';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'typekro-composition-'));

/** The schemas of the built-in kinds. Other kinds have no schema. */
const sources: SchemaSource = withUnknownKinds(builtinSource());

interface Found {
  readonly name: string;
  readonly definition: JsonObject;
}

function yamlFiles(path: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => join(path, file));
}

/** Every ResourceGraphDefinition in the examples and fixtures. */
function definitions(): Found[] {
  const files = ['examples', 'test/fixtures', 'test/conformance/graph/realistic'].flatMap(yamlFiles);
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(join(root, file), 'utf8')).flatMap((document) => {
      if (document.errors.length > 0) return [];
      const value = document.toJS() as JsonValue;
      return isJsonObject(value) && value['kind'] === 'ResourceGraphDefinition'
        ? [{ name: relative(root, join(root, file)), definition: value }]
        : [];
    }),
  );
}

function compiled(definition: JsonObject): Graph | undefined {
  return compile(definition, { sources, target: 'typekro' }).graph;
}

let number = 0;
/** Writes source code with one composition to a file, imports the file, and returns the composition's definition. */
async function traced(text: string): Promise<JsonObject> {
  const file = join(folder, `composition${(number += 1)}.ts`);
  const placed = text
    .replace("'arktype'", `'${fileURLToPath(import.meta.resolve('arktype'))}'`)
    .replace("'typekro'", `'${join(root, 'packages/sdk/src/index.ts')}'`)
    .replace("'typekro/kubernetes'", `'${join(root, 'packages/sdk/src/factories/kubernetes/index.ts')}'`);
  writeFileSync(file, placed);
  const module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Record<string, never>;
  const [composition] = Object.values(module) as { toDefinition(options: { target: 'typekro' }): JsonObject }[];
  if (composition === undefined) throw new Error('the file exports nothing');
  return composition.toDefinition({ target: 'typekro' });
}

const env = kroEnvironment({ features: { now: true } });
function normal(cel: string): string {
  const parsed = env.parse(cel);
  if (!parsed.ok) throw new Error(`${cel}: ${parsed.errors[0]?.message ?? ''}`);
  return unparse(parsed.ast.expr);
}

/**
 * Maps the path of each leaf of a template to an expression. A constant becomes an expression with its value, so that a
 * constant in one graph equals such an expression in the other.
 */
function leavesOf({ skeleton, holes }: { readonly skeleton: JsonObject; readonly holes: readonly Hole[] }): unknown {
  const filled = new Map(holes.map((hole) => [Path.format(hole.path), hole]));
  const leaves: Record<string, string> = {};
  const visit = (value: JsonValue, path: readonly PathStep[]): void => {
    const hole = filled.get(Path.format(path));
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (hole !== undefined) leaves[Path.format(path)] = normal(hole.expression.cel);
    else if (members.length === 0) leaves[Path.format(path)] = normal(stringifyJson(value));
    else
      for (const [key, member] of members) visit(member ?? null, [...path, Array.isArray(value) ? Number(key) : key]);
  };
  visit(skeleton, []);
  return leaves;
}

/** The parts of a graph that determine which children an instance gets, and when it gets them. */
function effectOf(graph: Graph): unknown {
  const { crd } = graph.instance;
  const schema = crdSource([crd]).schemaOf(graph.instance);
  const nodes = [...graph.nodes.values()].map((node) => [
    node.id,
    {
      type: node.nodeType,
      leaves: leavesOf(node.template),
      includeWhen: node.includeWhen.map(({ cel }) => normal(cel)),
      readyWhen: node.readyWhen.map(({ cel }) => normal(cel)),
      forEach:
        node.nodeType === 'collection' ? node.forEach.map((each) => [each.name, normal(each.expression.cel)]) : [],
    },
  ]);
  return {
    type: [graph.name, graph.instance.group, graph.instance.version, graph.instance.kind, graph.instance.namespaced],
    served: servedPart(graph.instance.crd),
    // arktype sorts the literals of a union, so the order is ignored.
    spec: JSON.parse(stringifyJson(schema?.properties?.['spec'] ?? null), (key, value: unknown) =>
      key === 'enum' && Array.isArray(value) ? value.toSorted() : value,
    ),
    nodes: Object.fromEntries(nodes),
    status: leavesOf(graph.status),
    conditions: (graph.status.conditions ?? []).map(({ cel }) => normal(cel)),
  };
}

/** The names, the columns, the labels and the annotations in a CustomResourceDefinition. */
const servedPart = ({ metadata, spec }: KubeObject) => {
  const { names, versions } = spec as unknown as { names: JsonObject; versions: readonly JsonObject[] };
  return { metadata, names, columns: versions[0]?.['additionalPrinterColumns'] };
};

describe('the composition made from a definition compiles to a definition with the same effect', () => {
  test.each(definitions())('$name', async ({ name, definition }) => {
    const graph = compiled(definition);
    if (graph === undefined) return;
    const text = toComposition([{ definition, graph }], []);
    const effect = await effectOfText(text);
    const [given, kept] = (Object.hasOwn(RENAMED, basename(name)) ? RENAMED[basename(name)] : undefined) ?? [];
    if (given === undefined || kept === undefined) expect(effect).toEqual(effectOf(graph));
    else expect(JSON.parse(JSON.stringify(effect).replaceAll(kept, given))).toEqual(effectOf(graph));
  });
});

/**
 * Files in which an iterator has the name of a function. Maps each file to the name of the iterator in the definition
 * and its name in the composition.
 */
const RENAMED: Readonly<Record<string, readonly [given: string, kept: string]>> = {
  'two-axes.yaml': ['size', 'sizeElement'],
};

test.each([
  ['an optional status field', "${pod.status.?phase.orValue('none')}", "pod.status.phase ?? 'none'"],
  ['an optional status', "${pod.?status.?phase.orValue('none')}", "pod.status?.phase ?? 'none'"],
  [
    'a string template with an optional status field',
    "${'is ' + pod.status.?phase.orValue('none')}",
    "`is ${pod.status.phase ?? 'none'}`",
  ],
  ['a field below an optional field', "${pod.?status.phase.orValue('none')}", 'Cel.expr'],
  ['a counter with another default than 0', '${string(dep.status.?readyReplicas.orValue(5))}', 'Cel.expr'],
  ['an optional list', "${schema.spec.?words.orValue(['a', 'b']).join(',')}", 'Cel.expr'],
])('%s is written as plain TypeScript or as CEL', async (_what, expression, written) => {
  const definition = optionalDefinition(expression);
  const graph = compiled(definition) as Graph;
  const text = toComposition([{ definition, graph }], []);
  expect(text).toContain(written);
  expect(text).toContain("args: spec.words ?? ['a', 'b']");
  expect(text).toContain('labels: spec.labels ?? {}');
  expect(await effectOfText(text)).toEqual(effectOf(graph));
});

/** A definition whose spec has optional fields and whose status has this expression. */
const optionalDefinition = (expression: string): JsonObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'optionals' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Optional',
      spec: { words: '[]string', labels: 'map[string]string' },
      status: { expression },
    },
    resources: [
      {
        id: 'pod',
        template: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'pod', labels: '${schema.spec.?labels.orValue({})}' },
          spec: { containers: [{ name: 'a', image: 'a', args: "${schema.spec.?words.orValue(['a', 'b'])}" }] },
        },
      },
      {
        id: 'dep',
        template: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'dep' },
          spec: {
            selector: { matchLabels: { a: 'b' } },
            template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
          },
        },
      },
    ],
  },
});

/** The paths that a refusal names. */
function refusal(definition: JsonObject, graph: Graph): string[] {
  try {
    toComposition([{ definition, graph }], []);
  } catch (error) {
    if (!(error instanceof TypeKroError)) throw error;
    return [...error.message.matchAll(/^ {2}\S+: (\S+): /gm)].map(([, path = '']) => path);
  }
  return [];
}

async function effectOfText(text: string): Promise<unknown> {
  const result = compile(await traced(text), { sources, target: 'typekro' });
  return result.graph === undefined ? result.diagnostics : effectOf(result.graph);
}

/**
 * Recorded definitions whose compositions have equivalent but not equal graphs. A map with unusual keys becomes one
 * expression, and a concatenation of strings becomes one string template. An optional flag gets a test for absence. An
 * iterator with the name of a function gets another name.
 */
const OTHER_WORDS: ReadonlySet<string> = new Set(
  (
    'extract-061 extract-093 forEach-060 forEach-061 includeWhen-022 literal-090 odd-crd-034 schema-040 status-163 ' +
    'template-023 types-221'
  ).split(' '),
);

/** The test checks every STEP-th definition. */
const STEP = isLongRun() ? 1 : 20;

test('the composition made from a recorded definition has the same effect, unless the conversion is refused', async () => {
  const lines = readFileSync(join(root, 'test/conformance/graph/rgd.jsonl'), 'utf8').split('\n').filter(Boolean);
  let compared = 0;
  for (const line of lines.filter((_, index) => index % STEP === 0)) {
    const { rgd, name } = JSON.parse(line) as { readonly rgd: JsonObject; readonly name: string };
    // The recordings have names that an API server refuses.
    const definition = { ...rgd, metadata: { ...(rgd['metadata'] as JsonObject), name: name.toLowerCase() } };
    const graph = compiled(definition);
    if (graph === undefined || OTHER_WORDS.has(name) || refusal(definition, graph).length > 0) continue;
    const text = toComposition([{ definition, graph }], []);
    expect(await effectOfText(text), text).toEqual(effectOf(graph));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(500 / STEP);
}, 300_000);

const PLAIN = `apiVersion: v1
kind: ServiceAccount
metadata: { name: web }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      serviceAccountName: web
      containers: [{ name: web, image: "shop:1.2", command: [sh, -c, 'echo \${HOME} "$X"'] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec:
      name: string | required=true
      size: 'string | default="small" enum="small,large"'
      tls: { enabled: boolean | default=false }
      image: { tag: string }
      zones: "[]string | required=true"
      note: string
    status:
      ready: "\${web.status.?readyReplicas.orValue(0) > 0}"
      address: "\${web.status.?conditions.orValue([]).size()}"
  resources:
    - id: web
      readyWhen: ["\${web.status.readyReplicas == 1}"]
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: "\${schema.spec.name}-web", annotations: { note: "\${schema.spec.note}" } }
        spec:
          replicas: "\${schema.spec.size == 'large' ? 3 : 1}"
          selector: { matchLabels: { app: "\${schema.spec.name}" } }
          template:
            metadata: { labels: { app: "\${schema.spec.name}" } }
            spec: { containers: [{ name: web, image: "shop:\${schema.spec.?image.?tag.orValue('latest')}" }] }
    - id: zones
      forEach: [{ zone: "\${schema.spec.zones}" }]
      includeWhen: ["\${schema.spec.tls.enabled && schema.spec.size != 'small'}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.spec.name}-\${zone}" }
        data: { of: "\${web.metadata.name}", upper: "\${zone.upperAscii()}" }
    - id: shared
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: shared } }
`;

describe('typekro convert --to typescript', () => {
  const run = (line: string, stdin: string) => commandRunner([convert], folder)(line, stdin);

  test('plain objects become a composition whose spec has the lifted fields', async () => {
    const { code, out } = await run(
      'convert - --to typescript --name web-shop --lift Deployment/web:spec.replicas',
      PLAIN,
    );
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "import { type } from 'arktype';
      import { kubernetesComposition } from 'typekro';
      import * as k8s from 'typekro/kubernetes';

      export const webShop = kubernetesComposition(
        {
          name: 'web-shop',
          apiVersion: 'v1alpha1',
          kind: 'WebShop',
          spec: type({ replicas: 'number.integer = 3' }),
        },
        (spec) => {
          const serviceAccount = k8s.serviceAccount({ id: 'serviceAccount', metadata: { name: 'web' } });
          const deployment = k8s.deployment({
            id: 'deployment',
            metadata: { name: 'web' },
            spec: {
              replicas: spec.replicas,
              selector: { matchLabels: { app: 'web' } },
              template: {
                metadata: { labels: { app: 'web' } },
                spec: {
                  serviceAccountName: serviceAccount.metadata.name,
                  containers: [{ name: 'web', image: 'shop:1.2', command: ['sh', '-c', 'echo \${HOME} "$X"'] }],
                },
              },
            },
          });
          k8s.service({
            id: 'service',
            metadata: { name: 'web' },
            spec: { selector: deployment.spec.selector.matchLabels, ports: [{ port: 80 }] },
          });
        },
      );"
    `);
  });

  test('a definition and its instance become a module that exports both', async () => {
    const instance =
      '---\napiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: { name: one }\nspec: { name: a, zones: [b] }\n';
    const { code, out, err } = await run('convert - --to typescript', DEFINITION + instance);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "import { type } from 'arktype';
      import { Cel, externalRef, kubernetesComposition } from 'typekro';
      import * as k8s from 'typekro/kubernetes';

      export const shop = kubernetesComposition(
        {
          name: 'shop',
          apiVersion: 'v1alpha1',
          kind: 'Shop',
          spec: type({
            name: 'string',
            size: "'small' | 'large' = 'small'",
            tls: type({ enabled: 'boolean = false' }).default(() => ({})),
            'image?': { 'tag?': 'string' },
            zones: 'string[]',
            'note?': 'string',
          }),
          status: type({ ready: 'boolean', address: 'number.integer' }),
        },
        (spec) => {
          const web = k8s.deployment({
            id: 'web',
            metadata: { name: \`\${spec.name}-web\`, annotations: { note: Cel.expr<string>('schema.spec.note') } },
            spec: {
              replicas: spec.size === 'large' ? 3 : 1,
              selector: { matchLabels: { app: spec.name } },
              template: {
                metadata: { labels: { app: spec.name } },
                spec: { containers: [{ name: 'web', image: \`shop:\${spec.image?.tag ?? 'latest'}\` }] },
              },
            },
          });
          web.withReadyWhen('web.status.readyReplicas == 1');
          for (const zone of spec.zones) {
            const zones = k8s.configMap({
              id: 'zones',
              metadata: { name: \`\${spec.name}-\${zone}\` },
              data: { of: web.metadata.name, upper: Cel.expr<string>(zone, '.upperAscii()') },
            });
            zones.withIncludeWhen(spec.tls.enabled && spec.size !== 'small');
          }
          externalRef({ id: 'shared', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' } });
          return {
            ready: web.status.readyReplicas > 0,
            address: Cel.expr<number>('web.status.?conditions.orValue([]).size()'),
          };
        },
      );

      export const one = {
        apiVersion: 'kro.run/v1alpha1',
        kind: 'Shop',
        metadata: { name: 'one' },
        spec: { name: 'a', zones: ['b'] },
      };"
    `);
  });

  test('a definition may use the kinds of another definition and of a CRD in the same file', async () => {
    const resource = (id: string, kind: string) =>
      `    - id: ${id}\n      template: { apiVersion: acme.test/v1, kind: ${kind}, metadata: { name: a }, spec: { size: 3 } }\n`;
    const rgd = (name: string, kind: string, resources: string) =>
      `---\napiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: ${name} }\nspec:\n  schema: { apiVersion: v1, group: acme.test, kind: ${kind}, spec: { size: integer } }\n  resources:\n${resources}`;
    const schema =
      '{ openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }';
    const crd = `---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: { name: widgets.acme.test }\nspec: { group: acme.test, scope: Namespaced, names: { kind: Widget, plural: widgets, singular: widget }, versions: [{ name: v1, served: true, storage: true, schema: ${schema} }] }\n`;
    const outer = rgd('outer', 'Outer', resource('part', 'Inner') + resource('widget', 'Widget'));
    const inner = rgd(
      'inner',
      'Inner',
      '    - { id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: a } } }\n',
    );
    const { code, out, err } = await run('convert - --to typescript', outer + inner + crd);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.match(/^export const \w+/gm)).toEqual([
      'export const outer',
      'export const inner',
      'export const widgetsAcmeTest',
    ]);
  });

  test('a member whose value is a string equal to its key is not written as a shorthand property', async () => {
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { 'a-b': 'a-b', c: c }\n";
    const widget =
      'apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { ports: [{ port: 80 }], selector: { "x.y": "x.y" } }\n';
    const { code, out } = await run('convert - --to typescript', `${map}---\n${widget}`);
    expect(code).toBe(0);
    expect(out).toContain("data: { 'a-b': 'a-b', c: 'c' }");
    expect(out).toContain("selector: { 'x.y': 'x.y' }");
  });

  test('all parts that a composition cannot express are reported together, with their locations', async () => {
    const secret = '    - id: cred\n      externalRef: { apiVersion: v1, kind: Secret, metadata: { name: cred } }\n';
    const values = "status:\n      password: '${cred.data.password}'\n      user: '${cred.data.user}'\n";
    const lost = `${DEFINITION.replace('status:\n', values)}${secret}`;
    const { code, out, err } = await run('convert - --to typescript', lost);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/standard input:\d+:\d+: spec\.schema\.status\.user: it shows values of the Secret cred/);
    expect(err).toMatch(/standard input:\d+:\d+: spec\.schema\.status\.password: it shows values of the Secret cred/);
  });

  test('an integer that a JavaScript number cannot represent is refused with its location', async () => {
    const template = '{ spec: { restartPolicy: Never, containers: [{ name: main, image: job:1 }] } }';
    const job = `apiVersion: batch/v1\nkind: Job\nmetadata: { name: big }\nspec: { activeDeadlineSeconds: 9007199254740993, template: ${template} }\n`;
    const { code, out, err } = await run('convert - --to typescript', job);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain(
      'standard input:4:32: spec.activeDeadlineSeconds: no number of JavaScript is exactly 9007199254740993',
    );
  });

  test.each([
    ['convert - --to yaml', DEFINITION, '--to'],
    ['convert - --to typescript --lift a/b:c', DEFINITION, '--lift is for plain objects'],
    ['convert - --to typescript --name web-shop', DEFINITION, '--name is for plain objects'],
    ['convert - --to typescript --kind Shop', DEFINITION, '--kind is for plain objects'],
    ['convert -', DEFINITION, '--to typescript'],
  ])('%s is refused', async (line, stdin, output) => {
    expect(await run(line, stdin)).toMatchObject({ code: 2, err: expect.stringContaining(output) as unknown });
  });
});
