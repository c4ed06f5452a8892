import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiServer } from '../../support/api-server.ts';
import { clientServers } from '../../support/packed-cluster.ts';
import { findClient } from '../../support/clients.ts';
import { ClientProgram, Transcript } from '../../support/transcript.ts';
import { closeScene, openScene } from './scene.ts';

const program = findClient('helm') ?? '';
const transcript = new Transcript();
const chart = fileURLToPath(new URL('../../fixtures/chart', import.meta.url));
const NAMESPACE = 'typekro-e2e-helm';

afterAll(() => transcript.print());

describe.skipIf(program === '').each(clientServers())('helm on $name', ({ name, workloads, start }) => {
  let server: ApiServer;
  let helm: ClientProgram;
  const ok = (...args: readonly string[]) => helm.ok([...args, '-n', NAMESPACE]);
  const settings = async () =>
    (await server.client.find({ apiVersion: 'v1', kind: 'ConfigMap', name: 'app', namespace: NAMESPACE }))?.['data'];

  beforeAll(async () => {
    server = await start();
    await openScene(server, NAMESPACE);
    helm = new ClientProgram({ program, name: 'helm', server, serverName: name, transcript });
    cpSync(chart, join(server.directory, 'chart'), { recursive: true });
  }, 90_000);
  afterAll(async () => {
    await closeScene(server, NAMESPACE);
    await server.close();
  });

  test('install refuses a name that is in use, and status, get and list show the release', async () => {
    const wait = workloads ? ['--wait', '--timeout=60s'] : [];
    expect(await ok('install', 'app', 'chart', '--set', 'colour=blue', ...wait)).toMatch(/^STATUS: deployed$/m);
    expect((await helm.run(['install', 'app', 'chart', '-n', NAMESPACE])).stderr).toMatch(/cannot re-use a name/);
    expect(await settings()).toEqual({ colour: 'blue', hook: 'no' });
    expect(await ok('status', 'app')).toMatch(/^REVISION: 1$/m);
    expect(await ok('list', '--no-headers')).toMatch(/^app\s+typekro-e2e-helm\s+1\s.*deployed\s+small-0\.1\.0\s/);
    expect(await ok('get', 'values', 'app')).toMatch(/colour: blue/);
    expect(await ok('get', 'manifest', 'app')).toMatch(/kind: Deployment/);
  }, 90_000);

  test('upgrade deletes objects that the chart no longer renders, rollback restores them, and history lists all revisions', async () => {
    await ok('upgrade', 'app', 'chart', '--set', 'colour=red');
    expect(await settings()).toMatchObject({ colour: 'red' });
    await ok('upgrade', 'app', 'chart', '--reuse-values', '--set', 'extra.enabled=false');
    const extra = { apiVersion: 'v1', kind: 'Service', name: 'app', namespace: NAMESPACE };
    expect(await server.client.find(extra)).toBeUndefined();
    expect(await ok('rollback', 'app', '1')).toMatch(/Rollback was a success/);
    expect(await settings()).toMatchObject({ colour: 'blue' });
    expect(await server.client.find(extra)).toBeDefined();
    expect((await ok('history', 'app')).trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/^1\s.*superseded.*Install complete/) as string,
      expect.stringMatching(/^2\s.*superseded.*Upgrade complete/) as string,
      expect.stringMatching(/^3\s.*superseded.*Upgrade complete/) as string,
      expect.stringMatching(/^4\s.*deployed.*Rollback to 1/) as string,
    ]);
  });

  test('an upgrade that the server refuses is a failed revision, and --dry-run=server changes nothing', async () => {
    await ok('upgrade', 'app', 'chart', '--dry-run=server', '--set', 'colour=green');
    expect(await settings()).toMatchObject({ colour: 'blue' });
    const refused = await helm.run(['upgrade', 'app', 'chart', '--set', 'colour=none', '-n', NAMESPACE]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/Unsupported value: "none"/);
    expect(await ok('status', 'app')).toMatch(/^STATUS: failed$/m);
  });

  test('template renders the chart with a values file, and lint accepts the chart', async () => {
    writeFileSync(join(server.directory, 'values.yaml'), 'colour: blue\n');
    expect(await ok('template', 'app', 'chart', '-f', 'values.yaml')).toMatch(/colour: "blue"/);
    expect(await ok('lint', 'chart')).toMatch(/0 chart\(s\) failed/);
    expect(readFileSync(join(server.directory, 'chart/Chart.yaml'), 'utf8')).toMatch(/^name: small$/m);
  });

  test('uninstall deletes all objects', async () => {
    expect(await ok('uninstall', 'app')).toMatch(/release "app" uninstalled/);
    expect(await settings()).toBeUndefined();
    for (const [apiVersion, kind] of [
      ['apps/v1', 'Deployment'],
      ['v1', 'Service'],
      ['e2e.typekro.dev/v1', 'Widget'],
    ] as const) {
      const found = await server.client.find({ apiVersion, kind, name: 'app', namespace: NAMESPACE });
      expect(found, kind).toBeUndefined();
    }
    expect((await ok('list', '--all', '--no-headers')).trim()).toBe('');
  });
});
