import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Diagnostic } from '@typekro/kit/core';
import { placeOfText, positionAt, textOf } from '../inputs/source-text.ts';

/**
 * Returns the problem when a module cannot be loaded for a cause outside the module: an invalid `package.json` or
 * `tsconfig.json` in a parent folder, or Node's permission model. Returns `undefined` for any other cause.
 */
export function configProblem(error: unknown, path: string): Diagnostic | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, file = ''] = /(?:Error parsing|Invalid package config) ([^\n]*?\.json)\b/.exec(error.message) ?? [];
  if (file !== '') return jsonProblem(file) ?? unreadable(file);
  return permissionProblem(error, path);
}

const unreadable = (file: string): Diagnostic => ({
  code: 'input/module-failed',
  severity: 'error',
  message: `${file} cannot be used`,
  hint: 'correct its JSON, or remove the file',
  source: { file, line: 1, column: 1 },
});

/** Returns the problem of a settings file that is not valid JSON, or undefined when it is valid. */
function jsonProblem(file: string): Diagnostic | undefined {
  const text = textOf(file);
  try {
    JSON.parse(text);
    return undefined;
  } catch (thrown) {
    const errorText = thrown instanceof Error ? thrown.message : '';
    const report = (message: string, hint: string, offset: number): Diagnostic => ({
      code: 'input/module-failed',
      severity: 'error',
      message: `this is not JSON: ${message}`,
      hint,
      source: positionAt(file, text, offset),
    });
    // Not every version of Node reports the position, so this code searches for it. It first blanks out quoted strings,
    // which can contain any text.
    const plain = text.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, (quoted) => '"'.padEnd(quoted.length, '"'));
    for (const [pattern, message, hint] of MISTAKES) {
      const found = pattern.exec(plain);
      if (found !== null) return report(message, hint, found.index);
    }
    const at = /at position (\d+)/.exec(errorText)?.[1];
    if (at === undefined && !/end of JSON input|Unterminated/.test(errorText))
      return report(errorText, 'correct it', 0);
    const end = text.slice(0, Number(at ?? text.length)).trimEnd().length;
    return Number(at ?? text.length) >= text.trimEnd().length
      ? report('it ends too early', 'close what was opened on the lines above', end)
      : report('this is not expected here', 'correct it, or the text before it', Number(at));
  }
}

/** The most common mistakes in settings files. Each pattern begins at the mistake. */
const MISTAKES: readonly (readonly [pattern: RegExp, message: string, hint: string])[] = [
  [/,(?=\s*\})/, 'there is a comma before the closing }', 'remove it'],
  [/,(?=\s*\])/, 'there is a comma before the closing ]', 'remove it'],
  [/\/[/*]/, 'a comment', 'remove it: this file may not have comments'],
  [/'/, 'a single quote', 'write double quotes'],
  [/(?<=["\d}\]el])(?=\s*\n\s*")/, 'a comma is missing', 'add a comma here'],
];

/**
 * Returns the problem when Node's permission model refuses an access by the loader. Returns undefined when the stack
 * contains the module, because the module itself then made the access.
 */
function permissionProblem(error: Error, path: string): Diagnostic | undefined {
  if (Reflect.get(error, 'code') !== 'ERR_ACCESS_DENIED' || (error.stack ?? '').includes(path)) return undefined;
  const permission: unknown = Reflect.get(error, 'permission');
  const what = typeof permission === 'string' ? ` (${permission})` : '';
  return {
    code: 'input/module-failed',
    severity: 'error',
    message: `the permission model that Node was started with does not let typekro load modules${what}`,
    hint: 'add --import typekro/register, --allow-fs-read for the project, and in Node 20 --allow-worker; docs/hosts.md lists the flags',
    source: { file: path, line: 1, column: 1 },
  };
}

/**
 * Looks in the tsconfig of the importing file for the reason why an import is not resolved. Returns the problem of a
 * wrong `extends`, a hint about an alias that may be missing in `paths`, or undefined when the tsconfig is not the
 * reason.
 */
export function aliasProblem(wanted: string, importer: string): Diagnostic | string | undefined {
  const file = configAbove(dirname(importer));
  if (file === undefined) return undefined;
  const text = textOf(file);
  const base = /"extends"\s*:\s*"(\.[^"]*)"/.exec(text)?.[1];
  if (base !== undefined && !leadsToFile(resolve(dirname(file), base))) {
    const source = placeOfText(file, base) ?? { file, line: 1, column: 1 };
    return {
      code: 'input/module-failed',
      severity: 'error',
      message: `there is no file ${base}, so nothing of this tsconfig is used, and "${wanted}" is not found`,
      hint: 'correct "extends", or remove it',
      source,
    };
  }
  return /"paths"\s*:/.test(text) ? `add it to "paths" of ${file} if it is an alias` : undefined;
}

const leadsToFile = (path: string): boolean =>
  [path, `${path}.json`, join(path, 'tsconfig.json')].some((each) => existsSync(each));

/** Returns the tsconfig.json of the folder or of its nearest ancestor. */
function configAbove(folder: string): string | undefined {
  const file = join(folder, 'tsconfig.json');
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : configAbove(dirname(folder));
}
