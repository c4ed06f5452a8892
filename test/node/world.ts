import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { type Ended, CLI, RunningCommand } from '../support/command.ts';
import { findClient } from '../support/clients.ts';
import { archivesOf } from './build.ts';
import { PAUSE_IMAGE } from './images.ts';
import { type RealNode, startRealNode } from './real-node.ts';

/** The node of the run, and the clients with its kubeconfig. */
export interface World extends RealNode {
  /** Runs a program with the words of a line to its end. `typekro` is the built command line. */
  readonly run: (program: 'kubectl' | 'helm' | 'typekro', line: string, input?: string) => Promise<Ended>;
  /** Applies the objects of a YAML text. */
  readonly apply: (text: string) => Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

let started: Promise<World> | undefined;

/** Starts the node, once for all test files. It ends with the namespaces of the run. */
export const realNode = (): Promise<World> => (started ??= startWorld());

async function startWorld(): Promise<World> {
  const folder = process.env['TYPEKRO_NODE'] ?? '';
  mkdirSync(folder, { recursive: true });
  const node = await startRealNode(folder, Object.values(archivesOf()), PAUSE_IMAGE);
  const env = { ...process.env, KUBECONFIG: node.kubeconfig, HOME: folder };
  return {
    ...node,
    run(program, line, input) {
      const path = program === 'typekro' ? process.execPath : (findClient(program) ?? program);
      const words = [...(program === 'typekro' ? [CLI] : []), ...line.split(' ')];
      return new RunningCommand(path, words, { cwd: root, env, ...definedMembers({ input }) }).ended;
    },
    async apply(text) {
      for (const each of parseAllDocuments(text))
        await node.client.apply(each.toJS() as KubeObject, { fieldManager: 'user', force: true });
    },
  };
}

/** Waits until a check of the cluster passes: a node and its controllers take their time. */
export const eventually = <Value>(check: () => Value | Promise<Value>): Promise<Value> =>
  vi.waitFor(check, { timeout: 120_000, interval: 500 });
