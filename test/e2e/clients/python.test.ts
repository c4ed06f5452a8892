import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';
import { widget } from './manifests.ts';
import { applyManifest, closeScene, openScene } from './scene.ts';

const python = findClient('python') ?? '';
const script = fileURLToPath(new URL('../python/client.py', import.meta.url));
const NAMESPACE = 'typekro-e2e-python';

describe.skipIf(python === '').each(clientServers())('the Python client on $name', ({ start }) => {
  let server: ApiServer;

  beforeAll(async () => {
    server = await start();
    await openScene(server, NAMESPACE);
    await applyManifest(server.client, widget('first', 'red'), NAMESPACE);
  }, 90_000);
  afterAll(async () => {
    await closeScene(server, NAMESPACE);
    await server.close();
  });

  test('reads, writes, watches, applies, and recognizes API errors', async () => {
    const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory };
    const { stdout, stderr, code } = await new RunningCommand(python, [script, NAMESPACE], {
      cwd: server.directory,
      env,
    }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trim().split('\n')).toEqual([
      'version 36',
      'created one 1',
      'watched ADDED:1 MODIFIED:2 DELETED:2',
      'error 404 Not Found',
      'scaled 3 3',
      'applied blue 1',
      'refused 422',
      "listed ['first', 'w']",
      'secret Yg==',
    ]);
  }, 60_000);
});
