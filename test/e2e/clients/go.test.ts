import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';
import { configMap, widget } from './manifests.ts';
import { applyManifest, closeScene, openScene } from './scene.ts';

const informer = findClient('informer') ?? '';
const manager = findClient('manager') ?? '';
const NAMESPACE = 'typekro-e2e-go';

describe.skipIf(informer === '' || manager === '').each(clientServers())(
  'Go clients on $name',
  ({ start, workloads }) => {
    let server: ApiServer;
    const running: RunningCommand[] = [];
    const run = (program: string): RunningCommand => {
      const env = { ...process.env, KUBECONFIG: server.kubeconfig };
      const command = new RunningCommand(program, [NAMESPACE], { cwd: server.directory, env });
      running.push(command);
      return command;
    };
    const apply = (text: string) => applyManifest(server.client, text, NAMESPACE);
    const ref = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, name, namespace: NAMESPACE });

    beforeAll(async () => {
      server = await start();
      await openScene(server, NAMESPACE);
      await apply(widget('first', 'blue'));
    }, 90_000);
    afterAll(async () => {
      for (const command of running) command.process.kill();
      await Promise.all(running.map(({ ended }) => ended));
      await closeScene(server, NAMESPACE);
      await server.close();
    });

    test('client-go informers receive every change: a typed informer over protobuf, and an untyped informer', async () => {
      await apply(configMap('before', { a: '1' }, { e2e: 'yes' }));
      const program = run(informer);
      await program.until(/^synced 1 1$/m);
      await program.until(/^conflict .*the object has been modified; please apply your changes to the latest version/m);
      for (const event of ['add', 'update', 'delete']) {
        await program.until(new RegExp(`^configmap ${event} made-\\w+ ${event === 'add' ? 'go' : 'gone'}$`, 'm'));
      }
      await apply(configMap('before', { a: '2' }, { e2e: 'yes' }));
      await program.until(/^configmap update before 2$/m);
      // The object stops matching the selector. For this informer, that is a deletion.
      await apply(configMap('before', { a: '3' }, {}));
      await program.until(/^configmap delete before/m);
      await apply(widget('second', 'red'));
      await program.until(/^widget add second 1$/m);
      await apply(widget('second', 'blue'));
      await program.until(/^widget update second 2$/m);
      await server.client.delete(ref('e2e.typekro.dev/v1', 'Widget', 'second'));
      await program.until(/^widget delete second/m);
    });

    test('a controller-runtime manager becomes the leader, reconciles objects, records events and removes its finalizer', async () => {
      const program = run(manager);
      await program.until(/^leading$/m);
      const colours = async () => ({
        child: (await server.client.find(ref('v1', 'ConfigMap', 'first')))?.['data'],
        status: (await server.client.get(ref('e2e.typekro.dev/v1', 'Widget', 'first'))).status,
      });
      await expect
        .poll(colours, { timeout: 20_000 })
        .toEqual({ child: { colour: 'blue' }, status: { colour: 'blue' } });
      await apply(widget('first', 'red'));
      await expect.poll(colours, { timeout: 20_000 }).toEqual({ child: { colour: 'red' }, status: { colour: 'red' } });
      const owned = await server.client.get(ref('v1', 'ConfigMap', 'first'));
      expect(owned.metadata.ownerReferences).toMatchObject([{ kind: 'Widget', name: 'first', controller: true }]);
      // The controller creates the child again after another client deletes it.
      await server.client.delete(ref('v1', 'ConfigMap', 'first'));
      await expect.poll(async () => (await colours()).child, { timeout: 20_000 }).toEqual({ colour: 'red' });
      const notes = async () =>
        (await server.client.list({ apiVersion: 'events.k8s.io/v1', kind: 'Event' }, { namespace: NAMESPACE })).items
          .filter((event) => event['reason'] === 'Painted')
          .map((event) => event['note']);
      await expect
        .poll(notes, { timeout: 20_000 })
        .toEqual(expect.arrayContaining(['painted it blue', 'painted it red']));

      await server.client.delete(ref('e2e.typekro.dev/v1', 'Widget', 'first'));
      await program.until(/^finalized first$/m);
      await expect
        .poll(() => server.client.find(ref('e2e.typekro.dev/v1', 'Widget', 'first')), { timeout: 20_000 })
        .toBeUndefined();
      if (workloads) {
        await expect
          .poll(() => server.client.find(ref('v1', 'ConfigMap', 'first')), { timeout: 20_000 })
          .toBeUndefined();
      }
      program.process.kill('SIGTERM');
      expect((await program.ended).code).toBe(0);
      const lease = await server.client.get(ref('coordination.k8s.io/v1', 'Lease', 'e2e.typekro.dev'));
      expect(lease.spec).toMatchObject({ holderIdentity: '' });
    }, 60_000);
  },
);
