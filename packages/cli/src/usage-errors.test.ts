import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commandRunner } from '../test-support/run-command.ts';
import { levelOption } from './command-options.ts';
import { commands } from './commands/index.ts';
import { shownName } from './file-paths.ts';
import { suspensionEffect } from '@typekro/app/instance';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-usage-'));
});

const run = (line: string | readonly string[], stdin?: string) => commandRunner(commands, cwd)(line, stdin);

const FILES = '; write file names directly after the command, without an option';

test.each<readonly [line: string | readonly string[], message: string, hint: string]>([
  ['help nope', "unknown command 'nope'", 'typekro --help lists the commands'],
  ['help vaildate', "unknown command 'vaildate'", 'typekro --help lists the commands'],
  ['help get pods', "unknown command 'get'", 'that is a command of kubectl: kubectl get pods'],
  ['nope', "unknown command 'nope'", 'typekro --help lists the commands'],
  [['get', 'pods', 'a b'], "unknown command 'get'", "that is a command of kubectl: kubectl get pods 'a b'"],
  [
    ['deploy', 'my app.yaml'],
    "unknown command 'deploy'",
    "for a cluster: typekro apply 'my app.yaml'; to try it out here: typekro up 'my app.yaml'",
  ],
  ['-n team plan a.yaml', "unknown option '-n'", 'write the options after the command: typekro plan a.yaml -n team'],
  ['-x team', "unknown option '-x'", 'typekro --help lists the commands'],
  [
    'why',
    "missing required argument 'instance'",
    'typekro why --help lists the options; for example: typekro why team-a/shop',
  ],
  [
    'migrate --to kro',
    "missing required argument 'name'",
    'typekro migrate --help lists the options; for example: typekro migrate shop --to kro --dry-run',
  ],
  [
    'completion',
    "missing required argument 'shell'",
    'typekro completion --help lists the options; for example: source <(typekro completion bash)',
  ],
  ['validate', "missing required argument 'file'", `typekro validate --help lists the options${FILES}`],
  ['plan a.yaml --sve', "unknown option '--sve'", `typekro plan --help lists the options${FILES}`],
])('typekro %s is a usage error with a hint', async (line, message, hint) => {
  const { code, out, err } = await run(line);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.split('\n')[0]).toBe(`error: ${message} [cli/usage]`);
  expect(err.split('\n').at(-1)).toBe(`  hint: ${hint}`);
});

test('the error suggests the most similar command or option', async () => {
  expect((await run('help vaildate')).err).toContain('(Did you mean validate?)');
  expect((await run('plan a.yaml --sve')).err).toContain('(Did you mean --save?)');
});

test('for a command of another tool, the hint suggests no similar command', async () => {
  expect((await run('get pods')).err).toBe(
    "error: unknown command 'get' [cli/usage]\n  hint: that is a command of kubectl: kubectl get pods",
  );
});

test('the error for an unknown owner in --to names the given value', async () => {
  expect((await run('migrate shop --to mars')).err).toContain(
    'error: --to mars is not an owner of instances [cli/usage]',
  );
});

test('the error for a missing snapshot suggests the file with the most similar name', async () => {
  writeFileSync(join(cwd, 'app.yaml'), definition('{}'));
  writeFileSync(join(cwd, 'prod.json'), '{}');
  const { code, err } = await run('plan app.yaml --snapshot prd.json');
  expect(code).toBe(1);
  expect(err).toMatch(/^error: there is no file prd\.json \[input\/not-found\]\n  hint: did you mean prod\.json\?/);
});

test.each(['help', 'help plan', 'help preview', 'help generate instance'])('typekro %s prints help', async (line) => {
  const { code, out, err } = await run(line);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Usage: typekro/);
});

test.each([
  ['render - --values -', 'the file - and --values - both mean the standard input, which can be read once'],
  ['render app.yaml --values - --observed live,-', '--observed - and --values - both mean the standard input'],
  ['dev - app.yaml', 'typekro dev reads its files again after each save, and the standard input can be read only once'],
  ['dev app.yaml --crds crds.yaml,-', 'typekro dev reads its files again after each save, and the standard input can'],
  ['plan app.yaml --snapshot a.json --save', 'a plan against a snapshot cannot be saved: it has seen no cluster'],
  ['plan app.yaml --snapshot a.json --context x', '--snapshot needs no cluster, and --context chooses one'],
])('typekro %s is refused, and the error names the contradiction', async (line, message) => {
  const { code, err } = await run(line, 'a: 1');
  expect(code).toBe(2);
  expect(err).toContain(`error: ${message}`);
});

const definition = (spec: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pots}
spec:
  schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: ${spec}}
  resources: []
`;

test.each([
  '{}',
  '{text: string}',
  '{text: string | default="x"}',
  '{text: string, size: integer | default=3, open: boolean | default=false}',
  '{labels: "map[string]string", names: "[]string", deep: {a: string, b: integer | default=2}}',
  `{long: 'string | default="${'a word, and '.repeat(30)}"', other: 'string | default="a: b # c"'}`,
])('types -o instance for %s prints an instance that is valid with and without its commented fields', async (spec) => {
  writeFileSync(join(cwd, 'pots.yaml'), definition(spec));
  const { code, out } = await run('types pots.yaml -o instance');
  expect(code).toBe(0);
  const whole = out.replaceAll(/^  # /gm, '  ');
  expect(() => parse(whole) as unknown).not.toThrow();
  for (const text of [out, whole]) {
    writeFileSync(join(cwd, 'pot.yaml'), text);
    expect(await run('validate pots.yaml pot.yaml')).toMatchObject({ code: 0, err: '' });
  }
});

test.each([
  [{}, /the controller writes none of its objects/],
  [{ deletionTimestamp: '2026-11-01T00:00:00Z' }, /the controller still deletes its objects/],
])('suspend describes its effect on an instance with the metadata %j', (more, effect) => {
  const metadata = { name: 'shop', ...more };
  expect(suspensionEffect({ apiVersion: 'acme.test/v1', kind: 'Pot', metadata })).toMatch(effect);
});

test('an unknown level is an error', () => {
  const input = { positionals: [], options: { 'kro-compatibility': '1' } };
  expect(() => levelOption(input)).toThrow('--kro-compatibility 1 is not a level');
});

test.each([
  ['a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['./a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['/home/me/app/a.yaml', '/home/me/app/a.yaml', 'a.yaml'],
  ['../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['./../b.yaml', '/home/me/b.yaml', '../b.yaml'],
  ['/home/me/b.yaml', '/home/me/b.yaml', '/home/me/b.yaml'],
  ['/home/me/app/..b.yaml', '/home/me/app/..b.yaml', '..b.yaml'],
  ['../other', '/home/me/other/c.yaml', '../other/c.yaml'],
  ['/home/me/other', '/home/me/other/c.yaml', '/home/me/other/c.yaml'],
  ['.', '/home/me/app', '.'],
])('for the argument %s, messages show the file %s as %s', (given, path, shown) => {
  expect(shownName(path, '/home/me/app', given)).toBe(shown);
});
