import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../packages/cli/src/commands/index.ts';
import type { Cluster } from '@typekro/cluster';
import { createEmbeddedCluster, STAND_IN_NAMES } from '@typekro/cluster';
import type { Controller } from '@typekro/controller/controller';
import { controllerCrds, createController } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { stepsOfPage, withGaps } from '../support/walked-page.ts';

/**
 * The folder of the starters. For each starter, the tests run the commands of its README in its folder. They compare
 * the output with the README.
 */
const STARTERS = fileURLToPath(new URL('../../examples/starters/', import.meta.url));
const all = readdirSync(STARTERS, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
/** The folders without a package. The folder with a package has its own test: `composition-package.test.ts`. */
const folders = all.filter((name) => !existsSync(join(STARTERS, name, 'package.json')));
const overview = readFileSync(join(STARTERS, 'README.md'), 'utf8');

test('the overview names each folder', () => {
  const linked = [...overview.matchAll(/^\| \[([\w-]+)\]/gm)].map(([, name]) => name);
  expect(linked.toSorted()).toEqual(all.toSorted());
});

describe.each(folders)('examples/starters/%s', (folder) => {
  const cwd = join(STARTERS, folder);
  const readme = readFileSync(join(cwd, 'README.md'), 'utf8');

  test('has a definition, an instance, a test, and the picture that its README shows', () => {
    const names = [`${folder}.rgd.yaml`, `${folder}.test.yaml`, 'instance.yaml'];
    expect(names.filter((name) => !existsSync(join(cwd, name)))).toEqual([]);
    const [, picture = ''] = /!\[[^\]]+\]\((\S+\.svg)\)/.exec(readme) ?? [];
    expect(existsSync(join(cwd, picture)), picture).toBe(true);
  });

  const lines = stepsOfPage(readme).flatMap((step) => (step.kind === 'command' ? [step] : []));
  test.each(lines.map(({ line, output }) => [line, output]))('%s', { timeout: 60_000 }, async (line, output) => {
    const print = async () => {
      const { out, err } = await run(cwd, line.replace('typekro ', ''));
      return `${out}${err}`.trimEnd();
    };
    // The controller may not have finished yet, so `tree` runs again until its output is as in the README.
    if (!line.startsWith('typekro tree ')) expect(withGaps(await print(), output)).toBe(output);
    else await expect.poll(async () => withGaps(await print(), output), { timeout: 20_000 }).toBe(output);
  });
});

let cluster: Cluster;
let controller: Controller;
let client: KubeClient;
let home: string;

const run = (cwd: string, line: string) =>
  commandRunner(commands, cwd, { KUBECONFIG: join(home, 'kubeconfig'), NO_COLOR: '1', XDG_STATE_HOME: home })(line);

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'typekro-starters-'));
  const wanted = [...overview.matchAll(/--stand-in ([\w-]+)/g)].map(([, name]) => name);
  const standIns = STAND_IN_NAMES.filter((name) => wanted.includes(name));
  expect(standIns.length).toBe(wanted.length);
  cluster = await createEmbeddedCluster({ standIns });
  writeFileSync(join(home, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
  client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  controller = createController({ client });
  await controller.start();
}, 60_000);

afterAll(async () => {
  await controller.stop();
  await client.close();
  await cluster.close();
  rmSync(home, { recursive: true, force: true });
});
