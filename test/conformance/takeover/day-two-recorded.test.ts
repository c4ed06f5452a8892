import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adopt } from '../../../packages/cli/src/commands/adopt-command.ts';
import { migrate } from '../../../packages/cli/src/commands/migrate-command.ts';
import { reconcile } from '../../../packages/cli/src/commands/instance/reconcile-command.ts';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import { KubeClient } from '@typekro/kube';
import { type CommandRun, commandRunner } from '@typekro/cli/test-support/run-command';
import { restoreState, stateOfKro } from './state-of-kro.ts';

/**
 * A cluster as kro's own controller left it, restored from a recording. The tests run commands that change objects on
 * it. No controller runs.
 */
let cluster: Cluster;
let api: KubeClient;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-recorded-'));
let run: (line: string) => Promise<CommandRun>;

const PAIR = 'apiVersion: takeover.test/v1\nkind: Pair\nmetadata: {namespace: takeover, name: NAME}\nspec: {text: half}\n';
const map = (name: string, labels: Readonly<Record<string, string>> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'takeover', labels },
  data: { text: 'old' },
});

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ workloads: false });
  await restoreState(cluster, stateOfKro());
  api = new KubeClient({ transport: cluster.transport() });
  writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
  run = (line) => commandRunner([adopt, migrate, reconcile], cwd)(`${line} --kubeconfig kubeconfig`);
  const shop = await api.get({ apiVersion: 'v1', kind: 'ConfigMap', name: 'shop-settings', namespace: 'takeover' });
  await api.apply(map('plain-first'), { fieldManager: 'user' });
  await api.apply(map('taken-first', shop.metadata.labels), { fieldManager: 'user' });
  for (const name of ['waiting', 'plain', 'taken']) writeFileSync(join(cwd, `${name}.yaml`), PAIR.replace('NAME', name));
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
  for (const { metadata, spec } of (await api.list(definition)).items) {
    writeFileSync(
      join(cwd, `${metadata.name}.json`),
      stringifyJson({ ...definition, metadata: { name: metadata.name }, spec }),
    );
  }
});
afterAll(async () => {
  await api.close();
  await cluster.close();
});

/** The resource versions of all objects that the test compares. A refused command must not change a version. */
async function versions(): Promise<unknown> {
  const kinds = ['Web', 'Pair', 'Stack', 'Pause'].map((kind) => ({ apiVersion: 'takeover.test/v1', kind }));
  const lists = await Promise.all(
    [...kinds, { apiVersion: 'v1', kind: 'ConfigMap' }].map((kind) => api.list(kind, { namespace: 'takeover' })),
  );
  return lists.flatMap(({ items }) => items.map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]));
}

describe('reconcile', () => {
  test.each<[string, number, string]>([
    ['web/shop --timeout 200ms', 1, 'no controller completed a pass over Web takeover/shop in 200ms'],
    ['pair/waiting --timeout 200ms', 1, 'stock kro and older versions of TypeKro need --by-suspension'],
    ['web/shop --by-suspension --timeout 200ms', 1, 'the suspension was removed'],
    ['pause/asleep --timeout 200ms', 1, 'is suspended: a pass writes none of its objects'],
    ['web/shop --dry-run', 0, ''],
  ])('%s ends with the exit code %i and changes no annotation', async (line, code, expected) => {
    const annotations = async () =>
      (await api.list({ apiVersion: 'takeover.test/v1', kind: 'Web' })).items.map(({ metadata }) => metadata.annotations);
    const before = await annotations();
    const ended = await run(`reconcile ${line} -n takeover`);
    expect(ended.code).toBe(code);
    expect(ended.err).toContain(expected);
    expect(await annotations()).toEqual(before);
  });
});

describe('adopt', () => {
  test.each<[string, number, string]>([
    ['waiting.yaml', 0, 'no existing object becomes a child of these instances'],
    ['plain.yaml', 0, '~ ConfigMap takeover/plain-first (first) becomes a child of Pair takeover/plain'],
    ['taken.yaml', 1, 'which belongs to Web takeover/shop'],
  ])('%s ends with the exit code %i and changes nothing', async (file, code, expected) => {
    const before = await versions();
    const ended = await run(`adopt ${file} --dry-run`);
    expect(ended.code).toBe(code);
    expect(`${ended.out}\n${ended.err}`).toContain(expected);
    expect(await versions()).toEqual(before);
  });
});

describe('migrate --to direct', () => {
  test.each<[string, number, string]>([
    ['web/takeover/shop --file webs.json', 0, '= ConfigMap takeover/shop-settings stays as it is'],
    ['pause/takeover/asleep --file pauses.json', 0, '~ Pause takeover/asleep moves to direct mode'],
    ['stack/takeover/leaving --file stacks.json', 1, 'is being deleted with all of its objects'],
    ['inner/takeover/doll-inner --file inners.json', 1, 'Inner doll-inner is itself an object of the instance doll'],
    ['web/takeover/shop --file pairs.json', 2, 'no definition of the file makes the kind Web'],
  ])('%s ends with the exit code %i and changes nothing', async (line, code, expected) => {
    const before = await versions();
    const ended = await run(`migrate ${line} --to direct --dry-run`);
    expect(`${ended.out}\n${ended.err}`).toContain(expected);
    expect(ended.code).toBe(code);
    expect(await versions()).toEqual(before);
  });
});
