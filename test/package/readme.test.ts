import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCli } from '../support/command.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The snippets whose first line names a file, by that name. */
const SNIPPETS = new Map(
  [...README.matchAll(/^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
);

describe('the files of the README, saved unchanged', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-readme-'));
    mkdirSync(join(folder, 'node_modules'));
    for (const name of installed()) {
      const target = name === 'typekro' ? ROOT : join(ROOT, 'node_modules', name);
      symlinkSync(target, join(folder, 'node_modules', name), 'dir');
    }
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    for (const [name, text] of SNIPPETS) writeFileSync(join(folder, name), text);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('the application runs with the packages of the install line', async () => {
    const { code, stdout, stderr } = await startCli(['up', '--once', 'app.ts'], folder).ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/WebApp default\/hello +ACTIVE/);
    expect(code).toBe(0);
  });

  test('a command that loads a deploying program does not deploy, and names the line of the call', async () => {
    const { code, stdout, stderr } = await startCli(['validate', 'deploy.ts'], folder).ended;
    expect(stderr).toMatch(/^deploy\.ts:\d+:\d+: error: deploy\(\) is called while a command loads the module/m);
    expect(stderr).toMatch(/hint: put deploy\(\) into a file of its own/);
    // The module prints to stderr, because stdout is for the command's result.
    expect(stderr).toContain('kind: ResourceGraphDefinition');
    expect(stdout).toBe('');
    expect(code).toBe(3);
  });
});

/** The packages of the README's installation command. */
function installed(): readonly string[] {
  return /^ +npm install ((?:[\w-]+ )+)/m.exec(README)?.[1]?.trim().split(' ') ?? [];
}
