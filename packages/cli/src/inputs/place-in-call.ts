import { resolve } from 'node:path';
import type { Diagnostic, SourcePosition } from '@typekro/kit/core';
import { type PathStep, Path } from '@typekro/engine/graph';
import { isFileProblem } from './file-problem.ts';
import { ScriptScanner } from './script-scanner.ts';
import { positionAt, textOf } from './source-text.ts';

const SCRIPT = /\.[cm]?[jt]s$/;

/** The codes of diagnostics about the name of a field instead of its value. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(['graph/unknown-field', 'input/unknown-field']);

/**
 * Applies `placedInCall` to problems of files. The place of a problem can be in a module that a named file imports. Its
 * text is then read, and added to `texts`.
 */
export function placedInCalls(
  diagnostics: readonly Diagnostic[],
  texts: Map<string, string>,
  cwd: string,
): Diagnostic[] {
  return diagnostics.map((each) => {
    const file = each.source?.file;
    if (file === undefined || isFileProblem(each)) return each;
    const text = texts.get(file) ?? textOf(resolve(cwd, file));
    texts.set(file, text);
    return placedInCall(each, text);
  });
}

/**
 * Moves the position of a problem from a call in the user's code to the wrong argument of this call. The problem's
 * source is the call that created the object, and its path names the field. Returns any other problem unchanged.
 *
 * @param text the text of the file that the problem's source names
 */
export function placedInCall(diagnostic: Diagnostic, text: string): Diagnostic {
  const { source, path } = diagnostic;
  if (source?.file === undefined || path === undefined || !SCRIPT.test(source.file)) return diagnostic;
  const scanner = new ScriptScanner(text);
  const offset = offsetOf(text, source);
  if (offset === undefined || !scanner.isCallOrLiteral(offset)) return diagnostic;
  const found = placeOfArgument(scanner, offset, argumentSteps(path), ABOUT_NAMES.has(diagnostic.code));
  return found === undefined
    ? diagnostic
    : { ...diagnostic, source: { ...source, ...positionAt(source.file, text, found) } };
}

/** Returns the steps of a path below the template of a resource. */
function argumentSteps(path: string): readonly PathStep[] {
  const parsed = Path.parse(path.replace(/^spec\.resources\[\d+\]\.(?:template|externalRef)\.?/, ''));
  return parsed.ok ? parsed.steps : [];
}

/**
 * Finds the position of a field in the arguments of a call. Factories take names and labels at a shorter path than
 * their path in the object, so the function searches for suffixes of the path, the longest first. If the arguments
 * contain no whole suffix, it uses the suffix of which the most steps were found.
 */
function placeOfArgument(
  scanner: ScriptScanner,
  offset: number,
  steps: readonly PathStep[],
  ofName: boolean,
): number | undefined {
  let best: { readonly at: number; readonly depth: number } | undefined;
  for (let first = 0; first < steps.length; first++) {
    if (typeof steps[first] === 'number') continue;
    const found = follow(scanner, offset, steps.slice(first), ofName);
    if (found.depth === steps.length - first) return found.at;
    if (found.depth > (best?.depth ?? 0)) best = found;
  }
  return best?.at;
}

/** Follows the path from a literal. A number is also the position of a member: `versions` is a list in definitions. */
function follow(
  scanner: ScriptScanner,
  offset: number,
  steps: readonly PathStep[],
  ofName: boolean,
): { readonly at: number; readonly depth: number } {
  let at = offset;
  let value = offset;
  for (const [depth, step] of steps.entries()) {
    const literal = scanner.literalOf(value);
    const member =
      literal === undefined
        ? undefined
        : [...scanner.members(literal)].find(({ name }, index) => name === step || index === step);
    if (member === undefined) return { at, depth };
    at = ofName ? member.key : member.value;
    value = member.value;
  }
  return { at, depth: steps.length };
}

/** Returns the offset of a position, or `undefined` for a position outside of the text. */
function offsetOf(text: string, { line, column }: SourcePosition): number | undefined {
  const lines = text.split('\n', line);
  if (lines.length < line || column > (lines[line - 1] ?? '').length) return undefined;
  return lines.slice(0, -1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}
