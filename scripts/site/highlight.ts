import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import json from 'highlight.js/lib/languages/json';
import lisp from 'highlight.js/lib/languages/lisp';
import lua from 'highlight.js/lib/languages/lua';
import python from 'highlight.js/lib/languages/python';
import rust from 'highlight.js/lib/languages/rust';
import typescript from 'highlight.js/lib/languages/typescript';
import yaml from 'highlight.js/lib/languages/yaml';
import { escapeHtml } from './escape-html.ts';

const LANGUAGES = { bash, go, ini, java, json, lisp, lua, python, rust, typescript, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** The languages of code blocks, each with its grammar; undefined for plain text. */
const GRAMMARS: Readonly<Record<string, keyof typeof LANGUAGES | undefined>> = {
  '': undefined,
  text: undefined,
  bash: 'bash',
  sh: 'bash',
  elisp: 'lisp',
  go: 'go',
  java: 'java',
  js: 'typescript',
  json: 'json',
  lua: 'lua',
  python: 'python',
  rust: 'rust',
  toml: 'ini',
  ts: 'typescript',
  typescript: 'typescript',
  yaml: 'yaml',
};

/** A line that the reader types into a terminal. */
const PROMPT = /^\$ /;

/**
 * The HTML of a code block.
 *
 * @throws Error when the language is not `console` and has no entry in `GRAMMARS`.
 */
export function highlight(code: string, language: string): string {
  if (language === 'console') {
    return code
      .split('\n')
      .map((line) => (PROMPT.test(line) ? `<span class="hljs-typed">${escapeHtml(line)}</span>` : escapeHtml(line)))
      .join('\n');
  }
  if (!Object.hasOwn(GRAMMARS, language)) throw new Error(`a code block has the unknown language ${language}`);
  const grammar = GRAMMARS[language];
  return grammar === undefined ? escapeHtml(code) : hljs.highlight(code, { language: grammar }).value;
}
