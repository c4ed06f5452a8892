import { expect, it } from 'vitest';

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
