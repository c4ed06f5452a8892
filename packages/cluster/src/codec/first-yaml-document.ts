import type { Document, ErrorCode } from 'yaml';
import { yamlLibrary } from '@typekro/kit/core';
import { MAX_DEPTH } from './json.ts';

/** The error for input that is not YAML. Its message resembles the message of Go's parser. */
export class YamlSyntaxError extends Error {
  /** The message in Go, which begins with the parser's name. */
  get goText(): string {
    return `yaml: ${this.message}`;
  }
}

/**
 * The maximum number of tokens (words, punctuation, line ends) of a document. The parser takes about two microseconds
 * for a token, and serves no other request in this time. JSON has no such limit.
 */
const MAX_TOKENS = 250_000;

/** The maximum number of open values of the parser. Each nested list or mapping has at most two. */
const MAX_OPEN = 2 * MAX_DEPTH;

/** Problems for which Go's parser has a different message. */
const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/nested mappings|compact mapping|Implicit keys?/i, 'mapping values are not allowed in this context'],
  [/^Tabs are not allowed/, 'found character that cannot start any token'],
  [/^Maximum call stack size exceeded/, 'the document is nested too deeply; send it as JSON'],
  [/^Merge sources must be maps/, 'map merge requires map or sequence of maps as the value'],
];

/** The message of Go's parser for a message of the library; `undefined` for a message that has no counterpart. */
export const goProblem = (message: string): string | undefined =>
  PROBLEMS.find(([pattern]) => pattern.test(message))?.[1];

/** The first document of a YAML text. */
export interface FirstDocument {
  readonly document: Document;
  /** Returns the line of an offset in the text. */
  readonly lineOf: (offset: number) => number;
}

/**
 * Reads the first document of a YAML text. Later documents are ignored.
 *
 * @throws YamlSyntaxError for the first problem of the document. The library itself would collect all problems, which
 *   takes minutes for a hundred thousand of them.
 */
export function readFirstDocument(text: string): FirstDocument {
  const { Composer, LineCounter } = yamlLibrary();
  const lines = new LineCounter();
  const lineOf = (offset: number) => lines.linePos(offset).line;
  let first: YamlSyntaxError | undefined;
  const refuse = (offset: number, message: string): never => {
    // The library catches an error inside a list or a mapping, and reports it again as an error of the outer value.
    throw (first ??= new YamlSyntaxError(goProblem(message) ?? `line ${Math.max(lineOf(offset), 1)}: ${message}`));
  };
  const composer = new Composer({
    uniqueKeys: false,
    intAsBigInt: true,
    version: '1.1',
    merge: true,
    // By default, the library would print warnings about a client's text.
    logLevel: 'error',
  });
  const onError = (source: ErrorSource, _code: ErrorCode, message: string, isWarning?: boolean) => {
    if (isWarning !== true) refuse(offsetOf(source), message);
  };
  Object.assign(composer, { onError });
  let hasDocument = false;
  for (const token of tokensOf(text, lines.addNewLine)) {
    if (token.type === 'document' && hasDocument) break;
    if (token.type === 'error') refuse(token.offset, token.message);
    hasDocument ||= token.type === 'document';
    // The composer yields a document only when the next one begins.
    for (const early of composer.next(token)) return { document: early, lineOf };
  }
  const [document] = composer.end(true, text.length);
  if (document === undefined) throw new YamlSyntaxError('the document is missing');
  return { document, lineOf };
}

type ErrorSource = number | readonly number[] | { readonly offset: number };

const offsetOf = (source: ErrorSource): number =>
  typeof source === 'number' ? source : 'offset' in source ? source.offset : (source[0] ?? 0);

/** The tokens of a text. Throws YamlSyntaxError for a text that has too many tokens or is nested too deeply. */
function* tokensOf(text: string, addNewLine: (offset: number) => number) {
  const { Lexer, Parser } = yamlLibrary();
  const parser = new Parser(addNewLine);
  addNewLine(0);
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    if (count > MAX_TOKENS)
      throw new YamlSyntaxError(`the document has more than ${MAX_TOKENS} tokens; send it as JSON`);
    if (parser.stack.length > MAX_OPEN) throw new YamlSyntaxError(`exceeded max depth of ${MAX_DEPTH}`);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}
