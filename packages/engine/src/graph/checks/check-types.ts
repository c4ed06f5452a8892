import { type CelType, type Environment, isOptional, STRING, typeToString } from '@typekro/cel';
import { goQuote } from '@typekro/kit/golang';
import { type Analysed, analyse } from '../analysis.ts';
import { isAssignableWithDyn, explainMismatch } from './assignability.ts';
import type { Linked } from '../link-resources.ts';
import { propagationEnvironment } from '../propagate-when.ts';
import { type DimensionSite, type FieldSite, type ExpressionSite, readsEach } from '../resource-draft.ts';
import { type CompiledExpression, compileExpression } from '../expressions/expression.ts';
import { type Problem, type Problems, mapDefined } from '../problems.ts';
import { castHint } from '../warnings/hints.ts';
import type { Language } from '../expressions/language.ts';
import { followsGraphEngine } from '../kro-compatibility.ts';

/** The compiled expressions of a resource, without those that have errors. */
export interface TypedResource {
  readonly linked: Linked;
  readonly fields: readonly CompiledExpression<FieldSite>[];
  readonly dimensions: readonly CompiledExpression<DimensionSite>[];
  readonly includeWhen: readonly CompiledExpression[];
  readonly readyWhen: readonly CompiledExpression[];
  readonly propagateWhen: readonly CompiledExpression[];
}

/**
 * Checks the type of each expression of a resource. The expected type is that of the template field, or the one that a
 * condition or a forEach dimension requires.
 */
export function checkTypes(linked: Linked, language: Language, problems: Problems): TypedResource {
  return new Checker(linked, language, problems).check();
}

class Checker {
  readonly #linked: Linked;
  readonly #language: Language;
  readonly #problems: Problems;
  readonly #id: string;

  constructor(linked: Linked, language: Language, problems: Problems) {
    this.#linked = linked;
    this.#language = language;
    this.#problems = problems;
    this.#id = linked.draft.id;
  }

  check(): TypedResource {
    const { linked } = this;
    const dimensions = mapDefined(linked.dimensions, (found) => this.#dimension(found));
    const environment = this.#environment(dimensions);
    const fields = mapDefined(linked.fields, (found) => this.#field(found, environment));
    const includeWhen = mapDefined(linked.includeWhen, (found) =>
      this.#condition('includeWhen', found, this.#language.typed),
    );
    const readyWhen = mapDefined(linked.draft.readyWhen, (site) => this.#readyWhen(site));
    const propagateWhen = mapDefined(linked.propagateWhen, (found) =>
      this.#condition('propagateWhen', found, propagationEnvironment(linked.draft, this.#language)),
    );
    return { linked, fields, dimensions, includeWhen, readyWhen, propagateWhen };
  }

  get linked(): Linked {
    return this.#linked;
  }

  /** The environment of template fields. For a collection, it also declares the iterators. */
  #environment(dimensions: readonly CompiledExpression<DimensionSite>[]): Environment {
    const { dimensions: sites } = this.#linked.draft;
    if (sites.length === 0) return this.#language.typed;
    const iterators = sites.map(({ name }): [string, CelType | undefined] => {
      const type = dimensions.find((each) => each.site.name === name)?.type;
      return [name, type?.params[0]];
    });
    return this.#language.withIterators(Object.fromEntries(iterators));
  }

  #refuse({ kro, ...problem }: Omit<Problem, 'phase'> & { kro: string }): undefined {
    const prefix = `failed to validate resource "${this.#id}": `;
    this.#problems.error({ ...problem, phase: 'typeCheck', kro: prefix + kro });
  }

  #compile<S extends ExpressionSite>(
    found: Analysed<S>,
    environment: Environment,
    step: () => string,
  ): CompiledExpression<S> | undefined {
    const result = compileExpression(found, environment, this.#language);
    if (result.ok) return result.value;
    return this.#refuse({ ...result.refusal, kro: step() + result.refusal.kro });
  }

  #dimension(found: Analysed<DimensionSite>): CompiledExpression<DimensionSite> | undefined {
    const { name } = found.site;
    const prefix = `node "${this.#id}": forEach iterator "${name}"`;
    const omit = this.#language.omitRefusal(found.ast);
    if (omit !== undefined) {
      const place = { path: found.site.path };
      return this.#refuse({ code: 'graph/omit', message: omit, place, kro: `${prefix}: ${omit}` });
    }
    const compiled = this.#compile(found, this.#language.typed, () => `${prefix}: `);
    if (compiled === undefined || compiled.type.kind === 'list' || this.#isOpen(compiled)) return compiled;
    const type = typeToString(compiled.type);
    return this.#refuse({
      code: 'graph/not-a-list',
      message: withoutPrefix(`forEach needs a list; this is ${type}`),
      hint: listHint(compiled.type),
      place: { path: found.site.path, offset: found.site.text.toOriginal(0) },
      kro: `${prefix} must return a list, got "${type}": type "${type}" is not a list type`,
    });
  }

  #field(found: Analysed<FieldSite>, environment: Environment): CompiledExpression<FieldSite> | undefined {
    const { site } = found;
    const shown = site.text.template ?? site.text.cel;
    const step = () => `failed to compile template expression ${goQuote(shown)} at path ${goQuote(site.pathText)}: `;
    const compiled = this.#compile(found, environment, step);
    if (compiled === undefined) return compiled;
    if (site.isKey === true) {
      const problem = keyProblem(compiled.type);
      if (problem === undefined) return compiled;
      const place = { path: site.path, key: true };
      const kro = `dynamic key ${goQuote(shown)} at path ${goQuote(site.pathText)}: ${problem.message}`;
      return this.#refuse({ code: 'graph/dynamic-key', ...problem, place, kro });
    }
    if (this.#linked.draft.nodeType === 'def') return compiled;
    const expected = this.#language.fieldType(this.#id, site.pathText);
    if (expected === undefined || isAssignableWithDyn(compiled.type, expected)) return compiled;
    const detail = explainMismatch(compiled.type, expected, this.#language.types);
    if (detail === undefined) return compiled;
    const [got, want] = [typeToString(compiled.type), typeToString(expected)];
    const why = detail.startsWith('type kind') ? '' : `: ${detail}`;
    return this.#refuse({
      code: 'graph/type-mismatch',
      message: withoutPrefix(`the expression returns ${got}, but the field takes ${want}${why}`),
      hint: castHint(compiled.type, expected),
      place: { path: site.path, offset: site.text.toOriginal(0) },
      kro: `type mismatch in resource "${this.#id}" at path ${goQuote(site.pathText)}: expression ${goQuote(shown)} returns type "${got}" but expected "${want}": ${detail}`,
    });
  }

  #condition(
    list: 'includeWhen' | 'readyWhen' | 'propagateWhen',
    found: Analysed,
    environment: Environment,
  ): CompiledExpression | undefined {
    const { cel } = found.site.text;
    const step = () => `failed to type-check ${list} expression ${goQuote(cel)} in resource "${this.#id}": `;
    const compiled = this.#compile(found, environment, step);
    if (
      compiled !== undefined &&
      isOptional(compiled.type) &&
      isCondition(compiled.type) &&
      list !== 'propagateWhen' &&
      followsGraphEngine(this.#language.level)
    ) {
      this.#problems.warn({
        code: 'graph/condition-type',
        message: `this ${list} returns a value that may be missing: kro 0.10 accepts the definition, and then refuses every instance`,
        hint: 'append .orValue(false)',
        place: { path: found.site.path, offset: found.site.text.toOriginal(0) },
      });
    }
    if (compiled === undefined || isCondition(compiled.type) || this.#isOpen(compiled)) return compiled;
    if (this.#readsBrokenSchema(compiled)) return undefined;
    const type = typeToString(compiled.type);
    return this.#refuse({
      code: 'graph/condition-type',
      message: withoutPrefix(`${list} needs a boolean; this is ${type}`),
      hint: conditionHint(compiled.type),
      place: { path: found.site.path, offset: found.site.text.toOriginal(0) },
      kro: `${list} expression ${goQuote(cel)} in resource "${this.#id}" must return bool or optional_type(bool), but returns "${type}"`,
    });
  }

  /**
   * Is the type known only at run time, because the node has the type `def` or the expression reads such a node? kro's
   * type rules do not apply to nodes of this type.
   */
  #isOpen({ ids, type }: CompiledExpression): boolean {
    if (type.kind !== 'dyn') return false;
    return this.#linked.draft.nodeType === 'def' || ids.some((id) => this.#language.isValue(id));
  }

  /**
   * Is the type of the condition unknown because it reads the instance, whose schema has an error? If so, the condition
   * causes no additional error.
   */
  #readsBrokenSchema({ type, reads }: CompiledExpression): boolean {
    return type.kind === 'dyn' && this.#problems.has('instanceSchema') && reads.some(({ id }) => id === 'schema');
  }

  #readyWhen(site: ExpressionSite): CompiledExpression | undefined {
    const { draft } = this.#linked;
    const subject = readsEach(draft) ? 'each' : draft.id;
    const names = new Map(subject === 'each' ? [['each', { id: draft.id, steps: [] }]] : []);
    const analysis = analyse(site, this.#language, { place: 'readyWhen', only: subject }, names);
    if (!analysis.ok) {
      const { syntax: _syntax, kro, ...refusal } = analysis.refusal;
      return this.#refuse({ ...refusal, kro: `resource "${draft.id}" readyWhen: ${kro}` });
    }
    const environment = this.#language.ofSubject(draft.id, subject);
    return this.#condition('readyWhen', analysis.value, environment);
  }
}

/** Removes kro's prefix from the type names of resources: `__type_service.spec` becomes `service.spec`. */
export function withoutPrefix(text: string): string {
  return text.replaceAll('__type_', '');
}

/**
 * The problem of a computed key with this type. Undefined for string, dyn and null, and for an optional of one of these
 * types.
 */
export function keyProblem(type: CelType): { readonly message: string; readonly hint: string | undefined } | undefined {
  if (type.kind === 'string' || type.kind === 'dyn' || type.kind === 'null') return undefined;
  if (isOptional(type) && type.params[0] !== undefined) return keyProblem(type.params[0]);
  const message = withoutPrefix(`a key needs a string; this is ${typeToString(type)}`);
  return { message, hint: castHint(type, STRING) };
}

function isCondition(type: CelType): boolean {
  return type.kind === 'bool' || (isOptional(type) && type.params[0]?.kind === 'bool');
}

/** The remedy for a condition that is not a boolean. */
export function conditionHint(type: CelType): string | undefined {
  if (type.kind === 'dyn') return 'compare it (… == true), or convert it with bool(…)';
  if (type.kind === 'string') return 'compare it: … == "…" or … != ""';
  if (type.kind === 'int' || type.kind === 'double') return 'compare it: … > 0';
  return isOptional(type) ? 'take the value out with .orValue(…) and compare it' : undefined;
}

/** The remedy for a dimension that is not a list. */
export function listHint(type: CelType): string | undefined {
  if (isOptional(type)) return 'take the list out with .orValue([])';
  if (type.kind === 'map') return 'iterate over its keys: expr.map(key, key)';
  return type.kind === 'string' ? 'split it: expr.split(",")' : undefined;
}
