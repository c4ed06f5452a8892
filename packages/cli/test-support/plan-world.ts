import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../src/adapter.ts';
import { apply } from '../src/commands/apply-command.ts';
import { plan } from '../src/commands/plan-command.ts';
import { snapshot } from '../src/commands/snapshot-command.ts';
import { validate } from '../src/commands/validate-command.ts';
import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import { entriesOf } from './run-command.ts';
import { type VirtualWorld, type VirtualWorldOptions, virtualWorld } from '@typekro/testing/test-support/virtual-world';

/** Exit code and output of a command line. */
export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * A simulated world for the commands `plan`, `apply`, `snapshot` and `validate`, which reach its cluster through a kubeconfig file.
 */
export interface PlanWorld {
  readonly world: VirtualWorld;
  /** The folder of `kubeconfig` and the user's files. */
  readonly cwd: string;
  /**
   * Runs a command line while the controller works. The word FILE in the line is replaced by the name of a file with
   * the objects.
   */
  readonly run: (line: string, ...objects: KubeObject[]) => Promise<CommandResult>;
  /** Saves a plan and returns the name of its file. */
  readonly save: (line: string, ...objects: KubeObject[]) => Promise<string>;
  close(): Promise<void>;
}

/** Creates a world with the namespace team-a. */
export async function planWorld(options: VirtualWorldOptions = {}): Promise<PlanWorld> {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-plan-'));
  const world = await virtualWorld(options);
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } });
  const run = async (line: string, ...objects: KubeObject[]): Promise<CommandResult> => {
    writeFileSync(join(cwd, 'app.yaml'), objects.map((object) => stringifyJson(object as never)).join('\n---\n'));
    const [out, err]: [string[], string[]] = [[], []];
    const words = line.replace('FILE', 'app.yaml').split(' ');
    const isOffline = words.includes('--snapshot');
    if (!isOffline) words.push('--kubeconfig', 'kubeconfig');
    const ended = { yet: false };
    const work = runCommandLine(entriesOf([plan, apply, snapshot, validate]), '0', words, {
      cwd,
      env: {},
      print: (text) => void out.push(text),
      printError: (text) => void err.push(text),
      readInput: () => Promise.resolve(''),
      signal: new AbortController().signal,
    }).finally(() => (ended.yet = true));
    while (!ended.yet) await world.advance(500);
    return { code: await work, out: out.join('\n'), err: err.join('\n') };
  };
  return {
    world,
    cwd,
    run,
    async save(line, ...objects) {
      const { err } = await run(`${line} --save`, ...objects);
      return /typekro apply (\S+)/.exec(err)?.[1] ?? err;
    },
    async close() {
      await world.close();
      rmSync(cwd, { recursive: true, force: true });
    },
  };
}
