import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Command } from '../command.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { completion } from '../commands/completion-command.ts';
import { commands } from '../commands/index.ts';
import { candidatesFor, commandCandidates } from './candidates.ts';
import { completionScript, SHELLS } from './scripts.ts';

const command = (name: string, more: Partial<Command>): Command => ({
  name,
  description: '',
  positionals: [],
  options: [],
  examples: [],
  run: () => Promise.resolve(0),
  ...more,
});

const COMMANDS: readonly Command[] = [
  command('validate', {
    positionals: [{ name: 'file', summary: 'files', variadic: true }],
    options: [
      { name: 'strict', summary: 'strict' },
      { name: 'output', short: 'o', summary: 'form', value: 'form', choices: ['json', 'yaml'] },
      { name: 'crds', summary: 'crds', value: 'paths' },
    ],
  }),
  command('why', {
    positionals: [{ name: 'instance', summary: 'which' }],
    options: [{ name: 'context', summary: 'context', value: 'name' }],
  }),
  command('view', {}),
];

const ENTRIES = COMMANDS.map((each) => ({
  name: each.name,
  summary: `${each.name}s`,
  load: () => Promise.resolve(each),
}));

test.each([
  ['', ['validate', 'why', 'view']],
  ['v', ['validate', 'view']],
  ['nothing', []],
])('the commands that complete %j are %j', (word, words) => {
  expect(commandCandidates(ENTRIES, word).words.map((each) => each.word)).toEqual(words);
});

test.each([
  ['validate ', [], 'files'],
  ['validate a.yaml ', [], 'files'],
  ['validate -', ['--strict', '--output', '-o', '--crds'], ''],
  ['validate --s', ['--strict'], ''],
  ['validate --strict ', [], 'files'],
  ['validate --output ', ['json', 'yaml'], ''],
  ['validate -o y', ['yaml'], ''],
  ['validate --crds ', [], 'files'],
  ['validate --output=', ['--output=json', '--output=yaml'], ''],
  ['validate --output=y', ['--output=yaml'], ''],
  ['validate --output =', ['json', 'yaml'], ''],
  ['validate --output = y', ['yaml'], ''],
  ['validate --strict=', [], ''],
  ['why --context=prod ', [], 'instances'],
  ['why --context = prod ', [], 'instances'],
  ['why ', [], 'instances'],
  ['why a ', [], ''],
  ['view ', [], ''],
])('the words that complete "typekro %s" are %j', (line, words, more) => {
  const [name, ...rest] = line.split(' ');
  const command = COMMANDS.find((each) => each.name === name) as Command;
  const found = candidatesFor(command, rest);
  expect(found.words.map(({ word }) => word)).toEqual(words);
  expect({ files: found.files, instances: found.instances }).toEqual({
    files: more === 'files',
    instances: more === 'instances',
  });
});

describe('typekro completion', () => {
  const run = commandRunner([...COMMANDS, completion(ENTRIES)], '/');

  test.each(SHELLS)('prints the script of %s', async (shell) => {
    expect((await run(`completion ${shell}`)).out).toBe(completionScript(shell));
  });

  test('prints candidates', async () => {
    expect((await run('completion candidates -- validate --o')).out).toBe('--output\tform');
    expect((await run('completion candidates -- validate a')).out).toBe(':files');
    expect((await run(['completion', 'candidates', '--', 'v'])).out).toBe('validate\tvalidates\nview\tviews');
    expect((await run('completion candidates -- nothing a')).out).toBe('');
  });

  test.each(['test', 'init', 'up', 'validate', 'convert'])('completes names of files for %s', async (name) => {
    const own = commandRunner([completion(commands)], '/');
    expect((await own(['completion', 'candidates', '--', name, 'gra'])).out).toBe(':files');
  });

  test('refuses another shell, and names the known ones', async () => {
    const { code, err } = await run('completion tcsh');
    expect(code).toBe(2);
    expect(err).toContain('bash, zsh, fish');
  });
});

test('bash accepts the script, and completes with the candidates of the command', () => {
  const script = `${completionScript('bash')}
typekro() { printf '%s\\n' "asked: $*" >&2; printf 'validate\\tchecks\\n:files\\n'; }
COMP_WORDS=(typekro va); COMP_CWORD=1; _typekro; printf '%s|' "\${COMPREPLY[@]}"`;
  expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('validate|');
});
