import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { KubeClient, loadKubeConfig, waitForObject } from '@typekro/kube';
import { RunningCommand, startCli } from '../support/command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The README and the pages that continue it. */
const PAGES = ['README.md', 'docs/testing.md', 'docs/deploy.md', 'docs/commands.md']
  .map((name) => readFileSync(join(ROOT, name), 'utf8'))
  .join('\n');

/** Maps a file name to the snippet whose first line names this file. */
const SNIPPETS = new Map(
  [...PAGES.matchAll(/^```(?:ts|yaml)\n(?:\/\/|#) (\S+\.(?:ts|yaml))\n([\s\S]*?)^```$/gm)].map(
    ([, name = '', text = '']) => [name, text],
  ),
);

/** The words of the first command line `npx typekro NAME …` of the README. */
const words = (name: string): readonly string[] =>
  new RegExp(`^ +npx typekro (${name} .*?) +#`, 'm').exec(README)?.[1]?.split(' ') ?? [];

/** Creates a folder with the files of the README inside the clone, which has the packages. */
function inClone(): string {
  mkdirSync(join(ROOT, '.typekro'), { recursive: true });
  const folder = mkdtempSync(join(ROOT, '.typekro/readme-'));
  for (const [name, text] of SNIPPETS) writeFileSync(join(folder, name), text);
  return folder;
}

/** Creates a folder with the files of the README and the packages of its installation commands. */
function prepared(): string {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-readme-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules/tsx'), join(folder, 'node_modules/tsx'), 'dir');
  for (const name of installed()) {
    const target = name === 'typekro' ? ROOT : join(ROOT, 'node_modules', name);
    symlinkSync(target, join(folder, 'node_modules', name), 'dir');
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, text] of SNIPPETS) writeFileSync(join(folder, name), text);
  return folder;
}

describe.each([
  ['with the packages of the install line', prepared],
  ['in a clone', inClone],
])('the files of the README, saved unchanged %s', (_, prepare) => {
  let folder: string;
  beforeAll(() => {
    folder = prepare();
  });

  test('the application runs', async () => {
    const { code, stdout, stderr } = await startCli(['up', '--once', 'app.ts'], folder).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/WebApp default\/hello +ACTIVE/);
    expect(code).toBe(0);
  });

  test('the test file of the application passes', async () => {
    const { code, stdout, stderr } = await startCli(['test', 'app.test.yaml'], folder).ended;
    expect(stderr).toBe('');
    expect(stdout).toContain('is ready when its pods are');
    expect(code).toBe(0);
  });

  test('the program deploys the application with both factories to the cluster of `up`', async () => {
    expect(PAGES).toContain('`npx tsx deploy.ts` on Node 20');
    const up = startCli(words('up'), folder);
    try {
      await up.until(/export KUBECONFIG=/);
      const env = { ...process.env, KUBECONFIG: join(folder, '.typekro/default/kubeconfig') };
      const tsx = join(ROOT, 'node_modules/tsx/dist/cli.mjs');
      const { code, stdout, stderr } = await new RunningCommand(process.execPath, [tsx, 'deploy.ts'], {
        cwd: folder,
        env,
      }).ended;
      expect(stderr).toBe('');
      expect(stdout).toContain('kind: ResourceGraphDefinition');
      expect(code).toBe(0);
    } finally {
      up.process.kill('SIGINT');
      await up.ended;
    }
  }, 60_000);

  test('a command that loads a program with a deploy call does not deploy, and names the line of the call', async () => {
    const { code, stdout, stderr } = await startCli(['validate', 'deploy.ts'], folder).ended;
    expect(stderr).toMatch(/^deploy\.ts:\d+:\d+: error: deploy\(\) is called while a command loads the module/m);
    expect(stderr).toMatch(/hint: put deploy\(\) into another file/);
    // The output of the module is on stderr, because stdout is only for the command's result.
    expect(stderr).toContain('kind: ResourceGraphDefinition');
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });
});

/**
 * The four commands that create the quota, delete the Service, ask `why` and delete the quota, without comments. The
 * README also asks `why` earlier; `slice` leaves this line out.
 */
const WAITING = PAGES.split('\n')
  .map((line) => line.replace(/^\$ | +#.*/g, '').trim())
  .filter((line) => /^(?:kubectl (?:create quota|delete service|delete quota)|npx typekro why hello$)/.test(line))
  .slice(-4);

describe('the steps that make the application of the README wait', () => {
  test('`why` names the quota, and without the quota the application becomes ready', async () => {
    const folder = prepared();
    const up = startCli(['up', 'app.ts'], folder);
    try {
      await up.until(/WebApp default\/hello +ACTIVE/);
      await up.until(/export KUBECONFIG=/);
      const path = join(folder, '.typekro/default/kubeconfig');
      const client = new KubeClient({ config: await loadKubeConfig({ path, env: {} }) });
      const signal = AbortSignal.timeout(20_000);
      const state = (wanted: string) =>
        waitForObject(client, HELLO, signal, (found) => (found?.status?.['state'] === wanted ? true : undefined));
      const seen: string[] = [];
      for (const line of WAITING) {
        const [program, verb, kind = '', name = '', limit = ''] = line.split(' ');
        if (program === 'npx') {
          await state('ERROR');
          const { code, stdout } = await startCli(['why', 'hello', '--kubeconfig', path], folder).ended;
          expect(code).toBe(0);
          seen.push(stdout);
        } else if (verb === 'create') {
          const [, resource = '', number = ''] = /^--hard=(\w+)=(\d+)$/.exec(limit) ?? [];
          await client.create(quota(name, { [resource]: number }));
        } else await client.delete({ apiVersion: 'v1', kind: KINDS[kind] ?? '', name, namespace: 'default' });
      }
      expect(seen.join('')).toContain('exceeded quota: no-services');
      expect(seen.join('')).toContain('kubectl describe resourcequota -n default');
      await state('ACTIVE');
      await client.close();
    } finally {
      up.process.kill('SIGINT');
      await up.ended;
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);
});

const HELLO = { apiVersion: 'example.com/v1alpha1', kind: 'WebApp', name: 'hello', namespace: 'default' };
const KINDS: Readonly<Record<string, string>> = { service: 'Service', quota: 'ResourceQuota' };
const quota = (name: string, hard: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name, namespace: 'default' },
  spec: { hard },
});

/** The packages of the README's installation command. */
function installed(): readonly string[] {
  return /^ +npm install ((?:[\w-]+ )+)/m.exec(README)?.[1]?.trim().split(' ') ?? [];
}
