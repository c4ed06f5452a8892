import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { explain } from '../commands/explain-command.ts';
import { lint } from '../commands/lint-command.ts';
import { documentedCodes } from './file-codes.ts';
import { ruleNames } from './lint-rules.ts';

const cwd = mkdtempSync(join(tmpdir(), 'typekro-codes-'));
const run = commandRunner([explain, lint], cwd);

test.each(ruleNames())('explain %s prints the meaning, an example and the remedy', async (rule) => {
  const { code, out, err } = await run(`explain ${rule}`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^\S+ {2}warning\n {2}\S.*\n\nExample\n {2}[^]*\n\nRemedy\n {2}\S/);
});

test.each(documentedCodes().filter(({ code }) => code.startsWith('input/')))(
  'the example of $code has a finding with this code',
  async (info) => {
    writeFileSync(join(cwd, 'example.yaml'), info.example);
    writeFileSync(join(cwd, 'other.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n');
    const { out } = await run('lint example.yaml other.yaml -o json');
    const { diagnostics } = JSON.parse(out) as { diagnostics: { code: string; severity: string }[] };
    expect(diagnostics.filter(({ code }) => code.startsWith('input/'))).toMatchObject([
      { code: info.code, severity: info.severity },
    ]);
  },
);
