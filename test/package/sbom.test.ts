import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

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
