import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { definedMembers } from '@typekro/kit/core';
import { statusCondition, textAt } from '@typekro/kit/kubernetes';
import { type ApiServer, fromBinaries } from '../support/api-server.ts';
import { type RunningCommand, startCli } from '../support/command.ts';
import { API_SERVERS } from './programs.ts';
import { eventually, realNode } from './world.ts';

// Each kube-apiserver that the chart accepts, with etcd and without other controllers. The controller is a process.

const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'notes' },
  spec: {
    schema: { apiVersion: 'v1alpha1', kind: 'Note', spec: { text: 'string' }, status: { copy: '${map.data.text}' } },
    resources: [
      {
        id: 'map',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}' },
          data: { text: '${schema.spec.text}' },
        },
      },
    ],
  },
};
const NOTE = { apiVersion: 'kro.run/v1alpha1', kind: 'Note', namespace: 'default', name: 'first' };
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'first' };

beforeAll(() => realNode());

describe.each(Object.entries(API_SERVERS))('kube-apiserver %s', (version, folder) => {
  let server: ApiServer;
  const controllers: RunningCommand[] = [];
  beforeAll(async () => {
    server = await fromBinaries(folder).start();
    expect(await typekro('install')).toMatchObject({ code: 0, stderr: '' });
    await start('kro-system');
  });
  afterAll(async () => {
    for (const each of controllers) await each.interrupt();
    await server.close();
  });

  const typekro = (...args: readonly string[]) =>
    startCli([...args, '--kubeconfig=kubeconfig'], server.directory).ended;

  /** Starts a controller that leads by the Lease of a namespace. */
  async function start(namespace: string): Promise<void> {
    const metadata = { name: namespace };
    await server.client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata }, { fieldManager: 'test' });
    const flags = ['--metrics-bind-address=0', '--health-probe-bind-address=0', '--leader-elect'];
    const own = ['--kubeconfig=kubeconfig', `--leader-election-namespace=${namespace}`];
    controllers.push(startCli(['controller', ...flags, ...own], server.directory));
  }

  const applyNote = (text: string) =>
    eventually(() =>
      server.client.apply(
        {
          apiVersion: NOTE.apiVersion,
          kind: NOTE.kind,
          metadata: { name: NOTE.name, namespace: NOTE.namespace },
          spec: { text },
        },
        { fieldManager: 'user' },
      ),
    );
  const isCarriedOut = (text: string): Promise<void> =>
    eventually(async () => {
      const found = await server.client.get(NOTE);
      expect([textAt(found, 'status', 'state'), textAt(found, 'status', 'copy')]).toEqual(['ACTIVE', text]);
    });

  test('an instance is created, changed and corrected, and the doctor finds nothing', async () => {
    await server.client.apply(DEFINITION, { fieldManager: 'user' });
    await applyNote('one');
    await isCarriedOut('one');
    await applyNote('two');
    await isCarriedOut('two');
    await server.client.patch(MAP, { data: { text: 'other' } }, { fieldManager: 'kubectl-edit' });
    await eventually(async () => expect(textAt(await server.client.get(MAP), 'data', 'text')).toBe('two'));
    const { code, stdout } = await typekro('doctor');
    expect(stdout).toContain(`Kubernetes ${version}`);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('0 errors') as string });
  });

  test('the condition names another controller with the field manager and labels of kro', async () => {
    const { labels, annotations } = (await server.client.get(MAP)).metadata;
    const metadata = definedMembers({ name: MAP.name, namespace: MAP.namespace, labels, annotations });
    const rival = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'theirs' } };
    await eventually(async () => {
      await server.client.apply(rival, { fieldManager: 'kro.run/applyset', force: true });
      const found = statusCondition(await server.client.get(NOTE), 'Ready');
      expect(found?.message).toContain('changed by another controller with the field manager kro.run/applyset');
    });
  });

  test('the doctor names a second controller that leads by another Lease', async () => {
    await start('other');
    await eventually(async () => {
      const { code, stdout } = await typekro('doctor');
      expect({ code, stdout }).toMatchObject({ code: 1 });
      expect(stdout).toMatch(/leads by Lease kro-system[^]*two controllers write the same objects/);
    });
    expect((await controllers.pop()?.interrupt())?.code).toBe(0);
  });

  test('the objects go with the instance, and the definition goes', async () => {
    await server.client.delete(NOTE);
    await eventually(async () => expect(await server.client.find(NOTE)).toBeUndefined());
    expect(await server.client.find(MAP)).toBeUndefined();
    const { apiVersion, kind } = DEFINITION;
    await server.client.delete({ apiVersion, kind, name: 'notes' });
    await eventually(async () => expect(await server.client.find({ apiVersion, kind, name: 'notes' })).toBeUndefined());
    expect(controllers[0]?.process.exitCode).toBeNull();
  });
});
