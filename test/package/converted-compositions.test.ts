import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { toComposition } from '../../packages/app/src/convert/composition/to-composition.ts';
import { withUnknownKinds } from '../../packages/sdk/src/compose/schemas.ts';
import type { JsonObject } from '@typekro/kit/core';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '../../packages/engine/src/schema/index.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = withUnknownKinds(builtinSource());

/** Files whose templates an API server rejects. The types of the factories also reject them. */
const INVALID: ReadonlySet<string> = new Set(['mistake-number-as-string.yaml']);

const folder = mkdtempSync(join(tmpdir(), 'typekro-converted-'));
beforeAll(() => {
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/typekro'));
  for (const name of ['arktype', '@standard-schema']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const path of ['examples', 'examples/golden', 'test/conformance/graph/realistic']) write(join(root, path));
});

/**
 * Converts the definitions in a folder's YAML files to compositions, and writes them. Skips definitions that cannot be
 * converted.
 */
function write(path: string): void {
  for (const name of readdirSync(path).filter((file) => file.endsWith('.yaml') && !INVALID.has(file))) {
    for (const [index, document] of parseAllDocuments(readFileSync(join(path, name), 'utf8')).entries()) {
      const definition = document.toJS() as JsonObject;
      const isDefinition = definition['kind'] === 'ResourceGraphDefinition';
      const graph = isDefinition ? compile(definition, { sources, target: 'typekro' }).graph : undefined;
      const schema = (definition['spec'] as JsonObject | undefined)?.['schema'];
      if (graph === undefined || /"(?:scope|conditions|additionalPrinterColumns)":/.test(JSON.stringify(schema)))
        continue;
      writeFileSync(join(folder, `${name}-${index}.ts`), toComposition([{ definition, graph }], []));
    }
  }
}

function run(tool: string, ...args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'node_modules', tool), ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? '' : stdout + stderr;
}

test('converted compositions have no type error', () => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(25);
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  expect(run('@typescript/native/bin/tsc', ...flags, ...files)).toBe('');
}, 120_000);

test('converted compositions are formatted as this project formats its code', () => {
  expect(run('oxfmt/bin/oxfmt', '-c', join(root, '.oxfmtrc.json'), '--check', '*.ts')).toBe('');
}, 60_000);
