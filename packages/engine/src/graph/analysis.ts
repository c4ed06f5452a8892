import type { Ast, CelError, Expr, ParseResult } from '@typekro/cel';
import { needsNoEscape } from '@typekro/kit/golang';
import type { ExpressionSite } from './resource-draft.ts';
import { offsetOfPlace } from './kinds/schema-paths.ts';
import { celCode, celHint, celWords } from './warnings/hints.ts';
import type { Language, ReferenceRules, ExpressionNames } from './expressions/language.ts';
import type { ReadPart } from './model.ts';
import { readPaths } from './expressions/read-paths.ts';
import type { ProblemLocation } from './problems.ts';
import type { TextPart } from './expressions/scan.ts';
import { explainSyntaxError } from './syntax/explain-syntax-error.ts';

/** An expression with the names that it uses and its site in the definition. */
export interface Analysed<S extends ExpressionSite = ExpressionSite> extends ExpressionNames {
  readonly site: S;
}

/** The reason why an expression cannot be analysed. `kro` is kro's message without the prefix of its phase. */
export interface AnalysisError {
  readonly code: string;
  readonly kro: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly place: ProblemLocation;
  /** Is this a syntax error? kro's message about a syntax error already contains the position. */
  readonly syntax: boolean;
}

/** The result of `analyse`. */
export type Analysis<S extends ExpressionSite> =
  | { readonly ok: true; readonly value: Analysed<S> }
  | { readonly ok: false; readonly refusal: AnalysisError };

/** The empty map of names that stand for parts of nodes. */
export const NO_NAMES: ReadonlyMap<string, ReadPart | undefined> = new Map();

/**
 * Parses an expression and finds the names that it uses. The site of the expression determines the allowed names.
 * `names` has the names that stand for parts of nodes: iterators and `each`.
 */
export function analyse<S extends ExpressionSite>(
  site: S,
  language: Language,
  rules: ReferenceRules,
  names: ReadonlyMap<string, ReadPart | undefined> = NO_NAMES,
): Analysis<S> {
  const plain = rules.place === 'template' && rules.iterators.length === 0 && names.size === 0;
  const joined = plain ? joinedText(site, language) : undefined;
  if (joined !== undefined) return { ok: true, value: joined };
  const { cel } = site.text;
  const known = plain ? language.analysed.get(cel) : undefined;
  if (known !== undefined) return { ok: true, value: { site, ast: known.ast, ids: known.ids, reads: known.reads } };
  const parsed = language.parse(cel, rules.place === 'template' ? rules.iterators : []);
  if (!parsed.ok) return { ok: false, refusal: atKey(site, parseRefusal(site, parsed, language)) };
  const found = language.references(parsed.ast, rules);
  if (found.error !== undefined)
    return { ok: false, refusal: atKey(site, nameRefusal(site, found.error, rules, language)) };
  const reads = readPaths(parsed.ast.expr, language.readScope(names));
  if (plain) language.analysed.set(cel, { ast: parsed.ast, ids: found.ids, reads });
  return { ok: true, value: { site, ast: parsed.ast, ids: found.ids, reads } };
}

/** If the expression is a computed key, moves the position of the refusal to the key. */
function atKey({ isKey, path }: ExpressionSite, refusal: AnalysisError): AnalysisError {
  return isKey === undefined ? refusal : { ...refusal, place: { path, key: true } };
}

/**
 * The refusal of an expression that does not parse. In a string with several expressions, each expression is parsed
 * separately. The refusal is about the first expression with an error. The position of the refusal is a position in the
 * original string.
 */
function parseRefusal(site: ExpressionSite, parsed: ParseFailure, language: Language): AnalysisError {
  const { path, text } = site;
  const whole: BrokenText = { cel: text.cel, error: parsed.errors[0], toOriginal: (offset) => text.toOriginal(offset) };
  const { cel, error, toOriginal } = brokenPart(text.parts ?? [], language) ?? whole;
  const kro = `parse error: ${parsed.text}`;
  if (error === undefined)
    return { code: 'cel/syntax', kro, message: 'the expression does not parse', place: { path }, syntax: true };
  const code = celCode(error.message);
  if (error.offset < 0 || code !== 'cel/syntax') {
    const hint = celHint(error, () => [], cel);
    const place = error.offset < 0 ? { path } : { path, offset: toOriginal(offsetOfPlace(cel, error)) };
    return { code, kro, message: celWords(error.message), hint, place, syntax: true };
  }
  const { message, hint, offset = error.offset } = explainSyntaxError(cel, error.offset);
  return { code, kro, message, hint, place: { path, offset: toOriginal(offset) }, syntax: true };
}

type ParseFailure = Extract<ParseResult, { ok: false }>;

/** An expression that does not parse, its first error, and the position of the expression in the original string. */
interface BrokenText {
  readonly cel: string;
  readonly error: CelError | undefined;
  readonly toOriginal: (offset: number) => number;
}

function brokenPart(parts: readonly TextPart[], language: Language): BrokenText | undefined {
  for (const { kind, text, offset } of parts) {
    const parsed = kind === 'expression' ? language.parse(text) : undefined;
    if (parsed?.ok === false) return { cel: text, error: parsed.errors[0], toOriginal: (at) => offset + at };
  }
  return undefined;
}

/**
 * Limits for a string that is analysed part by part: the lengths of an expression and of a constant part, and the number
 * of parts. Such a string is shorter than CEL's limit for the whole.
 */
const MAX_JOINED_EXPRESSION_LENGTH = 200;
const MAX_JOINED_CONSTANT_LENGTH = 5000;
const MAX_JOINED_PARTS = 16;

/**
 * Analyses a string with several parts, such as `${schema.spec.name}-7`, expression by expression. This is faster
 * because resources rarely have the same strings, but often the same expressions in them, and the analysis of an
 * expression is cached. Returns undefined when an expression has an error, is too long, or may contain a comment, which
 * would hide the next parts. Also returns undefined for too many parts, and for a literal part that is too long or that
 * CEL escapes. In these cases, the caller analyses the whole string.
 */
function joinedText<S extends ExpressionSite>(site: S, language: Language): JoinedText<S> | undefined {
  const { text } = site;
  if (text.parts === undefined) return undefined;
  let names = language.joined.get(text);
  if (names === undefined) {
    names = joinedNames(text.parts, language);
    language.joined.set(text, names);
  }
  return names === NO_NAME ? undefined : new JoinedText(site, names, language);
}

const NO_NAME: readonly ExpressionNames[] = [];

function joinedNames(parts: readonly TextPart[], language: Language): readonly ExpressionNames[] {
  if (parts.length > MAX_JOINED_PARTS) return NO_NAME;
  const names: ExpressionNames[] = [];
  for (const { kind, text } of parts) {
    if (kind === 'text') {
      if (text.length > MAX_JOINED_CONSTANT_LENGTH || !needsNoEscape(text)) return NO_NAME;
      continue;
    }
    if (text.length > MAX_JOINED_EXPRESSION_LENGTH || text.includes('//')) return NO_NAME;
    const found = namesOf(text, language);
    if (found === undefined) return NO_NAME;
    names.push(found);
  }
  return names;
}

/** The names that an expression uses where no iterator is in scope; undefined when the expression has an error. */
function namesOf(cel: string, language: Language): ExpressionNames | undefined {
  const known = language.analysed.get(cel);
  if (known !== undefined) return known;
  const parsed = language.parse(cel);
  if (!parsed.ok) return undefined;
  const { ids, error } = language.references(parsed.ast, { place: 'template', iterators: [] });
  if (error !== undefined) return undefined;
  const names = { ast: parsed.ast, ids, reads: readPaths(parsed.ast.expr, language.readScope(NO_NAMES)) };
  language.analysed.set(cel, names);
  return names;
}

class JoinedText<S extends ExpressionSite> implements Analysed<S> {
  readonly site: S;
  readonly ids: readonly string[];
  readonly reads: readonly ReadPart[];
  readonly parts: readonly ExpressionNames[];
  readonly #language: Language;
  #ast: Ast | undefined;

  constructor(site: S, parts: readonly ExpressionNames[], language: Language) {
    const [first] = parts;
    this.site = site;
    this.parts = parts;
    this.ids = parts.length === 1 && first !== undefined ? first.ids : [...new Set(parts.flatMap(({ ids }) => ids))];
    this.reads = parts.length === 1 && first !== undefined ? first.reads : parts.flatMap(({ reads }) => reads);
    this.#language = language;
  }

  get ast(): Ast {
    if (this.#ast !== undefined) return this.#ast;
    const parsed = this.#language.parse(this.site.text.cel);
    if (!parsed.ok) throw new Error(`a string of valid parts does not parse: ${parsed.text}`);
    return (this.#ast = parsed.ast);
  }
}

/** The syntax trees of an expression: one tree, or one tree per part of a string. */
export function rootsOf(names: ExpressionNames): readonly Expr[] {
  const { parts } = names;
  return parts === undefined ? [names.ast.expr] : parts.map(({ ast }) => ast.expr);
}

/** The position of a CEL error in the definition. */
export function placeOf(site: ExpressionSite, error: CelError | undefined): ProblemLocation {
  if (site.isKey === true) return { path: site.path, key: true };
  if (error === undefined || error.offset < 0) return { path: site.path };
  return { path: site.path, offset: site.text.toOriginal(offsetOfPlace(site.text.cel, error)) };
}

/** Converts kro's refusal of a name to an error with a code and a remedy. */
function nameRefusal(site: ExpressionSite, kro: string, rules: ReferenceRules, language: Language): AnalysisError {
  const place = { path: site.path, offset: site.text.toOriginal(0) };
  const unknown = /^references unknown identifiers: \[(.*)\]$/s.exec(kro)?.[1];
  if (unknown !== undefined) {
    const [name = ''] = unknown.split(' ');
    const iterator = language.lostIterator(name, site.path, rules);
    if (iterator !== undefined)
      return {
        code: 'graph/unknown-identifier',
        kro,
        ...iterator,
        place: { path: site.path, offset: offsetOfName(site, name) },
        syntax: false,
      };
    return {
      code: 'graph/unknown-identifier',
      kro,
      message:
        rules.place === 'readyWhen' && language.isVariable(name)
          ? `readyWhen can read only its own resource, "${rules.only}", not "${name}"`
          : `nothing here is named ${[...new Set(unknown.split(' '))].join(', ')}`,
      hint: language.nameHint(name, rules, site),
      place: { path: site.path, offset: offsetOfName(site, name) },
      syntax: false,
    };
  }
  const unknownFunction = /^uses unknown functions: \[\{(.*)\}\]$/s.exec(kro)?.[1];
  if (unknownFunction !== undefined) {
    const [name = ''] = unknownFunction.split('} {');
    const hint = language.functionHint(name);
    const offset = offsetOfName(site, name);
    const message = `there is no function ${name}`;
    return { code: 'graph/unknown-function', kro, message, hint, place: { path: site.path, offset }, syntax: false };
  }
  if (kro.startsWith('omit()')) {
    const hint = kro.includes('feature gate')
      ? 'turn the feature on, or build the parent object without the field'
      : undefined;
    return { code: 'graph/omit', kro, message: kro, hint, place, syntax: false };
  }
  if (kro.startsWith('runtime is only')) {
    const message = 'runtime can be used in status.conditions only';
    return { code: 'graph/runtime-elsewhere', kro, message, place, syntax: false };
  }
  return { code: 'graph/unknown-identifier', kro, message: kro, place, syntax: false };
}

/** The offset of the first use of a name, in the original string. */
export function offsetOfName(site: ExpressionSite, name: string): number {
  const pattern = new RegExp(`(?<![\\w.])${name.replace(/[^\w]/g, String.raw`\$&`)}(?!\\w)`);
  const at = pattern.exec(site.text.cel)?.index ?? 0;
  return site.text.toOriginal(at);
}
