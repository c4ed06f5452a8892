import { parse } from 'acorn';
import type { SourcePosition } from '../../core/index.ts';
import { syntaxErrorOf } from '../../javascript/index.ts';
import { positionAt, textOf } from './source-text.ts';

/** A syntax error in a JavaScript file, with its place, which Node does not report. */
export interface JavaScriptProblem {
  readonly message: string;
  readonly source: SourcePosition;
  /** Is there a TypeScript type at this place? */
  readonly isTyped: boolean;
}

/** The first syntax error in a JavaScript file; `undefined` for other files, and for a file without an error. */
export function javaScriptProblem(path: string): JavaScriptProblem | undefined {
  if (!/\.[cm]?js$/.test(path)) return undefined;
  const text = textOf(path);
  try {
    parse(text, {
      ecmaVersion: 'latest',
      sourceType: path.endsWith('.cjs') ? 'script' : 'module',
      allowHashBang: true,
      allowReturnOutsideFunction: path.endsWith('.cjs'),
    });
    return undefined;
  } catch (error) {
    const { message, offset } = syntaxErrorOf(error);
    return { message, source: positionAt(path, text, offset), isTyped: isTypeAt(text, offset) };
  }
}

const AFTER_NAME = /[\w$)\]}?]\s*$/;
const DECLARATION = /^(?:export\s+)?(?:declare\s+)?(?:interface|type|enum|namespace|abstract)\s+[A-Za-z_$]/;

/** Is there an annotation, `as`, or the declaration of a type at the offset? */
function isTypeAt(text: string, offset: number): boolean {
  const rest = text.slice(offset);
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).trimStart();
  if (/^:\s*[A-Za-z_$({['"]/.test(rest)) return AFTER_NAME.test(text.slice(0, offset));
  return (
    /^(?:as|satisfies)\s/.test(rest) ||
    /^!\s*[.[;,)]/.test(rest) ||
    DECLARATION.test(line) ||
    /^import type\b/.test(line)
  );
}
