import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type KubeObject, gvkOf, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { generateChart, generateFactories } from '@typekro/sdk/factories';
import { parseDefinitions } from '@typekro/engine/graph';
import { crdSource, StructuralSchema } from '@typekro/engine/schema';
import { runCommand } from '../support/command.ts';
import { composed } from '@typekro/sdk/test-support/compose-objects';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = join(root, 'test/fixtures/crds');

/** Every definition and every example object of the fixtures. */
const documents = readdirSync(fixtures)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .flatMap((name) => {
    const parsed = parseDefinitions(readFileSync(join(fixtures, name), 'utf8'), name);
    if (parsed.diagnostics.length > 0) throw new Error(JSON.stringify(parsed.diagnostics[0]));
    return parsed.documents.map(({ value }) => value as unknown as KubeObject);
  });
const definitions = documents.filter(({ kind }) => kind === 'CustomResourceDefinition');
const examples = documents.filter(({ kind }) => kind !== 'CustomResourceDefinition');
const source = crdSource(definitions);

const generated = (importFrom: string) => generateFactories(definitions, { command: 'test', importFrom });

/**
 * Finds, in the generated code, the factory for the kind of an example object. Returns the name of the factory and its
 * file.
 */
function factoryOf(
  example: KubeObject,
  files: ReadonlyMap<string, string>,
): { readonly file: string; readonly name: string } {
  const { group, kind } = gvkOf(example);
  const file = `${group}.ts`;
  const pattern = new RegExp(`^export const (\\w+): .*\\n  "${example.apiVersion}",\\n  "${kind}"`, 'm');
  const name = pattern.exec(files.get(file) ?? '')?.[1];
  if (name === undefined) throw new Error(`no factory of ${example.apiVersion} ${kind}`);
  return { file, name };
}

/** Does the factory have a readiness rule for its kind? */
const ruleOf = (text: string, name: string): boolean =>
  new RegExp(`^export const ${name}: [^;]*?\\{\\n    readyWhen:`, 'm').test(text);

/**
 * Does the factory take the whole object? True for the kind `Record`, whose top-level fields have the same names as the
 * factory's own arguments.
 */
const isWhole = (example: KubeObject) => example.kind === 'Record';

const folder = (() => {
  mkdirSync(join(root, 'temp'), { recursive: true });
  return mkdtempSync(join(root, 'temp/generated-'));
})();
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeAll(files: ReadonlyMap<string, string>, below: string): void {
  for (const [name, text] of files) {
    const path = join(folder, below, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

test('there are definitions of at least twenty projects', () => {
  expect(generated('typekro').diagnostics).toEqual([]);
  expect(definitions.filter(({ spec }) => spec?.['group'] !== 'hostile.example.com').length).toBeGreaterThanOrEqual(20);
  expect(examples).toHaveLength(definitions.length);
});

test('the generated code type-checks with the compiler options of a user, and accepts objects of its kinds', () => {
  const { files } = generated('typekro');
  writeAll(files, 'types');
  const chart = generateChart(
    { type: 'object', required: ['image'], properties: { image: { type: 'string' }, replicas: { type: 'integer' } } },
    { chart: 'web', repository: 'oci://charts.example.com/stable', command: 'test' },
  );
  writeAll(chart.files, 'types');
  const uses = examples.map((example, index) => {
    const { file, name } = factoryOf(example, files);
    return {
      imported: `import { ${name} as make${index} } from './${file}';`,
      used: `export const use${index} = () => make${index}(${stringifyJson(example)});`,
    };
  });
  const mistakes = [
    "// @ts-expect-error a field that there is not\nexport const wrong1 = () => web({ name: 'x', values: { image: 'a', replica: 1 } });",
    "// @ts-expect-error the chart needs an image\nexport const wrong2 = () => web({ name: 'x', values: {} });",
  ];
  const program = [
    "import { web } from './web.ts';",
    ...uses.map(({ imported }) => imported),
    ...uses.map(({ used }) => used),
    "export const chart = () => web({ name: 'x', values: { image: 'a', replicas: 2 } });",
    ...mistakes,
  ];
  writeFileSync(join(folder, 'types/use.ts'), `${program.join('\n')}\n`);
  const dist = (name: string) => [join(root, 'dist', name)];
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    isolatedModules: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ['node'],
    paths: { typekro: dist('index.d.ts'), 'typekro/helm': dist('factories/helm/index.d.ts') },
  };
  writeFileSync(join(folder, 'types/tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const { code, stdout } = runCommand(process.execPath, [tsc, '-p', join(folder, 'types')], { cwd: root });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
}, 60_000);

describe('the factories return the given objects unchanged, and the objects are valid', () => {
  const { files } = generated(join(root, 'packages/sdk/src/compose/index.ts'));
  beforeAll(() => {
    writeAll(files, 'run');
  });

  test.each(examples.map((example) => [`${example.apiVersion} ${example.kind}`, example] as const))(
    '%s',
    async (_name, example) => {
      const { file, name } = factoryOf(example, files);
      const module = (await import(pathToFileURL(join(folder, 'run', file)).href)) as Readonly<Record<string, unknown>>;
      const make = module[name] as (object: object, extras?: object) => unknown;
      const whole = isWhole(example);
      const { objects } = composed(() => {
        if (whole) make(example, { id: 'it' });
        else make({ id: 'it', ...example });
      });
      const waiting = () =>
        composed(() => {
          if (whole) make(example, { id: 'it', waitForReady: true });
          else make({ id: 'it', waitForReady: true, ...example });
        }).yaml;
      const rule = ruleOf(files.get(file) ?? '', name);
      if (rule) expect(waiting()).toContain('readyWhen:');
      else expect(waiting).toThrow('has no rule for when it is ready');
      const made = objects['it'];
      expect(made).toEqual(example);
      const schema = source.schemaOf(gvkOf(example));
      if (schema === undefined || !isJsonObject(made)) throw new Error('no schema');
      expect(StructuralSchema.validate(schema, made, {})).toEqual([]);
      const stored = StructuralSchema.applyDefaults(schema, StructuralSchema.prune(schema, made).value);
      expect(StructuralSchema.validate(schema, stored, {})).toEqual([]);
      expect(stored).toMatchObject(made);
    },
  );
});
