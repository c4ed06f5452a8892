import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commandRunner } from '../../test-support/run-command.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { KubeObject } from '@typekro/kit/core';
import { commands } from './index.ts';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-upgrade-graphs-'));

const graph = (name: string, nodes: string, annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name, namespace: 'default', annotations },
  spec: { nodes: parse(nodes) },
});
const map = (id: string, name: string, data: string) =>
  `- {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {${data}}}}\n`;
const ref = (name: string) => ({ apiVersion: 'kro.run/v1alpha1', kind: 'Graph', name, namespace: 'default' });

const RBAC = 'rbac.authorization.k8s.io';
const RIGHTS: readonly KubeObject[] = [
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name: 'account', namespace: 'default' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name: 'account', namespace: 'default' },
    roleRef: { apiGroup: RBAC, kind: 'Role', name: 'account' },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }],
  },
];

beforeAll(async () => {
  const serviceAccount = { namespace: 'kro-system', name: 'kro' };
  world = await virtualWorld({ controller: { features: { graphKind: true, now: true }, serviceAccount } });
  writeFileSync(join(cwd, 'kubeconfig'), (await world.cluster.listen({ port: 0 })).kubeconfig);
  await world.apply(
    ...RIGHTS,
    graph('plain', map('a', 'plain', 'k: v')),
    graph('timed', map('a', 'timed', `k: "\${string(now()) == '' ? 'none' : 'some'}"`)),
    graph('broken', map('a', 'broken', 'k: "${none.x}"')),
  );
  await world.advance(2000);
  await world.controller.stop();
});
afterAll(async () => {
  await world.close();
});

const runAlone = (line: string) => commandRunner(commands, cwd)(line);
const run = (line: string) => runAlone(`${line} --kubeconfig kubeconfig`);
const shown = (text: string) => text.replace(/typekro \d\S* /, 'typekro V ').split('\n');
const GATES = '--feature-gates GraphKind=true';

describe('upgrade --check', () => {
  test('names the Graphs that the new controller refuses, the reason, and the controllers that accept them', async () => {
    const { code, out } = await run(`upgrade --check ${GATES}`);
    expect(shown(out)).toMatchInlineSnapshot(`
      [
        "Upgrade check  controller of typekro V   cluster: typekro (v1.36.0+typekro)",
        "",
        "There are no definitions.",
        "",
        "GRAPH            STATE    RESULT            ACCEPTED BY",
        "default/broken   ERROR    refused, as now   none",
        "default/plain    ACTIVE   unchanged         kro 0.10, typekro 0.9, typekro 0.10",
        "default/timed    ACTIVE   refused           none",
        "",
        "default/broken",
        "  ! refused: spec.nodes[0].template.data.k: nothing here is named none [graph/unknown-identifier]",
        "    try: known names: a",
        "",
        "default/timed",
        "  ! refused: spec.nodes[0].template.data.k: there is no function now [graph/unknown-function]",
        "    try: the feature "now" is off; stock kro has it off by default",
        "",
        "Graphs: 1 unchanged, 1 refused, 1 refused as now.",
      ]
    `);
    expect(code).toBe(3);
  });

  test('with the gates of the controller in the cluster, no accepted Graph is refused, and nothing is written', async () => {
    const { code, out } = await run(`upgrade --check ${GATES},CELNow=true`);
    expect(shown(out).at(-1)).toBe('Graphs: 2 unchanged, 1 refused as now.');
    expect(code).toBe(0);
  });

  test('without the gate GraphKind every Graph that is served is refused', async () => {
    const { code, out } = await run('upgrade --check');
    expect(shown(out).slice(2, 12)).toMatchInlineSnapshot(`
      [
        "There are no definitions.",
        "",
        "GRAPH            STATE    RESULT            ACCEPTED BY",
        "default/broken   ERROR    refused, as now   none",
        "default/plain    ACTIVE   refused           kro 0.10, typekro 0.9, typekro 0.10",
        "default/timed    ACTIVE   refused           none",
        "",
        "default/broken",
        "  ! refused: spec.nodes[0].template.data.k: nothing here is named none [graph/unknown-identifier]",
        "    try: known names: a",
      ]
    `);
    expect(code).toBe(3);
  });

  test('shows the objects that would be written, and shows the same for a snapshot', async () => {
    const changed = { apiVersion: 'v1', kind: 'ConfigMap', name: 'plain', namespace: 'default' };
    await world.user.patch(changed, { data: { k: 'other' } }, { fieldManager: 'kubectl-edit' });
    const line = `upgrade --check ${GATES},CELNow=true`;
    const live = await run(line);
    expect(live.code).toBe(2);
    expect(shown(live.out).slice(8)).toMatchInlineSnapshot(`
      [
        "",
        "default/broken",
        "  ! refused: spec.nodes[0].template.data.k: nothing here is named none [graph/unknown-identifier]",
        "    try: known names: a",
        "",
        "Graphs 1   changed 1",
        "  default/plain  ~ ConfigMap plain  (a)  puts back what another client changed",
        "                     data.k  "other" → "v"",
        "",
        "Graphs: 1 unchanged, 1 with changes, 1 refused as now.",
      ]
    `);
    expect((await run('snapshot prod.json')).code).toBe(0);
    const kept = await runAlone(`${line} --snapshot prod.json`);
    expect(kept.code).toBe(2);
    expect(kept.out.split('\n').slice(1)).toEqual(live.out.split('\n').slice(1));
    await world.user.patch(changed, { data: { k: 'v' } }, { fieldManager: 'kubectl-edit' });
  });

  test('the check fails when the Graphs cannot be listed', async () => {
    expect((await run('snapshot blind.json')).code).toBe(0);
    const file = join(cwd, 'blind.json');
    const taken = JSON.parse(readFileSync(file, 'utf8')) as object;
    const limits = ['graphs.kro.run in the whole cluster could not be read: no right'];
    writeFileSync(file, JSON.stringify({ ...taken, limits }));
    const { code, err } = await runAlone('upgrade --check --snapshot blind.json');
    expect(err).toContain(
      'the Graphs cannot be checked: graphs.kro.run in the whole cluster could not be read: no right',
    );
    expect(code).toBe(1);
  });
});

describe('hand-back', () => {
  const findings = async (line: string) =>
    shown((await run(`hand-back --dry-run ${line}`)).out)
      .filter((each) => each.startsWith('  ! '))
      .map((each) => each.slice(4));

  test('hand-back to kro 0.9: every Graph is a finding', async () => {
    expect(await findings('--to 0.9')).toMatchInlineSnapshot(`
      [
        "Graph default/broken: kro 0.9 does not know the kind Graph; its objects and fields stay as they are, and its deletion does not end, until a controller serves it",
        "Graph default/plain: kro 0.9 does not know the kind Graph; its objects and fields stay as they are, and its deletion does not end, until a controller serves it",
        "Graph default/timed: kro 0.9 does not know the kind Graph; its objects and fields stay as they are, and its deletion does not end, until a controller serves it",
      ]
    `);
  });

  test('hand-back to kro 0.10: a Graph is a finding when kro refuses it, handles it differently or ignores its annotation', async () => {
    const rows = '- {id: rows, forEach: [{n: "${[1, 2]}"}], def: {key: "${n}"}}\n';
    const named = '- {id: rows, forEach: [{n: "${[1, 2]}"}], def: {metadata: {name: "${string(n)}"}}}\n';
    const patch = '- {id: p, patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: absent}, data: {k: v}}}\n';
    await world.restart();
    await world.apply(
      graph('rows', rows),
      graph('named', named),
      graph('inner', `- {id: sub, graph: {nodes: [${rows.trim().slice(2)}]}}`),
      graph('patching', patch),
      graph('kept', map('a', 'kept', 'k: v'), { 'typekro.dev/deletion-policy': 'orphan' }),
    );
    await world.advance(2000);
    await world.controller.stop();
    expect(await findings('--to 0.10')).toMatchInlineSnapshot(`
      [
        "Graph default/broken: kro 0.10 refuses it: spec.nodes[0].template.data.k: nothing here is named none [graph/unknown-identifier]; its objects and fields stay as they are until it is changed",
        "Graph default/inner: kro 0.10 publishes the last element of the def node "sub/rows" in place of every element, because the elements do not differ in metadata.name; the nodes that read it get wrong values; give each element its own metadata.name",
        "Graph default/kept: typekro.dev/deletion-policy: orphan no longer has an effect; its objects are deleted with it",
        "Graph default/patching: while a patch waits, kro 0.10 rewrites the status without a pause: apply "p" (patch): patch target ConfigMap "default/absent" not found: executor: node not ready; the API server gets many writes",
        "Graph default/rows: kro 0.10 publishes the last element of the def node "rows" in place of every element, because the elements do not differ in metadata.name; the nodes that read it get wrong values; give each element its own metadata.name",
        "Graph default/timed: kro 0.10 refuses it: spec.nodes[0].template.data.k: there is no function now [graph/unknown-function]; its objects and fields stay as they are until it is changed",
      ]
    `);
    for (const name of ['rows', 'named', 'inner', 'patching', 'kept', 'timed', 'broken']) {
      await world.user.patch(ref(name), { metadata: { finalizers: null } });
      await world.user.delete(ref(name));
    }
  });

  const kro = (args: string[]): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'kro', namespace: 'default', labels: { 'app.kubernetes.io/name': 'kro' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'kro' } },
      template: {
        metadata: { labels: { app: 'kro' } },
        spec: { containers: [{ name: 'kro', image: 'registry.k8s.io/kro/kro:v0.10.0', args }] },
      },
    },
  });

  test('hand-back to kro 0.10: a Deployment of kro without the gate GraphKind is a finding', async () => {
    expect((await run('hand-back --dry-run --to 0.10')).out).toContain(
      'install kro 0.10 with --feature-gates=GraphKind=true: no Deployment of kro was found',
    );
    await world.user.apply(kro(['--leader-elect']), { fieldManager: 'user' });
    expect(await findings('--to 0.10')).toMatchInlineSnapshot(`
      [
        "Deployment default/kro: its flags lack --feature-gates=GraphKind=true; it serves none of the Graphs of the cluster (1), and does not end their deletion",
      ]
    `);
    await world.user.apply(kro(['--leader-elect', '--feature-gates=GraphKind=true']), { fieldManager: 'user' });
    expect(await findings('--to 0.10')).toEqual([]);
  });

  test('hand-back to kro 0.9: an instance whose name is too long for a label is a finding', async () => {
    await world.restart();
    await world.apply(potDefinition([mapResource('map', { text: 'a' })]));
    await world.advance(2000);
    await world.apply(pot('p'.repeat(64)), pot('short'));
    await world.advance(2000);
    expect((await findings('--to 0.9')).filter((each) => each.startsWith('Pot'))).toMatchInlineSnapshot(`
      [
        "Pot default/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp: kro 0.9 writes its name into a label, which has at most 63 characters; the API server refuses each write of its children",
      ]
    `);
    expect((await findings('--to 0.10')).filter((each) => each.startsWith('Pot'))).toEqual([]);
  });
});
