import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../test-support/run-command.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { stringifyJson } from '@typekro/kit/core';
import { commands } from './commands/index.ts';
import { widthOf } from '@typekro/app/text';

let world: VirtualWorld;
const cwd = mkdtempSync(join(tmpdir(), 'typekro-width-'));
beforeAll(async () => {
  world = await virtualWorld({ cluster: { workloads: true } });
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  const waiting = mapResource('late', { text: '${map.data.nothing} and some more words behind it' });
  const definition = potDefinition([mapResource('map', { text: '${schema.spec.text}' }), waiting]);
  writeFileSync(join(cwd, 'app.json'), stringifyJson(definition));
  writeFileSync(
    join(cwd, 'broken.json'),
    stringifyJson(potDefinition([mapResource('map', { text: '${schema.spec.no_such_field_of_the_schema}' })])),
  );
  writeFileSync(
    join(cwd, 'app.test.yaml'),
    'schemaVersion: 1\nkind: GraphTest\ndefinition: app.json\ntests:\n  - name: a name of several words that does not fit\n    expect: { state: ACTIVE }\n',
  );
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(60_000);
});
afterAll(async () => {
  await world.close();
});

const COMMANDS = [
  'why shop',
  'why pots',
  'tree shop',
  'status shop',
  'diff shop',
  'events shop',
  'revisions pots',
  'upgrade --check',
  'plan app.json',
  'suspend shop --dry-run',
];
const OFFLINE = [
  'validate app.json',
  'lint app.json',
  'lint --rules',
  'test app.test.yaml',
  'validate broken.json',
  '--help',
  'why --help',
  'plan --help',
  'controller --help',
];

test.each(
  [...COMMANDS.map((line) => `${line} --kubeconfig kubeconfig`), ...OFFLINE].flatMap((line) => [
    [line, 40] as const,
    [line, 80] as const,
  ]),
)('the output of %s fits %d columns', async (line, columns) => {
  const env = { NO_COLOR: '1' };
  const { out, err } = await commandRunner(commands, cwd, env, columns)(line);
  const whole = await commandRunner(commands, cwd, env)(line);
  const wide = out.split('\n').filter((each) => widthOf(each) > columns);
  // Only commands, and words that are longer than the line, may exceed the width.
  expect(wide.filter((each) => each.trim().split(/ +/).length > 1 && !/kubectl|typekro /.test(each))).toEqual([]);
  const marks = err.split('\n').filter((each) => /^ *\d* *\| /.test(each) && widthOf(each) > columns);
  expect(marks).toEqual([]);
  // The narrow output has all words of the wide output. Only white space and the lines of trees differ.
  const words = (text: string) =>
    text.replaceAll(/[\d.]+ ?(?:ms|s|m)\b|\d\d:\d\d:\d\d\S*/g, '').replaceAll(/[\s│├└─]+/g, '');
  expect(words(out)).toBe(words(whole.out));
  expect(out + err).not.toBe('');
});

test('an excerpt fits the terminal of standard error, whatever the width of standard output', async () => {
  const excerptsOf = (err: string) => err.split('\n').filter((each) => /^ *\d* *\| /.test(each));
  const runWith = async (columns: number | undefined, errorColumns: number): Promise<readonly string[]> =>
    excerptsOf(
      (await commandRunner(commands, cwd, { NO_COLOR: '1' }, columns, errorColumns)('validate broken.json')).err,
    );
  for (const columns of [undefined, 40, 200]) {
    const narrow = await runWith(columns, 40);
    expect(narrow.length).toBeGreaterThan(0);
    expect(narrow.filter((each) => widthOf(each) > 40)).toEqual([]);
    expect((await runWith(columns, 120)).some((each) => widthOf(each) > 40)).toBe(true);
  }
});
