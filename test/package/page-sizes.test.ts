import { readFileSync } from 'node:fs';
import { brotliDecompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { maxPartKb, pageSizes } from '../../bench/support/page-sizes.ts';

const gzipped = (...texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);

test('the size of the page includes its static imports, and the size of a late script includes only files that the page has not loaded', () => {
  const app = 'import{a}from"./chunk-AAAAAAAA.js";import("./late-view-BBBBBBBB.js")';
  const late = 'import{a}from"./chunk-AAAAAAAA.js";import"./chunk-CCCCCCCC.js"';
  const other = 'import"./chunk-CCCCCCCC.js";'.repeat(9);
  const files = {
    '/': '<p>',
    '/app.js': app,
    '/style.css': 'a{}',
    '/layout-worker.js': 'b',
    '/chunk-AAAAAAAA.js': 'shared'.repeat(99),
    '/late-view-BBBBBBBB.js': late,
    '/other-worker.js': other,
    '/chunk-CCCCCCCC.js': 'late'.repeat(50),
    '/playground-worker.js': 'engine',
    '/licenses.txt': 'not counted',
  };
  expect(pageSizes(files)).toEqual([
    { name: 'page', bytes: gzipped('<p>', app, 'a{}', 'b', 'shared'.repeat(99)) },
    { name: 'views', bytes: gzipped('<p>', app, 'a{}', 'b', 'shared'.repeat(99), late, 'late'.repeat(50), other) },
    { name: 'late-view', bytes: gzipped(late, 'late'.repeat(50)) },
    { name: 'other-worker', bytes: gzipped(other, 'late'.repeat(50)) },
    { name: 'playground-worker', bytes: gzipped('engine') },
  ]);
});

test('each part of the built page is within its size limit', () => {
  const bytesOf = (name: string) => readFileSync(new URL(`../../dist/dashboard/${name}`, import.meta.url));
  const filesOf = (text: Buffer) => JSON.parse(text.toString()) as Readonly<Record<string, string>>;
  const late = filesOf(brotliDecompressSync(bytesOf('playground.json.br')));
  const parts = pageSizes({ ...filesOf(bytesOf('page.json')), ...late });
  expect(parts.length).toBeGreaterThan(3);
  expect(parts.filter(({ name, bytes }) => bytes / 1000 > maxPartKb(name))).toEqual([]);
});

test('a part without a size limit is refused', () => {
  expect(() => maxPartKb('new-view')).toThrow('new-view has no goal');
});
