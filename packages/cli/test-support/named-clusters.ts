import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import type * as Launch from '../src/clusters/launch.ts';
import { serveCluster } from '../src/clusters/serve-cluster.ts';
import { commands } from '../src/commands/index.ts';
import { type CommandRun, commandRunner } from './run-command.ts';

/** Named clusters run in the process of the test. `test/e2e/named-clusters.test.ts` starts real processes. */
vi.mock('../src/clusters/launch.ts', async (original) => ({
  ...(await original<typeof Launch>()),
  async launchCluster({ folder, settings }: Launch.LaunchRequest, env: NodeJS.ProcessEnv) {
    const served = await serveCluster({ env, folder, settings, onStop: () => void served.close() });
    servedClusters.push(served);
  },
}));

const servedClusters: { close(): Promise<void> }[] = [];

/** The home folder of a test, and functions that use it. */
export interface NamedClusters {
  /** The home folder, which is new for each test. */
  readonly home: string;
  /** Runs a command line with the home folder as its working folder. */
  run(line: string, stdin?: string): Promise<CommandRun>;
  /** The folder in which the named cluster keeps its state. */
  folderOf(name: string): string;
}

/** Creates an empty home folder for each test of the file, and stops the clusters that the test has left running. */
export function useNamedClusters(): NamedClusters {
  let home = '';
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'typekro-clusters-'));
  });
  afterEach(async () => {
    await Promise.all(servedClusters.splice(0).map((each) => each.close()));
    rmSync(home, { recursive: true, force: true });
  });
  return {
    get home() {
      return home;
    },
    run: (line, stdin) =>
      commandRunner(commands, home, { HOME: home, XDG_STATE_HOME: join(home, 'state') })(line, stdin),
    folderOf: (name) => join(home, 'state', 'typekro', 'clusters', name),
  };
}
