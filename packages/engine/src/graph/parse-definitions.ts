import type { Composer, CST, ErrorCode, ParsedNode } from 'yaml';
import { type Diagnostic, type Severity, LineIndex, yamlLibrary } from '@typekro/kit/core';
import type { DefinitionDocument } from './document.ts';
import { MAX_DEPTH } from './too-deep.ts';
import { type YamlFinding, convertDocument } from './yaml/yaml-convert.ts';
import { YamlDocument } from './yaml/yaml-document.ts';
import type { YamlProblem } from './yaml/yaml-mistakes.ts';
import { deeperLine, helmProblem, jsonComment, knownMistake, skipSpaces } from './yaml/yaml-mistakes.ts';

/** The maximum length of a document, in UTF-16 units. An API server accepts no request body over 3 MiB. */
const MAX_DOCUMENT_LENGTH = 3 * 1024 * 1024;

/** The documents of a file, and its problems. */
export interface ParsedDefinitions {
  /** The documents in order, without empty documents and documents with errors. */
  readonly documents: readonly DefinitionDocument[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a YAML or JSON file of any number of documents. Scalars are read like in kubectl: with YAML 1.1 booleans and
 * octals, and with exact integers. The function never throws: the result for any text has documents and diagnostics.
 */
export function parseDefinitions(text: string, file?: string): ParsedDefinitions {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lines = new LineIndex(source, file);
  const diagnostics: Diagnostic[] = [];
  const secret: Pick<Diagnostic, 'isSecret'> = SECRET.test(source) ? { isSecret: true } : {};
  const report = (code: string, message: string, offset: number, hint?: string, severity: Severity = 'error'): void => {
    // A hint can end with the text of a value.
    const own = secret.isSecret === true ? hint?.replace(/(?<=: |write )(["']).{4,}\1$/s, '(secret)') : hint;
    const more = own === undefined ? secret : { ...secret, hint: own };
    diagnostics.push({ code, severity, message, source: lines.position(offset), ...more });
  };
  const tooLong = longDocument(source);
  if (tooLong !== undefined) {
    report(
      'yaml/too-large',
      'this document is longer than 3 MiB; an API server does not accept a larger object',
      tooLong,
      'divide the file into documents with lines of "---"',
    );
    return { documents: [], diagnostics };
  }
  const comment = jsonComment(source);
  if (comment !== undefined) {
    report(comment.code, comment.message, comment.offset, comment.hint);
    return { documents: [], diagnostics };
  }
  const documents: DefinitionDocument[] = [];
  let index = 0;
  let template: YamlProblem | null | undefined;
  /** Reports a template once: it has problems in many documents, and one cause. */
  const isTemplate = (): boolean => {
    if (template === undefined) {
      template = helmProblem(source) ?? null;
      if (template !== null) report(template.code, template.message, template.offset, template.hint);
    }
    return template !== null;
  };
  for (const { root, problem } of readDocuments(source)) {
    const at = index;
    index += 1;
    if (problem !== undefined) {
      if (!isTemplate()) report(problem.code, problem.message, problem.offset, problem.hint);
      continue;
    }
    if (root === null) continue;
    const converted = convertDocument(root);
    if (converted.findings.some(({ code }) => code === 'yaml/unsupported-value') && isTemplate()) continue;
    for (const finding of withoutSecondObject(converted.findings, lines)) {
      report(finding.code, finding.message, finding.offset, finding.hint, finding.severity);
    }
    const broken = converted.findings.some((finding) => finding.severity === undefined);
    if (broken || converted.value === null) continue;
    const place = { source, lines, index: at, ...(file === undefined ? {} : { file }) };
    documents.push(new YamlDocument(root, converted, place));
  }
  return { documents, diagnostics };
}

/** Matches the kind of a Secret. The values of a text with errors are not known, and so not their places. */
const SECRET = /["']?kind["']?\s*:\s*["']?Secret\b/;

/**
 * The offset of the first document that is too long; undefined when there is none. A `---` at the beginning of a line,
 * before white space or the end of the text, always ends a document.
 */
function longDocument(source: string): number | undefined {
  if (source.length <= MAX_DOCUMENT_LENGTH) return undefined;
  let start = 0;
  for (const match of source.matchAll(/^---(?=\s|$)/gm)) {
    if (match.index - start > MAX_DOCUMENT_LENGTH) return start;
    start = match.index;
  }
  return source.length - start > MAX_DOCUMENT_LENGTH ? start : undefined;
}

interface Read {
  readonly root: ParsedNode | null;
  readonly problem?: YamlProblem;
}

/**
 * If a line `---` is missing before a second object, each of its keys that repeats a key of the first object is a
 * finding. This function replaces these findings by a single one.
 */
function withoutSecondObject(findings: readonly YamlFinding[], lines: LineIndex): readonly YamlFinding[] {
  const isRoot = ({ code, offset }: YamlFinding) =>
    code === 'yaml/duplicate-key' && lines.position(offset).column === 1;
  const repeated = findings.filter(isRoot);
  const [first] = repeated;
  if (first === undefined || !repeated.some(({ message }) => message.includes('"kind"')) || repeated.length < 2)
    return findings;
  // Without the line, the first object is lost.
  const { severity: _warning, ...place } = first;
  const second: YamlFinding = {
    ...place,
    message: 'a second object begins here, and there is no line "---" before it',
    hint: 'put a line "---" between the two objects',
  };
  return findings.flatMap((each) => (each === first ? [second] : isRoot(each) ? [] : [each]));
}

/** Receives the problems and warnings that the library finds. */
type ErrorHandler = (place: unknown, code: ErrorCode, message: string, isWarning?: boolean) => void;

/**
 * Reads the node trees of a stream. Reports only the first problem of a document, because the other problems are
 * usually consequences of the first one. The library must not collect them: each takes tens of microseconds.
 */
function* readDocuments(source: string): Generator<Read> {
  const composer = new (yamlLibrary().Composer)({ uniqueKeys: false, logLevel: 'silent' });
  let hasProblem = false;
  const collect = composer['onError'] as ErrorHandler;
  const onError: ErrorHandler = (place, code, message, isWarning) => {
    if (!hasProblem && isWarning !== true) collect(place, code, message);
    hasProblem ||= isWarning !== true;
  };
  Object.assign(composer, { onError });
  for (const token of readTokens(source)) {
    const isError = typeof token === 'object' && token.type === 'error';
    if (isError && hasProblem) continue;
    hasProblem = isError || (hasProblem && !(typeof token === 'object' && token.type === 'document'));
    const deep = typeof token === 'number' ? token : tooDeep(token);
    if (deep !== undefined) {
      const message = `values are nested more than ${MAX_DEPTH} levels deep`;
      yield { root: null, problem: { code: 'yaml/too-deep', message, offset: deep } };
      return;
    }
    if (typeof token !== 'number') yield* composed(composer.next(token), source);
  }
  yield* composed(composer.end(), source);
}

/**
 * Reads the tokens of a stream. If the nesting is far beyond the limit, yields the offset of a token that is too deep
 * and does not read the rest. Nesting that is slightly beyond the limit is left to `tooDeep`.
 */
function* readTokens(source: string): Generator<CST.Token | number> {
  const { Lexer, Parser } = yamlLibrary();
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(source)) {
    yield* parser.next(lexeme);
    // The stack may have two tokens per level: one for the level itself, and one for its current part.
    if (parser.stack.length > 4 * MAX_DEPTH) {
      yield parser.stack[2 * MAX_DEPTH]?.offset ?? parser.offset;
      return;
    }
  }
  yield* parser.end();
}

function* composed(documents: ReturnType<Composer['next']>, source: string): Generator<Read> {
  for (const document of documents) {
    const [error] = document.errors;
    if (error === undefined) {
      yield { root: document.contents };
      continue;
    }
    // Only the lines of the document are searched: a file may have thousands of documents with mistakes.
    const from = source.lastIndexOf('\n---', error.pos[0] - 2) + 1;
    const next = source.indexOf('\n---', error.pos[0]);
    const [own, at] = [source.slice(from, next < 0 ? undefined : next + 1), error.pos[0] - from];
    const known =
      knownMistake(error.code, own, at) ?? (error.code === 'BLOCK_AS_IMPLICIT_KEY' ? deeperLine(own, at) : undefined);
    if (known !== undefined) {
      yield { root: null, problem: { ...known, offset: from + known.offset } };
      continue;
    }
    const [message, hint] = MESSAGES[error.code] ?? [error.message.replace(/\s+/g, ' ').trim()];
    const offset = error.code === 'BAD_INDENT' ? skipSpaces(source, error.pos[0]) : error.pos[0];
    const problem = { code: 'yaml/syntax', message, offset, ...(hint === undefined ? {} : { hint }) };
    yield { root: null, problem };
  }
}

/** Maps the most common error codes of the parser to clearer messages and remedies. */
const MESSAGES: Readonly<Partial<Record<string, readonly [message: string, hint?: string]>>> = {
  BAD_INDENT: [
    'this line is not indented like the other members of its object',
    'begin it at the same column as the members before it',
  ],
  TAB_AS_INDENT: ['a tab cannot indent', 'indent with spaces'],
  UNEXPECTED_TOKEN: [
    'the text continues after the end of a value',
    'quote the value if it contains any of { } [ ] , & * # ? | > @ ` or ": "',
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    'a second key begins in the middle of this line',
    'quote the value if it contains ": ", or put the nested object on separate lines',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key is on more than one line', 'check the indentation and the quotes on the lines above'],
  MISSING_CHAR: ['a closing quote, bracket or colon is missing', 'close what was opened on the lines above'],
  BAD_SCALAR_START: ['a value without quotes cannot begin with this character', 'quote the value'],
  BAD_DQ_ESCAPE: ['this escape does not exist', 'write the backslash twice, or use single quotes'],
  BAD_ALIAS: ['this is not a valid alias', 'quote the value if it is not an alias'],
  RESOURCE_EXHAUSTION: ['values are nested too deep'],
};

/** The offset of a token that is too deep; undefined when there is none. Uses a stack instead of recursion. */
function tooDeep(token: CST.Token): number | undefined {
  const stack: { token: CST.Token; depth: number }[] = [{ token, depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const depth = top.depth + 1;
    if (depth > MAX_DEPTH + 1) return top.token.offset;
    if (top.token.type === 'document') {
      if (top.token.value !== undefined) stack.push({ token: top.token.value, depth: 0 });
    } else if ('items' in top.token) {
      for (const item of top.token.items) {
        if (item.value !== undefined) stack.push({ token: item.value, depth });
        if (item.key !== undefined && item.key !== null) stack.push({ token: item.key, depth });
      }
    }
  }
  return undefined;
}
