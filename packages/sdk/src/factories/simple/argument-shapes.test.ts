import { expect, test } from 'vitest';
import { ARGUMENT_SHAPES } from './argument-shapes.ts';

/** Returns the value that the code of a remedy creates. */
const valueOf = (code: string): unknown => new Function(`'use strict'; return (${code});`)();

const remedies: readonly (readonly [name: string, given: unknown, code: string, value: unknown])[] = [
  ['command', 'sh -c date', "['sh', '-c', 'date']", ['sh', '-c', 'date']],
  ['command', "echo it's", `['echo', "it's"]`, ['echo', "it's"]],
  ['command', 'echo "a"', `['echo', '"a"']`, ['echo', '"a"']],
  ['command', String.raw`printf a\n`, String.raw`['printf', 'a\\n']`, ['printf', String.raw`a\n`]],
  ['command', '', "['sh', '-c', 'date']", ['sh', '-c', 'date']],
  ['args', ' \n', "['--verbose']", ['--verbose']],
  ['labels', "note=it's", `{ note: "it's" }`, { note: "it's" }],
  ['labels', 'note=', "{ note: '' }", { note: '' }],
  ['data', String.raw`a.b=C:\x`, String.raw`{ 'a.b': 'C:\\x' }`, { 'a.b': String.raw`C:\x` }],
  ['data', '__proto__=a', "{ ['__proto__']: 'a' }", { ['__proto__']: 'a' }],
  ['imagePullSecrets', 'registry-key', "[{ name: 'registry-key' }]", [{ name: 'registry-key' }]],
  ['imagePullSecrets', ["it's"], `[{ name: "it's" }]`, [{ name: "it's" }]],
  ['imagePullSecrets', '', "[{ name: 'registry' }]", [{ name: 'registry' }]],
  ['ports', ['080'], '[80]', [80]],
  [
    'ports',
    '080:0443/udp',
    "[{ port: 80, targetPort: 443, protocol: 'UDP' }]",
    [{ port: 80, targetPort: 443, protocol: 'UDP' }],
  ],
  ['size', 5, "'5Gi'", '5Gi'],
  ['size', 0.5, "'0.5Gi'", '0.5Gi'],
  ['size', 2 ** 20 - 1, "'1048575Gi'", '1048575Gi'],
  ['size', 2 ** 20, "'1048576'", '1048576'],
  ['size', 5_368_709_120, "'5368709120'", '5368709120'],
  ['size', 0, "'1Gi'", '1Gi'],
  ['size', -1, "'1Gi'", '1Gi'],
  ['size', 1e21, "'1Gi'", '1Gi'],
  ['size', Number.NaN, "'1Gi'", '1Gi'],
];

test.each(remedies)('the remedy for %s with %j is the code %s', (name, given, code, value) => {
  const example = ARGUMENT_SHAPES[name]?.example(given, 'Service') ?? '';
  expect(example).toBe(code);
  expect(valueOf(example)).toStrictEqual(value);
});
