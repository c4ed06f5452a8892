import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { publishedEntries, sourceOf } from '../../scripts/workspace.mjs';
import type { TypeKroError } from '@typekro/sdk';

const root = new URL('../../', import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, root), 'utf8')) as unknown;

/** The names of the values that each entry point of TypeKro 0.33 exported. */
const OLD = Object.entries(read('test/fixtures/sdk-0.33-exports.json') as Record<string, readonly string[]>);
const exports = Object.fromEntries(publishedEntries());

/** Imports an entry point from its source, and returns its exports. */
async function valuesOf(entry: string): Promise<Record<string, unknown>> {
  const target = exports[entry.replace(/^typekro/, '.')];
  if (target === undefined) throw new Error(`no entry point ${entry}`);
  return (await import(new URL(sourceOf(target.default), root).href)) as Record<string, unknown>;
}

/** The remedy in the error of a moved name. Undefined when the name has an implementation. */
function remedyOf(value: unknown): string | undefined {
  if (typeof value !== 'function') return undefined;
  // Reading the `length` of a moved name throws. A class, a function or a factory has a `length`.
  try {
    void value.length;
    return undefined;
  } catch (error) {
    const { code, remedy = '' } = error as Partial<TypeKroError>;
    return code === 'compose/moved' ? remedy : undefined;
  }
}

const isLoadable = (entry: string) => entry !== 'typekro/alchemy';

/** Maps the remedy of each moved name to an entry point that exports the name. */
async function allRemedies(): Promise<ReadonlyMap<string, string>> {
  const remedies = new Map<string, string>();
  const add = (entry: string, values: object) => {
    for (const remedy of Object.values(values).map(remedyOf)) if (remedy !== undefined) remedies.set(remedy, entry);
  };
  const entries = ['typekro/compat', ...OLD.map(([entry]) => entry)];
  for (const entry of entries.filter(isLoadable)) add(entry, await valuesOf(entry));
  add('typekro/alchemy', await import('../../packages/sdk/src/alchemy/generated/moved.ts'));
  return remedies;
}

/**
 * Words in remedies that are not among the loaded exports: an option of factories, an export of the optional
 * `typekro/alchemy` (which the test does not load), and a language.
 */
const OTHER_NAMES = ['progressCallback', 'KroResource', 'JavaScript'];

/**
 * The names of functions and classes in a remedy: words with an inner capital letter, and words before a parenthesis.
 */
function namesIn(remedy: string): readonly string[] {
  // Quoted strings, names of options and products, and `as` names of imports are not exports.
  const text = remedy.replaceAll(
    /'[^']*'|\b\w+:(?= |$)|\bchart of [\w ]+? with|\bCRDs of [\w ]+? with|\bwrite \w+ as|\* as \w+/g,
    '',
  );
  return [...text.matchAll(/(?<![.\w/$-])(?:[A-Za-z]+[a-z][A-Z]\w*|\w+(?=\())/g)].map(([name]) => name);
}

/** Alchemy is an optional peer dependency. Therefore the exports of its entry point come from the API report. */
const reported = readFileSync(new URL('api/alchemy.api.md', root), 'utf8');

describe('the exports of TypeKro 0.33', () => {
  test('come from 32 entry points', () => expect(OLD).toHaveLength(32));

  test.each(OLD.filter(([entry]) => entry !== 'typekro/alchemy'))(
    '%s: each name is unchanged, is in typekro/compat, or names its replacement',
    { timeout: 60_000 },
    async (entry, names) => {
      const values = await valuesOf(entry);
      const compat = entry === 'typekro' ? await valuesOf('typekro/compat') : {};
      const missing = names.filter((name) => !(name in values) && !(name in compat));
      expect(missing).toEqual([]);
      const remedies = names.map((name) => [name, remedyOf(values[name] ?? compat[name])] as const);
      expect(remedies.filter(([, remedy]) => remedy === '')).toEqual([]);
    },
  );

  test('the root exports few names of its own; all others are moved names, or names of 0.33 that typekro/aspects also exports', async () => {
    const root = await valuesOf('typekro');
    const elsewhere = new Set(Object.keys(await valuesOf('typekro/aspects')));
    const old = new Set(OLD.find(([entry]) => entry === 'typekro')?.[1]);
    const isMoved = (name: string) => elsewhere.has(name) || remedyOf(root[name]) !== undefined;
    const names = Object.keys(root);
    expect(names.filter((name) => isMoved(name) && !old.has(name) && remedyOf(root[name]) === undefined)).toEqual([]);
    expect(names.filter((name) => !isMoved(name)).length).toBeLessThanOrEqual(26);
    expect(names.length).toBeLessThanOrEqual(61);
  });

  test('typekro/alchemy: each name is unchanged, or names its replacement', async () => {
    const moved = (await import('../../packages/sdk/src/alchemy/generated/moved.ts')) as Record<string, unknown>;
    const names = OLD.find(([entry]) => entry === 'typekro/alchemy')?.[1] ?? [];
    expect(names.length).toBe(24);
    for (const name of names) {
      if (name in moved) expect([name, remedyOf(moved[name])]).toEqual([name, expect.stringMatching(/.{10}/)]);
      else expect(reported).toMatch(new RegExp(`^export (const|function|class) ${name}\\b`, 'm'));
    }
  });

  test('every entry point, export and member that a remedy names exists', { timeout: 60_000 }, async () => {
    const missing: string[] = [];
    const remedies = await allRemedies();
    expect(remedies.size).toBeGreaterThan(50);
    for (const [remedy, own] of remedies) {
      const entries = [...remedy.matchAll(/\btypekro\/[\w/-]+/g)].map(([entry]) => entry);
      missing.push(...entries.filter((entry) => exports[entry.replace(/^typekro/, '.')] === undefined));
      const values = await Promise.all(['typekro', own, ...entries].filter(isLoadable).map(valuesOf));
      const known = new Set([...OTHER_NAMES, ...values.flatMap((each) => Object.keys(each))]);
      const unknown = namesIn(remedy).filter((name) => !known.has(name));
      missing.push(...unknown.map((name) => `${name}: ${remedy}`));
    }
    const { kubernetesComposition } = await import('@typekro/sdk');
    const spec = { type: 'object', properties: {} } as const;
    const composition = kubernetesComposition({ name: 'a', spec }, () => ({}));
    const factory = composition.factory('direct');
    const has = { composition, factory } as Readonly<Record<string, object>>;
    for (const [, owner = '', member = ''] of [...remedies.keys()]
      .join('\n')
      .matchAll(/\b(composition|factory)\.(\w+)/g)) {
      if (!(member in (has[owner] ?? {}))) missing.push(`${owner}.${member}`);
    }
    expect(missing).toEqual([]);
  });

  test('a moved name in a composition is refused at its line, both as a call and as a value', async () => {
    const { kubernetesComposition } = await import('@typekro/sdk');
    const { ConfigMap } = await import('../../packages/sdk/src/factories/simple/index.ts');
    const { certManagerBootstrap } = await import('../../packages/sdk/src/factories/cert-manager/index.ts');
    const { DEFAULT_VALKEY_VERSION } = await import('../../packages/sdk/src/factories/valkey/index.ts');
    const definition = { name: 'a', spec: { type: 'object', properties: { name: { type: 'string' } } } } as const;
    const bootstrap = certManagerBootstrap as unknown as (of?: unknown) => string;
    const Version = DEFAULT_VALKEY_VERSION as unknown as new (of: unknown) => object;
    const version = DEFAULT_VALKEY_VERSION as unknown as string;
    const uses: ((spec: object) => object)[] = [
      (spec) => ({ used: bootstrap(spec) }),
      (spec) => new Version(spec),
      () => ({ used: bootstrap() }),
      () => ({ used: version }),
      () => (ConfigMap({ name: 'a', data: { used: `v${version}` } }), {}),
      () => (ConfigMap({ name: 'a', data: { used: version } }), {}),
    ];
    for (const use of uses) {
      const graph = () => kubernetesComposition(definition, use).toYaml();
      expect(graph).toThrow(/is not exported from here any more[\s\S]*typekro\/helm/);
      expect(graph).toThrow(/old-exports\.test\.ts:\d+/);
    }
  });

  test('a function cannot be a field of a status', async () => {
    const { kubernetesComposition } = await import('@typekro/sdk');
    const graph = () =>
      kubernetesComposition({ name: 'a', spec: { type: 'object', properties: {} } }, () => ({
        ready: (() => true) as unknown as boolean,
      })).toYaml();
    expect(graph).toThrow('a function cannot be a status field; call it, and return its result');
  });
});
