import { existsSync } from 'node:fs';
import type { Diagnostic, SourcePosition } from '@typekro/kit/core';
import { packageFolders, placeOfMade, userFrames, nearestName, firstDefined } from '@typekro/kit/core';
import { moduleOf } from './import-problem.ts';
import { placeOfText, positionAt, textOf } from './source-text.ts';

/** The maximum length of an error's message in the output. The error of a bundler can contain a whole file. */
const MAX_MESSAGE_LENGTH = 400;

/**
 * Returns the problem of an error that code threw while a module was loaded: the author's own error, or a JavaScript
 * error.
 */
export async function thrownProblem(error: unknown, path: string): Promise<Diagnostic> {
  const text = firstLine(textOfThrown(error));
  const source = placeOfThrown(error, path);
  const remedy = ownRemedy(error);
  return {
    code: 'input/module-failed',
    severity: 'error',
    message: remedy === undefined ? `the module throws while it is loaded: ${text}` : text,
    hint: remedy ?? (await hintOf(error, text, source.file ?? path)),
    source,
  };
}

/**
 * Returns the position in the user's code where an error was thrown: from a frame of its stack, or else by searching
 * for its message in the file.
 */
export function placeOfThrown(error: unknown, path: string): SourcePosition {
  const frame = error instanceof Error ? userFrame(error, path) : undefined;
  return frame ?? placeOfMade(error) ?? placeOfThrow(textOfThrown(error), path) ?? { file: path, line: 1, column: 1 };
}

/**
 * Finds the position of a thrown value without a stack frame in the user's code: the `throw` with the value, the only
 * `throw`, or a string in the code that the value repeats in quotes.
 */
function placeOfThrow(thrown: string, path: string): SourcePosition | undefined {
  const text = textOf(path);
  const throws = [...text.matchAll(/^[^\n/]*?\bthrow\s/gm)].map(
    ({ index, 0: match }) => index + match.indexOf('throw'),
  );
  const named = throws.find((at) => thrown !== '' && text.slice(at, at + thrown.length + 40).includes(thrown));
  const at = named ?? (throws.length === 1 ? throws[0] : undefined);
  if (at !== undefined) return positionAt(path, text, at);
  return firstDefined(thrown.matchAll(/'([^']+)'|"([^"]+)"/g), ([, quoted = '']) =>
    quoted.length > 2 ? placeOfText(path, quoted) : undefined,
  );
}

function textOfThrown(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  if (typeof error !== 'object' || error === null) return String(error);
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    // A value that is not JSON is described by its type.
    return Object.prototype.toString.call(error);
  }
}

/** The most common JavaScript errors, with remedies. The first pattern that matches is used. */
const HINTS: readonly (readonly [pattern: RegExp, hint: (match: RegExpExecArray) => string])[] = [
  [/^'([^']+)' is unresolvable/, ([, name = '']) => typeHint(name)],
  [
    /^Cannot access '(.+)' before initialization/,
    ([, name = '']) =>
      `declare ${name} before this line; where two modules import each other, move their shared part into a third module`,
  ],
  [/is not a function/, () => 'check the spelling of the name, and that the value before it has such a function'],
  [/is not a constructor/, () => 'call it without new, or check what is imported'],
  [/is not iterable/, () => 'pass a list there, or a default: value ?? []'],
  [/^Assignment to constant variable/, () => 'declare it with let'],
  [
    /^Cannot (?:read|set) properties of (?:undefined|null)/,
    () => 'test first whether the value in front of the name exists, or write ?. in front of the name',
  ],
  [/^Maximum call stack/, () => 'let the recursion end: test for its last case before it calls itself'],
  [/^ENOENT/, () => 'check the path: a relative path begins in the folder in which typekro runs'],
  [/^(?:EACCES|EPERM)/, () => 'give yourself the right to read it, or name another file'],
  [/(?:in|of) JSON\b|JSON input/, () => 'correct the JSON text that is parsed here'],
  [/^require is not defined/, () => "write import … from '…', or name the file .cts"],
  [
    /^fetch failed|^getaddrinfo|^connect /,
    () => 'check the address, and that its server responds; or read the data from a file',
  ],
];

/** The most common types in arktype schemas. */
const TYPE_NAMES = [
  'string',
  'number',
  'number.integer',
  'integer',
  'boolean',
  'string[]',
  'number[]',
  'bigint',
  'null',
  'undefined',
  'object',
  'unknown',
];

function typeHint(name: string): string {
  const near = nearestName(name, TYPE_NAMES);
  return near === undefined
    ? `there is no type ${name}: write string, number, boolean or your own type()`
    : `did you mean '${near}'?`;
}

/** Returns the remedy for an error that does not contain a remedy. */
async function hintOf(error: unknown, text: string, file: string): Promise<string> {
  const missing = /^(\S+) is not defined$/.exec(text)?.[1];
  if (error instanceof ReferenceError && missing !== undefined) return missingNameHint(missing, file);
  for (const [pattern, hint] of HINTS) {
    const match = pattern.exec(text);
    if (match !== null) return hint(match);
  }
  return 'provide what the code requires, or change the code that throws this error';
}

/** Returns the remedy for an undeclared name: import it, correct it, or declare it. */
export async function missingNameHint(name: string, file: string): Promise<string> {
  const module = await moduleOf(name, file);
  if (module !== undefined) return `import it: import { ${name} } from '${module}'`;
  const text = textOf(file);
  const declared = [...text.matchAll(/\b(?:const|let|var|function|class|import)\s+(\w+)/g)].map(
    ([, word = '']) => word,
  );
  const imported = [...text.matchAll(/import\s*\{([^}]*)\}/g)].flatMap(([, names = '']) => names.match(/\w+/g) ?? []);
  const near = nearestName(name, [...declared, ...imported, ...Object.getOwnPropertyNames(globalThis)]);
  return near === undefined ? 'declare it, or import it from the module that exports it' : `did you mean "${near}"?`;
}

/** Returns the remedy of an error from this package, or from another copy of this package. */
function ownRemedy(error: unknown): string | undefined {
  const remedy: unknown = error instanceof Error ? Reflect.get(error, 'remedy') : undefined;
  return typeof remedy === 'string' ? remedy : undefined;
}

export function firstLine(text: string): string {
  const [line = ''] = text.split('\n', 1);
  return line.length > MAX_MESSAGE_LENGTH ? `${line.slice(0, MAX_MESSAGE_LENGTH)}…` : line;
}

/** Does an error come from this package, without a frame of the user's code? */
export function isInternal(error: unknown, path: string): boolean {
  if (!(error instanceof Error) || userFrame(error, path) !== undefined) return false;
  return packageFolders().some((folder) => (error.stack ?? '').includes(folder));
}

/** Returns the innermost stack frame in the user's code. Ignores frames of Node and of packages. */
function userFrame(error: Error, path: string): SourcePosition | undefined {
  for (const place of userFrames(error.stack ?? '', path)) if (existsSync(place.file)) return place;
  return undefined;
}
