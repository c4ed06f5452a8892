import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, serverKinds } from '../support/api-server.ts';
import { CLI, RunningCommand, startCli } from '../support/command.ts';
import { Fleet } from '../support/fleet.ts';

const SIZE = 200;

/** The number of child updates that each controller makes before the next controller takes over. */
const CHANGES = 200;

const FLAGS = ['--metrics-bind-address=0', '--health-probe-bind-address=0', '--leader-elect'];
const NAMESPACE = '--leader-election-namespace=kro-system';

/** The program of the previous release: `dist/cli/main.js` in its package. Default: this build. */
const RELEASE = process.env['TYPEKRO_RELEASE'] ?? CLI;

/** The path of kro 0.9's controller. Empty when the variable is not set. */
const KRO = process.env['KRO_CONTROLLER'] ?? '';

/**
 * Starts a controller for a server. `label` is the version in the labels of the children. It is empty before the first
 * child exists.
 */
type Start = (server: ApiServer, label: string) => RunningCommand;

const typekro =
  (program: string, ...flags: readonly string[]): Start =>
  (server, label) => {
    const version = label === '' ? [] : [`--version-label=${label}`];
    const args = ['controller', ...FLAGS, NAMESPACE, ...version, '--kubeconfig', server.kubeconfig, ...flags];
    return new RunningCommand(process.execPath, [program, ...args], { cwd: server.directory });
  };

const kro: Start = (server) => {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig };
  return new RunningCommand(KRO, [...FLAGS, NAMESPACE], { cwd: server.directory, env });
};

describe.each(serverKinds())('200 instances that are edited continuously, on $name', ({ start }) => {
  let server: ApiServer;
  const running = new Set<RunningCommand>();
  beforeEach(async () => {
    server = await start();
    const installed = await startCli(['install', '--kubeconfig', 'kubeconfig'], server.directory).ended;
    expect(installed).toMatchObject({ code: 0, stderr: '' });
    await server.client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  }, 90_000);
  afterEach(async () => {
    for (const controller of running) controller.process.kill('SIGKILL');
    running.clear();
    await server.close();
  });

  /** Runs the controllers one after another, and edits the instances at the same time. */
  async function handOver(controllers: readonly Start[]) {
    const fleet = new Fleet(server.client, SIZE);
    let current: RunningCommand | undefined;
    for (const next of controllers) {
      const before = current;
      current = next(server, fleet.versionLabel);
      running.add(current);
      if (before === undefined) {
        await fleet.create();
        fleet.startEdits(1);
      } else {
        before.process.kill('SIGTERM');
        await before.ended;
        running.delete(before);
      }
      await fleet.changes(CHANGES);
    }
    const record = await fleet.finish();
    console.log(`${record.edits} edits, ${record.wanted} writes of children`);
    return record;
  }

  test('survive an upgrade and a downgrade', { timeout: 900_000 }, async () => {
    const releases = [typekro(RELEASE), typekro(CLI), typekro(RELEASE)];
    expect(await handOver(releases)).toMatchObject({ needless: [], stale: [], lost: [] });
  });

  test.skipIf(KRO === '')(
    'move from kro to TypeKro, back to kro, and to TypeKro again',
    { timeout: 1_200_000 },
    async () => {
      const ours = typekro(CLI, '--kro-compatibility=0.9');
      expect(await handOver([kro, ours, kro, ours])).toMatchObject({ needless: [], stale: [], lost: [] });
    },
  );
});
