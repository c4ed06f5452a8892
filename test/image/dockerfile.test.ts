import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { expand, parseDockerfile, wordsOf } from './dockerfile.ts';

test('a Dockerfile is parsed into stages, without comments and with continued lines joined', () => {
  const text = [
    '# a comment',
    'ARG BASE=node:24',
    'FROM ${BASE} AS build',
    'RUN one \\',
    '  # a comment between',
    '  && two',
    '',
    'FROM scratch',
    'copy --from=build /a /b',
  ].join('\n');
  expect(parseDockerfile(text)).toEqual([
    { base: 'node:24', name: 'build', instructions: [{ line: 4, keyword: 'RUN', text: 'one && two' }] },
    { base: 'scratch', name: '1', instructions: [{ line: 9, keyword: 'COPY', text: '--from=build /a /b' }] },
  ]);
});

test('the last stage is a distroless base with one COPY, without RUN and ADD', () => {
  const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const last = parseDockerfile(text).at(-1);
  expect(last?.base).toMatch(/^gcr\.io\/distroless\/nodejs\d+-debian\d+:nonroot$/);
  const copied = (last?.instructions ?? []).filter(({ keyword }) => keyword === 'COPY');
  expect(copied.map(({ text: words }) => wordsOf(words).at(-1))).toEqual(['/app']);
  const keywords = new Set(last?.instructions.map(({ keyword }) => keyword));
  expect([...keywords].filter((keyword) => keyword === 'RUN' || keyword === 'ADD')).toEqual([]);
});

test.each([
  ['FROM ${NOPE}', 'uses ${NOPE} before'],
  ['RUN early', 'Dockerfile:1: RUN early is not carried out'],
  ['FROM a\nRUN <<EOF', 'Dockerfile:2'],
])('%j is refused: %s', (text, message) => {
  expect(() => parseDockerfile(text)).toThrow(message);
});

test('the words of an instruction are a list or separated by spaces, and build arguments are substituted', () => {
  expect(wordsOf('["a b", "c"]')).toEqual(['a b', 'c']);
  expect(wordsOf('a  b')).toEqual(['a', 'b']);
  expect(expand('v${A}', new Map([['A', '1']]))).toBe('v1');
});
