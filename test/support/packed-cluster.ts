import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerKind, openServer, serverKinds } from './api-server.ts';
import { isLongRun } from '@typekro/kit/test-support/budget';
import { RunningCommand } from './command.ts';
import { makePackedProject } from './packed-package.ts';

/** A named cluster that the command line of the packed package starts, in a folder whose name contains spaces. */
const packedCluster: ServerKind = {
  name: 'a cluster of the packed package',
  isEmbedded: true,
  workloads: true,
  async start() {
    const parent = mkdtempSync(join(tmpdir(), 'a project with spaces '));
    const project = makePackedProject(parent, 'dependencies');
    const env = { ...process.env, HOME: parent, XDG_STATE_HOME: parent, KUBECONFIG: join(parent, 'config') };
    const main = join('node_modules', 'typekro', 'dist', 'cli', 'main.js');
    async function typekro(...words: readonly string[]): Promise<string> {
      const ended = new RunningCommand(process.execPath, [main, 'cluster', ...words], { cwd: project, env }).ended;
      const { code, stdout, stderr } = await ended;
      if (code !== 0) throw new Error(`typekro cluster ${words.join(' ')} ended with ${code}: ${stdout}${stderr}`);
      return stdout;
    }
    await typekro('start', 'clients');
    return openServer(await typekro('kubeconfig', 'clients'), async () => {
      await typekro('stop', 'clients', '--delete');
      rmSync(parent, { recursive: true, force: true });
    });
  },
};

/**
 * The servers against which tests run the clients of other projects: the servers of `serverKinds` and, in a long run, a
 * cluster of the packed package.
 */
export function clientServers(): ServerKind[] {
  return isLongRun() ? [...serverKinds(), packedCluster] : serverKinds();
}
