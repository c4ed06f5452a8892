import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { assumedSettings } from '@typekro/controller/controller';
import { parse } from 'yaml';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient, readSession } from '@typekro/kube';
import { RootCause } from '@typekro/engine/runtime';
import { commandRunner } from '../../test-support/run-command.ts';
import { withoutTimes } from '@typekro/app/test-support/without-times';
import { diff } from '../commands/instance/diff-command.ts';
import { tree } from '../commands/instance/tree-command.ts';
import { why } from '../commands/instance/why-command.ts';
import { findEvidence, observe } from '@typekro/app/instance';

describe('commands', () => {
  let world: VirtualWorld;
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-instance-'));

  beforeAll(async () => {
    world = await virtualWorld();
    const { kubeconfig } = await world.cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    await world.apply({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'app' },
      spec: {
        schema: { apiVersion: 'v1alpha1', kind: 'App', spec: {} },
        resources: [
          {
            id: 'map',
            readyWhen: ['${map.data.a == "c"}'],
            template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data: { a: 'b' } },
          },
        ],
      },
    });
    await world.advance(2000);
    const metadata = { name: 'shop', namespace: 'default' };
    await world.apply({ apiVersion: 'kro.run/v1alpha1', kind: 'App', metadata, spec: {} });
    await world.advance(2000);
  });

  afterAll(async () => {
    await world.close();
  });

  const run = (line: string) => commandRunner([why, tree, diff], cwd)(line);

  test('why prints the cause as text', async () => {
    const { code, out, err } = await run('why shop --kubeconfig kubeconfig');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('… map  waiting: waits until map.data.a == "c" is true');
  });

  test.each([
    ['why -o json', (text: string) => JSON.parse(text) as unknown],
    ['tree --output json', (text: string) => JSON.parse(text) as unknown],
    ['diff -n default -o json', (text: string) => JSON.parse(text) as unknown],
  ])('%s prints data with a schemaVersion', async (line, parse) => {
    const { code, out } = await run(`${line} shop --kubeconfig kubeconfig`);
    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({
      schemaVersion: 1,
      instance: { kind: 'App', name: 'shop', namespace: 'default' },
    });
  });

  test('tree -o yaml prints data with a schemaVersion', async () => {
    expect((await run('tree shop -o yaml --kubeconfig kubeconfig')).out).toMatch(/^schemaVersion: 1\ninstance:\n/);
  });

  test('an unknown output format is refused before the first request', async () => {
    const { code, out, err } = await run('tree shop -o wide --kubeconfig missing');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('--output wide is not one of text, json, yaml');
  });

  test.each([
    ['why shp --kubeconfig kubeconfig', 2, 'did you mean app/default/shop?'],
    ['why', 2, "missing required argument 'instance'"],
    ['diff shop/nothing --kubeconfig kubeconfig', 2, 'its nodes are map'],
  ])('typekro %s ends with the exit code %d', async (line, code, output) => {
    const ended = await run(line);
    expect(ended.code).toBe(code);
    expect(ended.err).toContain(output);
  });

  test('why accepts the name of a definition or of its kind', async () => {
    const lamp = {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'lamps' },
      spec: {
        schema: { apiVersion: 'v1alpha1', kind: 'Lamp', spec: {} },
        resources: [
          { id: 'map', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${mp.metadata.name}' } } },
        ],
      },
    };
    await world.apply(lamp);
    const refused = await run('why lamp --kubeconfig kubeconfig');
    expect({ ...refused, out: withoutTimes(refused.out.split('\n')) }).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": [
        "ResourceGraphDefinition lamps   Inactive AGE   kind Lamp",
        "",
        "✗ GraphAccepted  False: failed to build dependency graph: failed to extract dependencies: references unknown identifiers: [mp]",
        "   do         correct the definition as the message says, and apply it again; typekro plan FILE checks it against this cluster first",
        "",
        "error: nothing here is named mp [graph/unknown-identifier]",
        "  at spec.resources[0].template.metadata.name",
        "  hint: did you mean "map"?",
      ],
    }
  `);
    expect((await run('why rgd/lamps --kubeconfig kubeconfig')).out).toBe(refused.out);
    expect((await run('why rgd/lmps --kubeconfig kubeconfig')).err).toContain('did you mean lamps?');
    expect(withoutTimes((await run('why app -o text --kubeconfig kubeconfig')).out.split('\n'))).toMatchInlineSnapshot(`
    [
      "ResourceGraphDefinition app   Active AGE   kind App   1 instance, 1 not ACTIVE",
      "",
      "nothing is wrong with the definition: the controller serves it",
      "",
      "not ACTIVE: app/default/shop",
      "   look       typekro why app/default/shop",
    ]
  `);
    const { out } = await run('why lamps -o json --kubeconfig kubeconfig');
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      definition: { name: 'lamps' },
      problems: [{ code: 'graph/unknown-identifier' }],
    });
    await world.user.delete({ apiVersion: lamp.apiVersion, kind: lamp.kind, name: 'lamps' });
  });

  test('why compiles a definition by the rules of the level that --kro-compatibility names', async () => {
    const spec = { schema: { apiVersion: 'v1alpha1', kind: 'Open', spec: {} }, resources: [] as object[] };
    const data = { a: '${ without an end' };
    spec.resources.push({
      id: 'map',
      template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'open' }, data },
    });
    const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name: 'opens' } };
    await world.apply({ ...definition, spec } as never);
    await world.advance(2000);
    expect((await run('why opens --kubeconfig kubeconfig')).out).toMatch(/^error: /m);
    expect((await run('why opens --kro-compatibility 0.9 --kubeconfig kubeconfig')).out).not.toMatch(/^error: /m);
    await world.user.delete({ apiVersion: definition.apiVersion, kind: definition.kind, name: 'opens' });
  });

  test('diff exits with 4 when there is a difference', async () => {
    await world.controller.stop();
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', name: 'map', namespace: 'default' };
    await world.user.patch(ref, { data: { a: 'edited' } }, { fieldManager: 'kubectl-edit' });
    const { code, out } = await run('diff shop --kubeconfig kubeconfig');
    expect({ code, out }).toEqual({
      code: 4,
      out: [
        '~ ConfigMap default/map  drift (map), last written by kubectl-edit',
        '    data.a  "edited" in the cluster, by kubectl-edit; "b" is wanted and will be put back',
      ].join('\n'),
    });
  });
});

describe('requests', () => {
  let world: VirtualWorld;
  afterEach(async () => {
    await world.close();
  });

  const NEVER = new AbortController().signal;
  const yaml = (text: string) => parse(text) as KubeObject;

  /** Starts a world and applies a definition with these resources (YAML). */
  async function start(resources: string): Promise<void> {
    world = await virtualWorld({ cluster: { workloads: true } });
    await world.apply(
      yaml(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1alpha1, kind: App, spec: { names: '[]string', spaces: '[]string' } }
  resources:
${resources.replaceAll(/^/gm, '    ')}`),
    );
    await world.advance(2000);
  }

  const instance = (names: readonly string[] = [], spaces = names): KubeObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'App',
    metadata: { name: 'shop', namespace: 'default' },
    spec: { names: [...names], spaces: [...spaces] },
  });

  /** Runs `why` and returns the requests that it makes. */
  async function requestsOfWhy(): Promise<string[]> {
    const seen: string[] = [];
    const inner = world.cluster.transport();
    const client = new KubeClient({
      transport: {
        request: (request) => {
          seen.push(`${request.method} ${request.path}`);
          return inner.request(request);
        },
        close: () => inner.close(),
      },
      clock: world.clock,
    });
    const api = readSession(client);
    const observation = await observe(api, 'shop', 'default', NEVER, { settings: assumedSettings('this test') });
    const decision = observation.decision;
    const roots = RootCause.of(decision.nodes);
    expect(roots).toHaveLength(1);
    await findEvidence(api, roots, observation, NEVER);
    return seen;
  }

  test("`why` makes at most 15 requests when a Deployment's container crashes", async () => {
    await start(`
- id: web
  readyWhen: ["\${web.status.readyReplicas == 1}"]
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: { name: web }
    spec:
      replicas: 1
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web }, annotations: { typekro.dev/simulate-failure: CrashLoopBackOff } }
        spec: { containers: [{ name: main, image: nginx }] }
- id: service
  template: { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ port: 80 }] } }
- id: settings
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: web } }
- id: ingress
  template:
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: { name: web, annotations: { ready: "\${string(web.status.readyReplicas)}" } }
    spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }`);
    await world.apply(instance());
    await world.advance(60_000);
    const requests = await requestsOfWhy();
    expect(requests.length, requests.join('\n')).toBeLessThanOrEqual(15);
  });

  test('`why` makes at most 16 reads with 740 missing children and children in 60 namespaces', async () => {
    const names = Array.from({ length: 800 }, (_, index) => `n${index}`);
    await start(`
- id: parts
  forEach: [{ name: "\${schema.spec.names}" }]
  template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${name}" } }
- id: spread
  forEach: [{ name: "\${schema.spec.spaces}" }]
  template: { apiVersion: v1, kind: Secret, metadata: { name: spread, namespace: "\${name}" } }
`);
    for (const name of names.slice(0, 60)) {
      await world.user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    }
    await world.apply(instance(names.slice(0, 60)));
    await world.advance(10_000);
    await world.controller.stop();
    await world.user.patch(
      { apiVersion: 'kro.run/v1alpha1', kind: 'App', name: 'shop', namespace: 'default' },
      { spec: { names } },
    );
    const requests = await requestsOfWhy();
    const writes = requests.filter((text) => !text.startsWith('GET'));
    expect(requests.length - writes.length, requests.join('\n')).toBeLessThanOrEqual(16);
  });
});
