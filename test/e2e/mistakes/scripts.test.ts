import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMPOSITION } from './base.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-script-'));
  mkdirSync(join(folder, 'node_modules'));
  for (const name of ['arktype', 'tsx'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), 'dir');
  symlinkSync(ROOT, join(folder, 'node_modules/typekro'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'shop.ts'), COMPOSITION);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const spec = "{ name: 'one', replicas: 2, regions: [] }";

/**
 * One row per script that fails: a title, the call, the column of the error in the script's second line, and the
 * message.
 */
const scripts: readonly (readonly [title: string, call: string, column: number, message: RegExp])[] = [
  [
    'a misspelt mode',
    `(shop as any).factory('Direct').deploy(${spec});`,
    21,
    /no factory mode "Direct"[\s\S]*did you mean "direct"/,
  ],
  [
    'a misspelt option',
    `shop.factory('direct', { namspace: 'x' } as any).deploy(${spec});`,
    12,
    /no option "namspace"[\s\S]*did you mean "namespace"/,
  ],
  ['no kubeconfig', `shop.factory('direct').deploy(${spec});`, 30, /no kubeconfig[\s\S]*typekro up/],
  [
    'a spec that does not match its schema',
    "shop.factory('direct').deploy({ name: 'one', replicas: 2.5, regions: 'a' } as any);",
    30,
    /replicas: 2\.5 is written where a whole number is expected \(.*\); regions: the string "a" is written where a list is expected \(write a list: \["a"\]\)/,
  ],
  [
    'an instance that does not match its schema',
    "shop.toInstance({ name: 'one', regions: [] } as any);",
    12,
    /replicas: Required value[\s\S]*add replicas/,
  ],
];

test.each(scripts)(
  'the error of a script with %s shows the line of the script, and no stack frame of the package',
  (_title, call, column, message) => {
    const script = join(folder, 'deploy.ts');
    writeFileSync(script, `import { shop } from './shop.ts';\nawait ${call}\n`);
    const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'deploy.ts'], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: join(folder, 'nobody') },
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr.split('\n')[0]).toMatch(/deploy\.ts:2$/);
    expect(stderr.match(/^\s+at .*$/gm)).toEqual([expect.stringContaining(`deploy.ts:2:${column}`)]);
    expect(stderr).not.toMatch(/<nil>|nodes:|diagnostics:|node_modules|\/packages\/|\/dist\//);
  },
);
