import { expect, test } from 'vitest';
import type { Diagnostic } from '@typekro/kit/core';
import { toGitHubLines, toSarif } from './lint-formats.ts';
import { parseLevels, withLevels } from './lint-rules.ts';

const found: Diagnostic[] = [
  {
    code: 'graph/dangling-status',
    severity: 'warning',
    message: '100%: a\nb',
    hint: 'do it',
    path: 'spec.x',
    source: { file: 'a b,c:d/e.yaml', line: 3, column: 7 },
  },
  { code: 'trace/bad', severity: 'error', message: 'no place' },
];

test('findings are printed as GitHub Actions commands, and delimiters in them are escaped', () => {
  expect(toGitHubLines(found)).toEqual([
    '::warning file=a b%2Cc%3Ad/e.yaml,line=3,col=7,title=graph/dangling-status::100%25: a%0Ab%0Ahint: do it',
    '::error title=trace/bad::no place',
  ]);
});

test('findings are printed as SARIF, with and without a place', () => {
  const codes = [{ code: 'trace/bad', severity: 'error', summary: 'Bad.', example: '', remedy: 'Good.' }] as const;
  expect(toSarif(found, codes, '1.2.3')).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'typekro',
            version: '1.2.3',
            rules: [
              { id: 'graph/dangling-status' },
              { id: 'trace/bad', shortDescription: { text: 'Bad.' }, help: { text: 'Good.' } },
            ],
          },
        },
        results: [
          {
            ruleId: 'graph/dangling-status',
            ruleIndex: 0,
            level: 'warning',
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'a%20b%2Cc%3Ad/e.yaml' },
                  region: { startLine: 3, startColumn: 7 },
                },
                logicalLocations: [{ fullyQualifiedName: 'spec.x' }],
              },
            ],
          },
          { ruleId: 'trace/bad', ruleIndex: 1, level: 'error', message: { text: 'no place' } },
        ],
      },
    ],
  });
});

test.each([
  ['', ['warning', 'error']],
  ['input/port-mismatch=off', ['warning', 'error']],
  ['input/missing-key=off', ['error']],
  ['input/*=error', ['error', 'error']],
  ['input/*=off,input/missing-key=warn', ['warning', 'error']],
  ['input/missing-key=warn,input/*=off', ['error']],
])('the levels %j result in the severities %j', (text, severities) => {
  const diagnostics: Diagnostic[] = [
    { code: 'input/missing-key', severity: 'warning', message: '' },
    { code: 'input/unknown-kind', severity: 'error', message: '' },
  ];
  expect(withLevels(diagnostics, parseLevels(text)).map(({ severity }) => severity)).toEqual(severities);
});
