import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { goSuites, requestedSuites } from '../support/go-suites.ts';

test.each([
  ['', []],
  ['pkg/client', ['pkg/client']],
  ['pkg/client,pkg/cache', ['pkg/client', 'pkg/cache']],
  ['all', Object.keys(goSuites.suites)],
])('TYPEKRO_SUITES=%s selects %j', (text, names) => {
  expect(requestedSuites(text)).toEqual(names);
});

test('a name that is not a suite is refused', () => {
  expect(() => requestedSuites('pkg/client,pkg/none')).toThrow('TYPEKRO_SUITES has pkg/none');
});

test('the page about envtest lists the suites with their results', () => {
  const page = readFileSync(new URL('../../docs/envtest.md', import.meta.url), 'utf8');
  const rows = Object.entries(goSuites.suites).map(([name, specs]) => {
    const failures = Object.keys(goSuites.knownFailures[name] ?? {}).length;
    return `| \`${name}\` | ${specs} | ${specs - failures} |`;
  });
  expect(page.match(/^\| `pkg\/.*\|$/gm)).toEqual(rows);
  expect(page).toContain(`The suites of controller-runtime ${goSuites.version.slice(1)} with the programs`);
});
