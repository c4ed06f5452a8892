import { inspect } from 'node:util';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it, test } from 'vitest';

interface Bundler {
  checkOneByte(file: string, text: string): void;
}

const bundler = (await import(new URL('../../scripts/bundle.mjs', import.meta.url).href)) as Bundler;

it.each(['', 'let a = "\\u2026"', '/[\u00e4\u00ff]/'])('a bundle may contain %j', (text) => {
  expect(() => bundler.checkOneByte('a.js', text)).not.toThrow();
});

it.each(['/[\u2026]/', '\u0100', 'before `\u{1f600}` after', 'two\nlines \u2192'])(
  'a bundle may not contain %j, because V8 would then store two bytes per character',
  (text) => {
    expect(() => bundler.checkOneByte('a.js', text)).toThrow(/^a\.js has a character beyond Latin-1/);
  },
);

test('Node prints an error of the package with the name of its class, and without undefined properties', async () => {
  const { TypeKroError } = (await import(new URL('../../dist/index.js', import.meta.url).href)) as {
    readonly TypeKroError: new (message: string, details: object) => Error;
  };
  const printed = inspect(new TypeKroError('it failed', { code: 'a/b', remedy: 'do this' }));
  expect(printed).toMatch(/^TypeKroError: it failed\n/);
  expect(printed).toContain("remedy: 'do this'");
  expect(printed).not.toContain('undefined');
});

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Component {
  readonly purl: string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

test('the SBOM lists each production dependency with its digest, and no development dependency', () => {
  const text = execFileSync(process.execPath, ['scripts/sbom.mjs'], { cwd: root, encoding: 'utf8' });
  const { bomFormat, components } = JSON.parse(text) as {
    readonly bomFormat: string;
    readonly components: readonly Component[];
  };
  const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const expected = Object.entries(dependencies).map(([name, version]) => `pkg:npm/${name}@${version}`);
  expect(bomFormat).toBe('CycloneDX');
  expect(components.map(({ purl }) => decodeURIComponent(purl)).sort()).toEqual(expected.sort());
  for (const { purl, hashes } of components) {
    expect(hashes, purl).toEqual([{ alg: 'SHA-512', content: expect.stringMatching(/^[0-9a-f]{128}$/) as unknown }]);
  }
}, 60_000);
