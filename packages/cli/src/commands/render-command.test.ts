import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import { render } from './render-command.ts';

const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: shop }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Shop
    spec: { name: string, replicas: integer | default=2, zones: "[]string", metrics: boolean | default=false }
    status: { address: "\${svc.spec.clusterIP}" }
  resources:
    - id: settings
      externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: settings } }
    - id: svc
      template: { apiVersion: v1, kind: Service, metadata: { name: "\${schema.spec.name}" }, spec: { ports: [{ port: 80 }] } }
    - id: zone
      forEach: [{ z: "\${schema.spec.zones}" }]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.spec.name + '-' + z}" }
        data: { host: "\${svc.metadata.name}", ip: "\${svc.spec.clusterIP}", replicas: "\${string(schema.spec.replicas)}" }
    - id: region
      forEach: [{ r: "\${settings.data.regions.split(',')}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${r}" } }
    - id: monitor
      includeWhen: ["\${schema.spec.metrics}"]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: monitor } }
`;

const cwd = mkdtempSync(join(tmpdir(), 'typekro-render-'));
let run: (line: string, stdin?: string) => Promise<CommandRun>;

beforeAll(() => {
  writeFileSync(join(cwd, 'shop.yaml'), DEFINITION);
  writeFileSync(join(cwd, 'values.yaml'), 'name: web\nzones: [a]\n');
  writeFileSync(join(cwd, 'wrong.yaml'), 'name: 3\n');
  writeFileSync(
    join(cwd, 'instance.yaml'),
    'apiVersion: kro.run/v1alpha1\nkind: Shop\nmetadata: { name: own, namespace: team }\nspec: { name: web, zones: [] }\n',
  );
  mkdirSync(join(cwd, 'live'));
  writeFileSync(
    join(cwd, 'live', 'all.yaml'),
    `{ apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, data: { regions: 'eu,us' } }
---
{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { clusterIP: 10.0.0.7 } }
`,
  );
  writeFileSync(join(cwd, 'latin.yaml'), Buffer.from('name: caf\xe9\n', 'latin1'));
  run = commandRunner([render], cwd);
});

test('prints known values, and the expressions of values that are unknown without a cluster', async () => {
  expect(await run('render shop.yaml --values values.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "# settings (ConfigMap): external, waiting, waits for ConfigMap v1 default/settings, which another client must create
    # svc (Service): applying, creates its object
    apiVersion: v1
    kind: Service
    metadata:
      name: web
      namespace: default
    spec:
      ports:
        - port: 80
    ---
    # zone (ConfigMap): pending, waits for svc (applying)
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: web-a
      namespace: default
    data:
      host: web
      ip: \${svc.spec.clusterIP} # not known yet, waits for svc
      replicas: "2"
    ---
    # region (ConfigMap): pending, waits for settings (waiting)
    # one for each r in settings.data.regions.split(','); the list is not known yet
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: \${r} # not known yet, waits for settings
      namespace: default
    # monitor (ConfigMap): skipped, is left out: schema.spec.metrics is false
    # status of Shop default/shop:
    #   state: IN_PROGRESS
    #   address: \${svc.spec.clusterIP} is not known yet, waits for svc",
    }
  `);
});

test('reports documents of --observed that are not objects', async () => {
  const text = 'apiVersion: v1\nkind: ConfigMap\ndata: { image: caddy }\n';
  const { code, err } = await run('render shop.yaml --values values.yaml --observed -', text);
  expect(code).toBe(0);
  expect(err).toMatch(/^left out: standard input:\d+:\d+: .*metadata/m);
});

test('uses the objects of --observed, and prints the status at the end', async () => {
  const { code, out } = await run('render shop.yaml --values values.yaml --observed live');
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "# settings (ConfigMap): external, ready, is as wanted and ready
    # svc (Service): ready, is as wanted and ready
    apiVersion: v1
    kind: Service
    metadata:
      name: web
      namespace: default
    spec:
      ports:
        - port: 80
    ---
    # zone (ConfigMap): applying, creates its object
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: web-a
      namespace: default
    data:
      host: web
      ip: 10.0.0.7
      replicas: "2"
    ---
    # region (ConfigMap): applying, creates its 2 objects
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: eu
      namespace: default
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: us
      namespace: default
    # monitor (ConfigMap): skipped, is left out: schema.spec.metrics is false
    # status of Shop default/shop:
    #   address: 10.0.0.7
    #   state: IN_PROGRESS"
  `);
});

test('the output is a stream of valid objects in YAML', async () => {
  const { out } = await run('render shop.yaml -f values.yaml');
  const documents = parseAllDocuments(out);
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  expect(documents.map((document) => (document.toJS() as { kind: string }).kind)).toEqual([
    'Service',
    'ConfigMap',
    'ConfigMap',
  ]);
});

test.each([
  ['--set', 'render shop.yaml --set name=x --set replicas=5,zones=[z]', ['x-z'], '5'],
  ['--set, which overrides --values', 'render shop.yaml -f values.yaml --set zones[1]=b', ['web-a', 'web-b'], '2'],
  ['an instance in --values', 'render shop.yaml -f instance.yaml --set zones=[q]', ['web-q'], '2'],
  ['an instance in the files', 'render shop.yaml instance.yaml --set zones=[q],replicas=9', ['web-q'], '9'],
])('takes values from %s', async (_name, line, names, replicas) => {
  const { code, out } = await run(`${line} -o json`);
  const { schemaVersion, instances } = JSON.parse(out) as {
    schemaVersion: number;
    instances: {
      nodes: { id: string; objects: { object: { metadata: { name: string }; data: { replicas: string } } }[] }[];
    }[];
  };
  const zones = instances[0]?.nodes.find(({ id }) => id === 'zone')?.objects ?? [];
  expect({ code, schemaVersion }).toEqual({ code: 0, schemaVersion: 1 });
  expect(zones.map(({ object }) => object.metadata.name)).toEqual(names);
  expect(zones[0]?.object.data.replicas).toBe(replicas);
});

test('reads a spec from the standard input', async () => {
  expect((await run('render shop.yaml -f -', 'name: piped\nzones: []\n')).out).toContain('name: piped');
});

test.each<[field: string, cel: string, isServers: boolean]>([
  ...['uid', 'resourceVersion'].map((field): [string, string, boolean] => [field, `schema.metadata.${field}`, true]),
  ...['creationTimestamp', 'generation'].map((field): [string, string, boolean] => [
    field,
    `string(schema.metadata.${field})`,
    true,
  ]),
  ['annotations', "schema.metadata.annotations['a']", false],
])('the field %s of the instance is an error only if no server sets it', async (field, cel, isServers) => {
  const text = DEFINITION.replace(
    'name: monitor }',
    `name: monitor }, data: { k: "\${${cel}}", text: "a-\${${cel}}" }`,
  );
  writeFileSync(join(cwd, `${field}.yaml`), text);
  const { code, out, err } = await run(`render ${field}.yaml -f values.yaml --set metrics=true`);
  if (isServers) {
    const note = `# exists only on a server, which sets metadata.${field} of the instance`;
    expect(out).toContain(`  k: \${${cel}} ${note}\n  text: a-\${${cel}} ${note}\n`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
  } else {
    expect(code).toBe(3);
    expect(err).toMatch(/^error: Shop default\/shop: monitor waits for data/);
  }
});

test('an expression that fails with the values of the instance is an error', async () => {
  const { code, out, err } = await run('render shop.yaml');
  expect(code).toBe(3);
  expect(err).toMatchInlineSnapshot(`
    "error: Shop default/shop: svc waits for data: schema.spec.name has no value, "name" does not exist
      hint: set "name" in the instance, give it a default in the schema, or read it with a default: .?name.orValue(…) in CEL, ?? in TypeScript; for this output: --set name=VALUE
    error: Shop default/shop: zone: the list of z has no value, no such key: zones: \${schema.spec.zones}
      hint: correct the values of the instance, or the expression; the failure stays when the nodes that zone waits for are ready"
  `);
  expect(out).toContain('name: ${schema.spec.name} # has no value: no such key: name');
});

test('a field that fails with the values of the instance is an error, even while its node waits', async () => {
  const rgd = (template: string, more = '', name = 'late') => `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: part }
spec:
  schema: { apiVersion: v1alpha1, kind: Part, spec: { size: "integer | default=0", list: "[]string", m: "map[string]string" } }
  resources:
    - id: svc
      template: { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }
    - id: late
      ${more}
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} }, data: ${template} }
`;
  const ended = async (...parts: Parameters<typeof rgd>) => {
    const { code, err } = await run('render -', rgd(...parts));
    return { code, err };
  };
  const waits = '"${svc.spec.clusterIP}"';
  expect(await ended(`{ a: ${waits} }`)).toEqual({ code: 0, err: '' });
  expect(await ended(`{ a: ${waits}, b: "\${string(1 / schema.spec.size)}" }`)).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "error: Part default/part: late: data.b has no value, division by zero: \${string(1 / schema.spec.size)}
      hint: correct the values of the instance, or the expression; the failure stays when the nodes that late waits for are ready",
    }
  `);
  expect(await ended(`{ a: ${waits}, b: "no \${schema.spec.m.x}" }`)).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "error: Part default/part: late: data.b has no value, no such key: m: no \${schema.spec.m.x}
      hint: correct the values of the instance, or the expression; the failure stays when the nodes that late waits for are ready",
    }
  `);
  const lists =
    'forEach: [{ part: "${schema.spec.m.list.split(\',\')}" }, { byte: "${svc.spec.clusterIP.split(\'.\')}" }]';
  expect(await ended('{ a: "${part + byte}" }', lists, '"${part}-${byte}"')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "error: Part default/part: late: the list of part has no value, no such key: m: \${schema.spec.m.list.split(',')}
      hint: correct the values of the instance, or the expression; the failure stays when the nodes that late waits for are ready",
    }
  `);
});

/**
 * The beginning of a definition. The text ends after its first resource, a Service, so that tests can append more
 * resources.
 */
const partWithService = (spec: string): string => `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: part }
spec:
  schema: { apiVersion: v1alpha1, kind: Part, spec: { ${spec} } }
  resources:
    - id: svc
      template: { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }
`;

test.each([
  ['the condition has no value yet', 'late', 'includeWhen: ["${svc.spec.clusterIP != \'None\'}"]', 0],
  ['the condition of a dependency has no value yet', 'after', 'includeWhen: ["${svc.spec.clusterIP != \'\'}"]', 0],
  ['the length of the collection is unknown', 'late', 'forEach: [{ byte: "${svc.spec.clusterIP.split(\'.\')}" }]', 0],
  ['the condition is true', 'late', 'includeWhen: ["${schema.spec.size == 0}"]', 3],
])('a failing field is an error only if its node certainly exists: %s', async (_what, id, more, code) => {
  const fails = '{ a: "${svc.spec.clusterIP}", b: "${string(1 / schema.spec.size)}" }';
  const late = id === 'late' ? fails : '{ a: "${svc.spec.clusterIP}" }';
  const name = more.startsWith('forEach') ? '"late-${byte}"' : 'late';
  const ended = await run(
    'render -',
    `${partWithService('size: "integer | default=0"')}    - id: late
      ${more}
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} }, data: ${late} }
${
  id === 'late'
    ? ''
    : `    - id: after
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "after-\${late.metadata.name}" }, data: ${fails} }
`
}`,
  );
  expect({ code: ended.code, isNamed: ended.err.includes('division by zero') }).toEqual({ code, isNamed: code === 3 });
  expect(ended.out).toContain('b: ${string(1 / schema.spec.size)} #');
});

test('a failing list is an error only when the condition of its node is true, not while the condition has no value yet', async () => {
  const rgd = (condition: string) => `${partWithService('m: "map[string]string"')}    - id: late
      includeWhen: ["${condition}"]
      forEach: [{ part: "\${schema.spec.m.list.split(',')}" }]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${part}" }, data: { a: "\${svc.spec.clusterIP}" } }
`;
  expect((await run('render -', rgd("${svc.spec.clusterIP != 'None'}"))).code).toBe(0);
  expect((await run('render -', rgd('${schema.metadata.name != "x"}'.replaceAll('"', "'")))).code).toBe(3);
});

test.each([
  ['render shop.yaml -f missing.yaml', 1, 'missing.yaml cannot be read'],
  ['render shop.yaml -f latin.yaml', 1, 'latin.yaml:1:10 cannot be read: it is not UTF-8 text'],
  [
    'render shop.yaml -f wrong.yaml',
    3,
    'wrong.yaml:1:7: error: Shop shop: spec.name: 3 is written where a string is expected',
  ],
  ['render shop.yaml --observed latin.yaml', 1, 'not UTF-8 text'],
  ['render shop.yaml --observed nothing', 1, 'there is no file or folder nothing'],
  ['render shop.yaml --set name', 2, '--set name sets nothing'],
  ['render shop.yaml --set replicas=.inf', 2, '--set replicas=.inf: .inf cannot be written in JSON'],
  ['render shop.yaml --set replicas=-1e999', 3, '--set replicas=-1e999: Shop shop: spec.replicas: the string "-1e999"'],
  ['render shop.yaml --set a[99999999]=1', 2, '--set a[99999999]=1: the index 99999999 is above 999'],
  ['render shop.yaml -f values.yaml --set zones.x=1', 2, '--set zones.x=1: zones is a list'],
  ['render shop.yaml --set replicas=many --set replicas.x=1', 2, '--set replicas.x=1: replicas is the string "many"'],
  [
    'render shop.yaml -f values.yaml --set replicas=many --set zoness=[a]',
    3,
    'error: --set replicas=many: Shop shop: spec.replicas: the string "many" is written where',
  ],
  [
    'render shop.yaml --set replicas=1 --set zoness=[a]',
    3,
    'error: --set zoness=[a]: Shop shop: spec.zoness: unknown field',
  ],
  ['render shop.yaml -f wrong.yaml --set replicas=many', 3, 'wrong.yaml:1:7: error: Shop shop: spec.name: 3'],
  ['render shop.yaml -o text', 2, '--output text is not one of yaml, json'],
  ['render instance.yaml', 3, 'Shop'],
  [
    'render shop.yaml instance.yaml -n other',
    2,
    '--namespace names other, but Shop team/own of instance.yaml is in namespace team',
  ],
])('%s ends with the exit code %d', async (line, code, output) => {
  const ended = await run(line);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
  expect(ended.err).toContain(output);
});

test.each(['\u200e', '\u202e', '\u0085', '\r'])(
  'a value with %j is the same value in the printed YAML',
  async (character) => {
    const name = `x${character}y`;
    writeFileSync(
      join(cwd, 'text.yaml'),
      `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: text }
spec:
  schema: { apiVersion: v1alpha1, kind: Text, spec: { text: string } }
  resources:
    - { id: map, template: { apiVersion: v1, kind: ConfigMap, metadata: { name: map }, data: { a: "\${schema.spec.text}" } } }
`,
    );
    writeFileSync(join(cwd, 'text-values.json'), JSON.stringify({ text: name }));
    const { out, err } = await run('render text.yaml --values text-values.json');
    expect(err).toBe('');
    const [object] = parseAllDocuments(out).map((document) => document.toJS() as { data?: unknown } | null);
    expect(object?.data).toEqual({ a: name });
  },
);

describe('a Graph', () => {
  const GRAPH = `apiVersion: kro.run/v1alpha1
kind: Graph
metadata: { name: menu, namespace: team-a }
spec:
  nodes:
    - { id: naming, def: { shop: corner } }
    - { id: season, ref: { apiVersion: v1, kind: ConfigMap, metadata: { name: season } } }
    - id: menu
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${naming.shop}-menu" }
        data: { soup: "\${season.data.vegetable}" }
    - id: mark
      patch: { apiVersion: v1, kind: ConfigMap, metadata: { name: street, labels: { shop: "\${naming.shop}" } } }
`;

  test('is rendered with the objects that it reads, and with the fields of its patches', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-render-'));
    writeFileSync(join(folder, 'menu.yaml'), GRAPH);
    const run = commandRunner([render], folder);
    expect((await run('render menu.yaml')).out).toMatchInlineSnapshot(`
      "# naming: ready, is as wanted and ready
      # season (ConfigMap): external, waiting, waits for ConfigMap v1 team-a/season, which another client must create
      # menu (ConfigMap): pending, waits for season (waiting)
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: corner-menu
        namespace: team-a
      data:
        soup: \${season.data.vegetable} # not known yet, waits for season
      ---
      # mark (ConfigMap): fields of another object, blocked, waits for ConfigMap v1 team-a/street, into which it writes
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: street
        labels:
          shop: corner
        namespace: team-a"
    `);
    const map = (name: string, data: string) =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: ${data}}`;
    writeFileSync(join(folder, 'live.yaml'), `${map('season', '{vegetable: leek}')}\n---\n${map('street', '{}')}\n`);
    expect((await run('render menu.yaml --observed live.yaml')).out).toMatchInlineSnapshot(`
      "# naming: ready, is as wanted and ready
      # season (ConfigMap): external, ready, is as wanted and ready
      # menu (ConfigMap): applying, creates its object
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: corner-menu
        namespace: team-a
      data:
        soup: leek
      ---
      # mark (ConfigMap): fields of another object, ready, is as wanted and ready
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: street
        labels:
          shop: corner
        namespace: team-a"
    `);
    expect(await run('render menu.yaml --set a=b')).toMatchObject({ code: 2, out: '' });
    const own = map('corner-menu', '{soup: leek}');
    writeFileSync(join(folder, 'own.yaml'), `${map('season', '{vegetable: leek}')}\n---\n${own}\n`);
    const observed = await run('render menu.yaml --observed own.yaml');
    expect(observed.out).toContain('# menu (ConfigMap): ready, is as wanted and ready');
    rmSync(folder, { recursive: true, force: true });
  });

  test('has one patch per element of a list', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-render-'));
    const marks = `    - id: marks
      forEach: [{ name: "\${streets.all}" }]
      patch: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${name}", labels: { shop: corner } } }
`;
    const head = GRAPH.slice(0, GRAPH.indexOf('    - { id: naming'));
    writeFileSync(join(folder, 'marks.yaml'), `${head}    - { id: streets, def: { all: [north, south] } }\n${marks}`);
    const { code, out } = await commandRunner([render], folder)('render marks.yaml');
    expect([code, out.match(/name: .*/g)]).toEqual([0, ['name: north', 'name: south']]);
    rmSync(folder, { recursive: true, force: true });
  });
});
