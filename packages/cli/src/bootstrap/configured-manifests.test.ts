import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { objectsAt } from '@typekro/kit/kubernetes';
import { KubeClient } from '@typekro/kube';
import { commandRunner } from '../../test-support/run-command.ts';
import { bootstrap } from '../commands/bootstrap-command.ts';

const IMAGE = '--image example.com/typekro:1';

describe('the feature gate APIVersions', () => {
  let cluster: Cluster;
  let user: KubeClient;
  let cwd: string;
  beforeEach(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-manifests-'));
    cluster = await createEmbeddedCluster({ workloads: true });
    user = new KubeClient({ transport: cluster.transport() });
    writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
  });
  afterEach(async () => {
    await user.close();
    await cluster.close();
  });

  const run = (line: string) => commandRunner([bootstrap], cwd)(`${line} --kubeconfig kubeconfig`);
  /** Lists the objects in the JSON output, each with its result. */
  const results = (out: string) => {
    const { objects } = JSON.parse(out) as { objects: { result: string; object: { kind: string; name: string } }[] };
    return objects.map(({ result, object: { kind, name } }) => `${result} ${kind} ${name}`);
  };
  const args = async (): Promise<unknown> => {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'typekro', namespace: 'kro-system' };
    const [container] = objectsAt(await user.get(ref), 'spec', 'template', 'spec', 'containers');
    return container?.['args'];
  };

  const GATE = '--flags --feature-gates=APIVersions=';
  const service = { apiVersion: 'v1', kind: 'Service', name: 'typekro-conversions', namespace: 'kro-system' };

  test('adds the Service, the rights and the flag of conversions, and without it they end', async () => {
    const added = (await run(`bootstrap ${IMAGE} ${GATE}true -o json`)).out;
    expect(results(added).slice(-6)).toEqual([
      'created ClusterRole typekro-view',
      'created NetworkPolicy typekro',
      'created Role typekro:conversions',
      'created RoleBinding typekro:conversions',
      'created Service typekro-conversions',
      'created Deployment typekro',
    ]);
    expect(await args()).toContain('--conversion-service=kro-system/typekro-conversions');
    expect((await user.find(service))?.spec).toMatchObject({ ports: [{ port: 443, targetPort: 'conversions' }] });
    expect((await run(`bootstrap ${IMAGE}`)).out).toContain('18 unchanged');
    const ended = await run(`bootstrap ${IMAGE} ${GATE}false -o json`);
    expect(results(ended.out).filter((line) => line.startsWith('pruned'))).toEqual([
      'pruned RoleBinding typekro:conversions',
      'pruned Role typekro:conversions',
      'pruned Service typekro-conversions',
    ]);
    expect(JSON.stringify(await args())).not.toContain('--conversion-service');
  });

  test.each([
    ['its port', ' --conversion-bind-address=:7443', ['containerPort: 7443', 'port: 7443'], ['9443']],
    [
      'another Service, with the Secret in its namespace',
      ' --conversion-service=other/web',
      ['name: web', '--conversion-service=other/web'],
      ['typekro-conversions\n'],
    ],
    ['the right on stored versions', '', ['customresourcedefinitions/status', 'resourceNames:'], []],
  ])('takes %s from the flags', async (_title, flags, parts, others) => {
    const line = [
      'bootstrap',
      ...IMAGE.split(' '),
      '--export',
      '-',
      '--flags',
      `--feature-gates=APIVersions=true${flags}`,
    ];
    const { out, err } = await commandRunner([bootstrap], cwd)(line);
    expect(err).toBe('');
    for (const part of parts) expect(out).toContain(part);
    for (const part of others) expect(out).not.toContain(part);
  });
});
