import { assumedSettings } from '@typekro/controller/controller';
import { afterEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type VirtualWorld, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { crdOf } from '@typekro/kit/test-support/crd';
import { differenceLines, diffReport } from './diff-report.ts';
import { observe } from './observation.ts';
import { withRefusedWrites } from './pending-writes.ts';
import { statusView } from './status-view.ts';
import { whyOf } from './evidence.ts';

const NEVER = new AbortController().signal;
const INSTANCE = { apiVersion: 'kro.run/v1alpha1', kind: 'App', name: 'app', namespace: 'default' };

/** A custom resource whose list of valves has the key `id`, at least one item, and a unique field `name`. */
const VALVES: JsonObject = {
  type: 'array',
  minItems: 1,
  maxItems: 9,
  items: {
    type: 'object',
    required: ['id'],
    properties: { id: { type: 'string' }, name: { type: 'string', maxLength: 9 } },
  },
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['id'],
  'x-kubernetes-validations': [
    { rule: 'self.all(a, self.exists_one(b, a.name == b.name))', message: 'the names must be unique' },
  ],
};
const PUMPS = crdOf(
  'Pump',
  { properties: { spec: { type: 'object', properties: { valves: VALVES } } } },
  { group: 'acme.test' },
);

let world: VirtualWorld;
afterEach(() => world.close());

/** Rows: the template, the edit of another client, and the item that the reports name. */
test.each<readonly [string, string, JsonObject, string]>([
  [
    'a port of a container',
    `apiVersion: apps/v1
kind: Deployment
spec:
  selector: { matchLabels: { app: a } }
  template:
    metadata: { labels: { app: a } }
    spec: { containers: [{ name: main, image: nginx, ports: [{ name: http, containerPort: 80 }] }] }`,
    { op: 'replace', path: '/spec/template/spec/containers/0/ports/0/containerPort', value: 81 },
    'spec.template.spec.containers[0].ports[0] {"containerPort":81,"protocol":"TCP"} of ',
  ],
  [
    'the only port of a Service',
    'apiVersion: v1\nkind: Service\nspec: { selector: { app: a }, ports: [{ name: http, port: 80 }] }',
    { op: 'replace', path: '/spec/ports/0/port', value: 81 },
    'spec.ports[0] {"port":81,"protocol":"TCP"} of ',
  ],
  [
    'one of two ports of a Service',
    'apiVersion: v1\nkind: Service\nspec: { selector: { app: a }, ports: [{ name: http, port: 80 }, { name: https, port: 443 }] }',
    { op: 'replace', path: '/spec/ports/1/port', value: 444 },
    'spec.ports[1] {"port":444,"protocol":"TCP"} of ',
  ],
  [
    'an item of a custom resource with a rule for the whole list',
    'apiVersion: acme.test/v1\nkind: Pump\nspec: { valves: [{ id: a, name: one }] }',
    { op: 'replace', path: '/spec/valves/0/id', value: 'b' },
    'spec.valves[0] {"id":"b"} of ',
  ],
])(
  'every report names the foreign item of a refused apply, and its command lets the controller continue: %s',
  async (_title, template, edit, item) => {
    world = await virtualWorld({ cluster: { workloads: true } });
    await world.apply(PUMPS);
    const resource = { id: 'main', template: { ...(parse(template) as JsonObject), metadata: { name: 'app' } } };
    await world.apply({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'apps' },
      spec: { schema: { apiVersion: 'v1alpha1', kind: 'App', spec: {} }, resources: [resource] },
    });
    await world.advance(2000);
    await world.apply({ ...parseRef(INSTANCE), spec: {} });
    await world.advance(5000);
    const { apiVersion = '', kind = '' } = parse(template) as Partial<KubeObject>;
    const child = { apiVersion, kind, name: 'app', namespace: 'default' };
    const patch = (operations: JsonObject[]) => world.user.patch(child, operations, { type: 'json' });
    await patch([edit]);
    await world.advance(3000);

    const seen = await withRefusedWrites(
      world.user,
      await observe(world.user, 'app', 'default', NEVER, { settings: assumedSettings('this test') }),
      NEVER,
    );
    const [cause] = (await whyOf(seen, world.user, NEVER)).causes;
    expect(cause?.reason).toContain(item);
    const command = /^kubectl patch (\S+) app -n default --type json -p '(.*)'$/.exec(cause?.remedy ?? '');
    expect(command?.[2]).toContain('"op":"test"');
    expect(statusView(seen).open).toEqual([
      { node: 'main', state: 'failed', reason: cause?.reason, remedy: cause?.remedy, command: cause?.remedy },
    ]);
    if (seen.graph === undefined) throw new Error('no graph');
    const lines = differenceLines(diffReport(seen, seen.graph)).join('\n');
    expect(lines).toContain(item);
    expect(lines).toContain(cause?.remedy);
    expect(lines).not.toContain('will be put back');
    // The controller's own report.
    const ready = await readyOf();
    expect(ready?.['message']).toContain(item);

    await patch(JSON.parse(command?.[2] ?? '') as JsonObject[]);
    await world.advance(120_000);
    expect(await readyOf()).toMatchObject({ status: 'True' });
  },
);

const parseRef = ({ name, namespace, ...type }: typeof INSTANCE): KubeObject => ({
  ...type,
  metadata: { name, namespace },
});

async function readyOf(): Promise<JsonObject | undefined> {
  const { status } = await world.user.get(INSTANCE);
  const conditions = (status?.['conditions'] ?? []) as JsonObject[];
  return conditions.find(({ type }) => type === 'Ready');
}
