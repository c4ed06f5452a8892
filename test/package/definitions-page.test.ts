import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/commands/index.ts';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { startCli } from '../support/command.ts';
import type { CommandRun } from '@typekro/cli/test-support/run-command';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { stepsOfPage, typekroWords, withGaps } from '../support/walked-page.ts';

/**
 * The steps of docs/definitions.md. The tests write the files of the page, run its commands, and compare the output
 * with the page.
 */
const steps = stepsOfPage(readFileSync(new URL('../../docs/definitions.md', import.meta.url), 'utf8'));
const commandLines = steps.filter(({ kind }) => kind === 'command');

let cwd: string;
let cluster: Cluster;
let run: (line: string) => Promise<CommandRun>;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-definitions-page-'));
  cluster = await createEmbeddedCluster({});
  const { kubeconfig } = await cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  await client.close();
  run = commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
}, 60_000);

afterAll(async () => {
  await cluster.close();
  rmSync(cwd, { recursive: true, force: true });
});

describe('docs/definitions.md, followed from its first block to its last', () => {
  test.each(steps.map((step, index) => [step.kind === 'file' ? step.name : step.line, index, step] as const))(
    '%s (block %i)',
    async (_title, _index, step) => {
      if (step.kind === 'file') {
        writeFileSync(join(cwd, step.name), step.text);
        const { code, err } = await run(`fmt --check ${step.name}`);
        expect(`${code} ${err}`).toBe('0 ');
        return;
      }
      const { out, err } = await run(typekroWords(step.line) ?? '');
      const printed = [out, err]
        .filter((text) => text !== '')
        .join('\n')
        .trimEnd();
      expect(withGaps(printed, step.output)).toBe(step.output);
    },
  );

  test('with the files as they are after the last block, typekro up makes the instance of the page ACTIVE', async () => {
    const files = ['store.rgd.yaml', 'store.yaml', 'company.yaml'];
    const { code, stdout, stderr } = await startCli(['up', '--once', ...files], cwd).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/Store default\/corner +ACTIVE/);
    expect(code).toBe(0);
  }, 60_000);

  test('the page runs eight commands of typekro', () => {
    const names = new Set(
      commandLines.map((step) => (step.kind === 'command' ? typekroWords(step.line)?.split(' ')[0] : undefined)),
    );
    expect([...names].toSorted()).toEqual(['explain', 'fmt', 'graph', 'lint', 'plan', 'render', 'types', 'validate']);
  });
});
