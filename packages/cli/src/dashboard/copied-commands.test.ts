import { expect, test } from 'vitest';
import type { ShellFacts } from './copied-commands.ts';
import { copiedCommands } from './copied-commands.ts';

const PATH = '/usr/bin:/work/node_modules/.bin';
const facts: ShellFacts = {
  cwd: '/work',
  env: { HOME: '/home/jane', PATH },
  argv: ['/usr/bin/node', '/opt/typekro/main.js'],
  hasProgram: (path) => path === '/usr/bin/typekro',
};

test.each<[string, Partial<ShellFacts>, object]>([
  ["kubectl's default", {}, {}],
  ['a file that is the default of kubectl', { kubeconfig: '/home/jane/.kube/config' }, {}],
  ['a file that an option names', { kubeconfig: 'prod.yaml' }, { kubeconfigs: ['/work/prod.yaml'] }],
  [
    'the files in KUBECONFIG, because a new shell does not have the variable',
    { env: { ...facts.env, KUBECONFIG: 'a:/b' } },
    { kubeconfigs: ['/work/a', '/b'] },
  ],
  [
    'an option, which has precedence over the variable',
    { kubeconfig: '/c', env: { ...facts.env, KUBECONFIG: '/b' } },
    { kubeconfigs: ['/c'] },
  ],
  ['KUBECONFIG with the default file', { env: { ...facts.env, KUBECONFIG: '/home/jane/.kube/config' } }, {}],
  ['one of several contexts', { context: 'prod' }, { context: 'prod' }],
  [
    'a program that is only on the PATH of a package manager',
    { hasProgram: (path) => path === '/work/node_modules/.bin/typekro' },
    { program: ['/usr/bin/node', '/opt/typekro/main.js'] },
  ],
])('copiedCommands returns what a new shell lacks: %s', (_title, changed, expected) => {
  expect(copiedCommands({ ...facts, ...changed })).toEqual(expected);
});
