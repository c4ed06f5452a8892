import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, STAND_IN_NAMES, createEmbeddedCluster } from '@typekro/cluster';
import { type Controller, controllerCrds, createController } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { commandRunner } from '@typekro/cli/test-support/run-command';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { stepsOfPage, typekroWords, withGaps } from '../support/walked-page.ts';

describe('starters', () => {
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
  });
});

describe('composition package', () => {
  /**
   * The root folder of the repository. The test builds the package of `examples/starters/composition-package`, uses it in
   * another project, and runs the commands of the package's README.
   */
  const ROOT = fileURLToPath(new URL('../../', import.meta.url));
  const EXAMPLE = join(ROOT, 'examples/starters/composition-package');
  const [maker = '', user = ''] = readFileSync(join(EXAMPLE, 'README.md'), 'utf8').split(/^## Use it$/m);

  let home: string;
  let platform: string;
  let shop: string;

  const node = async (cwd: string, ...words: readonly string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, words, {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
    });
    return stdout.trimEnd();
  };

  const compiler = join(ROOT, 'node_modules/.bin/tsc');

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'typekro-composition-package-'));
    platform = join(home, 'platform');
    shop = join(home, 'shop');
    cpSync(EXAMPLE, platform, { recursive: true });
    cpSync(join(EXAMPLE, 'consumer'), shop, { recursive: true });
    for (const folder of [platform, shop]) {
      mkdirSync(join(folder, 'node_modules/@example'), { recursive: true });
      symlinkSync(ROOT, join(folder, 'node_modules/typekro'), 'dir');
      symlinkSync(join(ROOT, 'node_modules/arktype'), join(folder, 'node_modules/arktype'), 'dir');
    }
    symlinkSync(platform, join(shop, 'node_modules/@example/platform'), 'dir');
  });

  const walk = async (page: string, cwd: string) => {
    const steps = stepsOfPage(page).flatMap((step) => (step.kind === 'command' ? [step] : []));
    expect(steps.length).toBeGreaterThan(0);
    for (const { line, output } of steps) {
      const words = typekroWords(line)?.split(' ') ?? [];
      expect(withGaps(await node(cwd, join(ROOT, 'dist/cli/main.js'), ...words), output)).toBe(output);
    }
  };

  test(
    'the package builds and passes its test, and another project uses the package with its types',
    { timeout: 120_000 },
    async () => {
      await walk(maker, platform);
      await node(platform, compiler, '-p', '.');
      await walk(user, shop);
      const strict = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
      expect(await node(shop, compiler, ...strict, 'shop.ts')).toBe('');
    },
  );
});
