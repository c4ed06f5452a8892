import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { waitForObject } from '@typekro/kube';
import { type ApiServer, serverKinds } from '../support/api-server.ts';
import { startCli } from '../support/command.ts';

const definition = parse(
  readFileSync(new URL('../fixtures/configmap.rgd.yaml', import.meta.url), 'utf8'),
) as KubeObject;
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

describe.each(serverKinds())('typekro controller on $name', ({ start }) => {
  let server: ApiServer;
  beforeAll(async () => {
    server = await start();
  }, 90_000);
  afterAll(() => server.close());

  const quiet = ['--kubeconfig=kubeconfig', '--metrics-bind-address=0', '--health-probe-bind-address=0'];

  test('without its CRDs, the controller exits and names the command that installs the CRDs', async ({ skip }) => {
    const name = 'resourcegraphdefinitions.kro.run';
    if ((await server.client.find({ ...CRD, name })) !== undefined) skip('this cluster has them');
    const { code, stderr } = await startCli(['controller', ...quiet], server.directory).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('typekro install');
  });

  test('after `typekro install` the controller serves definitions until it gets a signal', async () => {
    const installed = await startCli(['install', '--kubeconfig', 'kubeconfig'], server.directory).ended;
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    const controller = startCli(['controller', ...quiet], server.directory);
    await server.client.apply(definition, { fieldManager: 'test' });
    await waitForObject(server.client, refOf(definition), new AbortController().signal, (object) =>
      object?.status?.['state'] === 'Active' ? true : undefined,
    );
    await server.client.delete(refOf(definition));
    await waitForObject(server.client, refOf(definition), new AbortController().signal, (object) =>
      object === undefined ? true : undefined,
    );
    await server.client.delete({ ...CRD, name: 'settings.kro.run' });
    controller.process.kill('SIGTERM');
    expect((await controller.ended).code).toBe(0);
  });

  test('an unknown flag is a usage error', async () => {
    const { code, stderr } = await startCli(['controller', '--nope'], server.directory).ended;
    expect(stderr).toContain('unknown flag: --nope');
    expect(code).toBe(2);
  });

  test('the error names an unreachable server', async () => {
    writeFileSync(
      join(server.directory, 'nowhere'),
      'apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]\nusers: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n',
    );
    const { code, stderr } = await startCli(['install', '--kubeconfig', 'nowhere'], server.directory).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/127\.0\.0\.1:9|ECONNREFUSED/);
    expect(stderr).not.toContain('    at ');
  });
});
