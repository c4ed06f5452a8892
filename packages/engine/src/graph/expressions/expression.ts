import { type Ast, type CelError, type Environment, type Program, joinPrograms, STRING } from '@typekro/cel';
import { type Analysed, type AnalysisError, placeOf } from '../analysis.ts';
import type { ExpressionSite } from '../resource-draft.ts';
import { celCode, celHint, celWords } from '../warnings/hints.ts';
import type { Language, ExpressionNames, CheckedExpression } from './language.ts';

/** An expression with its type and its program. */
export interface CompiledExpression<S extends ExpressionSite = ExpressionSite> extends Analysed<S>, CheckedExpression {}

/** A compiled expression, or the refusal of the type checker or of the planner. */
export type ExpressionResult<S extends ExpressionSite> =
  | { readonly ok: true; readonly value: CompiledExpression<S> }
  | { readonly ok: false; readonly stage: 'check' | 'plan'; readonly refusal: AnalysisError };

/**
 * Checks the types of an expression and makes its program. In a refusal, `kro` is the full message of the checker; if
 * the expression cannot be planned, `kro` is `compile: ` followed by the message of the planner.
 */
export function compileExpression<S extends ExpressionSite>(
  found: Analysed<S>,
  environment: Environment,
  language: Language,
): ExpressionResult<S> {
  const shared = environment === language.typed;
  const parts = shared ? found.parts : undefined;
  if (parts !== undefined && areTexts(parts, environment, language)) {
    return { ok: true, value: new CompiledText(found, parts, language) };
  }
  const known = shared ? language.checked.get(found.ast) : undefined;
  if (known !== undefined) return { ok: true, value: compiled(found, known) };
  const checked = environment.check(found.ast);
  if (!checked.ok) {
    return { ok: false, stage: 'check', refusal: refused(found, checked.errors, checked.text, environment, language) };
  }
  const planned = environment.plan(checked.checked);
  if (!planned.ok) {
    const refusal = refused(found, planned.errors, `compile: ${planned.text}`, environment, language);
    return { ok: false, stage: 'plan', refusal };
  }
  const made = { type: checked.type, program: planned.program };
  if (shared) language.checked.set(found.ast, made);
  return { ok: true, value: compiled(found, made) };
}

function areTexts(parts: readonly ExpressionNames[], environment: Environment, language: Language): boolean {
  return parts.every((part) => isText(part, environment, language));
}

/**
 * Does this part of a string template have the type string and no error? If this is true for all parts, the whole
 * template has the type string.
 */
function isText(part: ExpressionNames, environment: Environment, language: Language): boolean {
  const known = language.checked.get(part.ast);
  if (known !== undefined) return known.type.kind === 'string';
  const checked = environment.check(part.ast);
  const planned = checked.ok ? environment.plan(checked.checked) : undefined;
  if (!checked.ok || planned?.ok !== true) return false;
  language.checked.set(part.ast, { type: checked.type, program: planned.program });
  return checked.type.kind === 'string';
}

/** A string template whose parts are checked. Its program is made when it is first read. */
class CompiledText<S extends ExpressionSite> implements CompiledExpression<S> {
  readonly site: S;
  readonly ids: ExpressionNames['ids'];
  readonly reads: ExpressionNames['reads'];
  readonly parts: readonly ExpressionNames[];
  readonly type = STRING;
  readonly #found: Analysed<S>;
  readonly #language: Language;
  #program: Program | undefined;

  constructor(found: Analysed<S>, parts: readonly ExpressionNames[], language: Language) {
    this.site = found.site;
    this.ids = found.ids;
    this.reads = found.reads;
    this.parts = parts;
    this.#found = found;
    this.#language = language;
  }

  get ast(): Ast {
    return this.#found.ast;
  }

  get program(): Program {
    this.#program ??= this.#joined() ?? this.#whole();
    return this.#program;
  }

  /** Makes the program of the string template from the programs of its parts, which many templates share. */
  #joined(): Program | undefined {
    const programs = this.parts.map(({ ast }) => this.#language.checked.get(ast)?.program);
    const parts = this.site.text.parts?.map(({ kind, text }) => (kind === 'text' ? text : programs.shift()));
    return parts?.every((part) => part !== undefined) === true ? joinPrograms(parts) : undefined;
  }

  #whole(): Program {
    const { typed } = this.#language;
    const checked = typed.check(this.ast);
    const planned = checked.ok ? typed.plan(checked.checked) : checked;
    if (!planned.ok) throw new Error(`a string of valid parts does not compile: ${planned.text}`);
    return planned.program;
  }
}

function compiled<S extends ExpressionSite>(
  found: Analysed<S>,
  { type, program }: CheckedExpression,
): CompiledExpression<S> {
  const { site, ast, ids, reads } = found;
  return { site, ast, ids, reads, type, program };
}

function refused<S extends ExpressionSite>(
  found: Analysed<S>,
  errors: readonly CelError[],
  text: string,
  environment: Environment,
  language: Language,
): AnalysisError {
  const [first] = errors;
  return {
    code: first === undefined ? 'cel/invalid' : celCode(first.message),
    kro: text,
    message: first === undefined ? text : celWords(first.message),
    hint:
      first === undefined
        ? undefined
        : (language.specFieldHint(found.ast, first) ??
          celHint(first, (error) => language.fieldsAt(found.ast, error, environment), found.ast.text)),
    place: placeOf(found.site, first),
    syntax: false,
  };
}
