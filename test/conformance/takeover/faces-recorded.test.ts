import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { DiffReport, Plan, TreeReport, WhyReport } from '@typekro/controller/inspect';
import { ownViewer } from '@typekro/controller/inspect';
import { createEmbeddedCluster } from '@typekro/cluster';
import { stringifyJson } from '@typekro/kit/core';
import { KubeClient, systemClock } from '@typekro/kube';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { commands } from '../../../packages/cli/src/commands/index.ts';
import { type ClusterDetailsOptions, ClusterDetails } from '../../../packages/cli/src/dashboard/cluster-details.ts';
import { ClusterIndex } from '../../../packages/cli/src/dashboard/cluster-index.ts';
import { controllerSettings } from '../../../packages/app/src/controllers/controller-settings.ts';
import type { StatusView } from '../../../packages/app/src/instance/status-view.ts';
import { restoreState, stateOf } from './state-of-kro.ts';

const LEVEL = '--kro-compatibility 0.9';
const NEVER = new AbortController().signal;

test.each(['kro', '9b218d4c', 'd4e45725'])('all faces say the same of each instance in the recorded state of %s', async (of) => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-faces-'));
  const cluster = await createEmbeddedCluster({ workloads: false });
  await restoreState(cluster, stateOf(of));
  writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
  const api = new KubeClient({ transport: cluster.transport() });
  const index = new ClusterIndex({ api, clock: systemClock });
  await index.start();
  const details = new ClusterDetails({
    index,
    clock: systemClock,
    settings: (session, signal) =>
      controllerSettings(session, signal, '0.9'),
  } as Partial<ClusterDetailsOptions> as ClusterDetailsOptions);
  const run = commandRunner(commands, cwd);
  const rows = index.instances();
  expect(rows.length).toBeGreaterThan(5);
  for (const { ref, kind, namespace = '', name } of rows) {
    const face = async <Data>(line: string): Promise<Data> => {
      const { code, out, err } = await run(`${line} -o json --kubeconfig kubeconfig ${LEVEL}`);
      expect(`${line} ${code} ${err}`).toMatch(/ [014] $/);
      return JSON.parse(out) as Data;
    };
    const place = [kind, namespace, name].filter((part) => part !== '').join('/');
    const tree = await face<TreeReport>(`tree ${place}`);
    const why = await face<WhyReport>(`why ${place}`);
    const diff = await face<DiffReport>(`diff ${place}`);
    const status = await face<StatusView>(`status ${place}`);
    const page = await details.instance(ref, { viewer: ownViewer(api), signal: NEVER });
    const states = tree.nodes.map(({ id, state, reason }) => ({ id, state, reason }));
    expect(page?.nodes.map(({ id, state, reason }) => ({ id, state, reason }))).toEqual(states);
    expect([status.ready, status.nodes, status.skipped, status.state]).toEqual([why.ready, why.nodes, why.skipped, why.state]);
    const reasons = new Map(states.map((node) => [node.id, node]));
    for (const { node, state, reason } of status.open) expect(reasons.get(node)).toEqual({ id: node, state, reason });
    for (const { node } of why.causes) expect(status.open.map((each) => each.node)).toContain(node);
    for (const { node, reason } of diff.notCompared) expect(reason).toBe(reasons.get(node)?.reason);
    writeFileSync(join(cwd, 'instance.json'), stringifyJson(await api.get({ ...rowType(ref), name, ...(namespace === '' ? {} : { namespace }) })));
    const plan = await face<Plan>('plan instance.json');
    const own = plan.instances.filter(({ instance }) => instance.kind === kind && instance.name === name);
    const planned = own.flatMap(({ writes }) => writes.filter(({ action }) => action !== 'labels'));
    expect(planned.map(({ object }) => object.name)).toEqual(diff.changes.map(({ object }) => object.name));
  }
  await index.close();
  await api.close();
  await cluster.close();
});

const rowType = (ref: string): { apiVersion: string; kind: string } => {
  const parts = ref.split('/');
  return { apiVersion: parts.slice(0, -3).join('/'), kind: parts.at(-3) ?? '' };
};
