import type { Diagnostic, SourcePosition } from '../../core/index.ts';
import { parsePath } from '../../graph/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { ScriptScanner } from './script-scanner.ts';
import { positionAt } from './source-text.ts';

const SCRIPT = /\.[cm]?[jt]s$/;

/** Codes of diagnostics about the name of a field, not about its value. */
const ABOUT_NAMES: ReadonlySet<string> = new Set(['graph/unknown-field', 'input/unknown-field']);

/**
 * Moves the place of a problem from a call in the user's code to the wrong argument of this call. The source of the
 * problem is the call that made the object, and the path names the field. Any other problem stays as it is.
 *
 * @param text the text of the file in which the problem is placed
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

/** The steps of a path, below the template of a resource. */
function argumentSteps(path: string): readonly PathStep[] {
  const parsed = parsePath(path.replace(/^spec\.resources\[\d+\]\.(?:template|externalRef)\.?/, ''));
  return parsed.ok ? parsed.steps : [];
}

/**
 * The place of a field in the arguments of a call. Factories take names and labels at a shorter path than the path in
 * the object. Therefore the arguments are searched for the ends of the path, the longest end first. If the arguments
 * contain no end completely, the end with the most contained steps counts.
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
    const member = literal === undefined ? undefined : [...scanner.members(literal)].find(({ name }) => name === step);
    if (member === undefined) return { at, depth };
    at = ofName ? member.key : member.value;
    value = member.value;
  }
  return { at, depth: steps.length };
}

/** The offset of a place; `undefined` for a place outside of the text. */
function offsetOf(text: string, { line, column }: SourcePosition): number | undefined {
  const lines = text.split('\n', line);
  if (lines.length < line || column > (lines[line - 1] ?? '').length) return undefined;
  return lines.slice(0, -1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}
