import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { convert } from './convert-command.ts';
import { lint } from './lint-command.ts';
import { validate } from './validate-command.ts';

const head = 'apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n';

/** Files with an error in a Secret or next to one. Each value of the Secrets contains `9182`. */
const FILES: readonly (readonly [what: string, text: string])[] = [
  ['a value that is not base64', `${head}data:\n  a: "9182!"\n`],
  ['a long value that is not base64', `${head}data:\n  a: "${'9182!'.repeat(40)}"\n`],
  ['a number', `${head}stringData:\n  a: 9182\n`],
  ['a number in another notation', `${head}stringData:\n  a: 9182.10\n`],
  ['a number with leading zeros', `${head}stringData:\n  a: 09182\n`],
  ['members instead of a string', `${head}stringData: { a: { b: x9182 } }\n`],
  ['a misspelt field', `${head}stringdata: { a: x9182 }\n`],
  ['an unclosed quote', `${head}stringData:\n  a: "x9182\n`],
  ['an annotation that is a number', `${head.replace('x }', 'x, annotations: { a: 9182 } }')}data: {}\n`],
  ['JSON in one line', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"stringData":{"a":"x9182","b":3}}'],
  [
    'JSON',
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { a: '9182!' } }, null, 2),
  ],
  ['a list', `apiVersion: v1\nkind: List\nitems:\n- ${head.replaceAll('\n', '\n  ')}data:\n    a: "9182!"\n`],
  ['a later document', `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cm }\n---\n${head}data:\n  a: "9182!"\n`],
];

const COMMANDS = ['lint', 'lint -o github', 'lint -o json', 'lint -o sarif', 'validate', 'convert'];

test.each(FILES.flatMap(([what, text]) => COMMANDS.map((command) => [what, command, text] as const)))(
  'no problem quotes a value of a Secret or its line: %s, %s',
  async (_what, command, text) => {
    const cwd = mkdtempSync(join(tmpdir(), 'typekro-secret-files-'));
    writeFileSync(join(cwd, 'a.yaml'), text);
    const { out, err } = await commandRunner([lint, validate, convert], cwd)(`${command} a.yaml`);
    const problems = command === 'convert' ? err : `${out}${err}`;
    expect(problems).toContain('a.yaml');
    expect(problems).not.toContain('9182');
  },
);
