import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { commands } from '../commands/index.ts';
import { checkNamedFiles } from './checked.ts';

const cwd = mkdtempSync(join(tmpdir(), 'typekro-hints-'));
const run = commandRunner(commands, cwd);
const definition = (template: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: pots }
spec:
  schema: { apiVersion: v1alpha1, kind: Pot, spec: { text: string, list: '[]string', object: { a: string } } }
  resources:
    - id: a
      template: ${template}
`;
writeFileSync(join(cwd, 'app.yaml'), definition('{ apiVersion: acme.test/v1, kind: Lid, metadata: { name: a } }'));
writeFileSync(join(cwd, 'object.yaml'), 'apiVersion: acme.test/v1\nkind: Lid\nmetadata: { name: a }\n');
writeFileSync(
  join(cwd, 'app.test.yaml'),
  'schemaVersion: 1\nkind: GraphTest\ntests: [{ name: a, given: { spec: { text: a } } }]\n',
);

test('the hints of each command name only options that it has', async () => {
  for (const entry of commands) {
    const { name, options } = 'load' in entry ? await entry.load() : entry;
    const own = options.map((each) => `--${each.name}`);
    for (const file of ['app.yaml', 'object.yaml']) {
      const input = { positionals: [], options: Object.fromEntries(options.map((each) => [each.name, undefined])) };
      const context = { cwd, env: {}, print: () => {}, printError: () => {}, readInput: async () => '' };
      const signal = new AbortController().signal;
      const { diagnostics } = await checkNamedFiles({ ...context, signal }, input, [file]);
      expect(diagnostics.length).toBeGreaterThan(0);
      for (const { hint = '' } of diagnostics)
        for (const option of hint.match(/--[a-z-]+/g) ?? []) expect([name, ...own]).toContain(option);
    }
  }
  expect((await run('test app.test.yaml')).err).toContain(
    'hint: name the file of its CustomResourceDefinition in crds',
  );
});

test.each([
  ['schema.spec.object.getHost()', 'it exists as kubernetes.URL.getHost() -> string'],
  ['schema.spec.list.trim()', 'it exists as string.trim() -> string'],
  ['schema.spec.text.join(",")', 'it exists as list(string).join() -> string, or list(string).join(string) -> string'],
  ['schema.spec.?text.trim()', 'it exists as string.trim() -> string; take the value out with .orValue(…) first'],
  ['schema.spec.text.contains(1)', 'it exists as string.contains(string) -> bool'],
  ['string(schema.spec.list)', 'it exists as string('],
  ['bytes("x").trim()', 'write string(…) around the bytes'],
])('the hint for the call %s', async (call, hint) => {
  const data = `{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { y: '\${${call}}' } }`;
  writeFileSync(join(cwd, 'call.yaml'), definition(data));
  expect((await run('validate call.yaml')).err).toContain(`hint: ${hint}`);
});
