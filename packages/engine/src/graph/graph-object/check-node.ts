import { type CelType, type Environment, isOptional, typeToString } from '@typekro/cel';
import { goQuote } from '@typekro/kit/golang';
import type { Analysed } from '../analysis.ts';
import { explainMismatch, isAssignableWithDyn } from '../checks/assignability.ts';
import { conditionHint, keyProblem, listHint, withoutPrefix } from '../checks/check-types.ts';
import { type CompiledExpression, compileExpression } from '../expressions/expression.ts';
import { mapDefined } from '../problems.ts';
import { castHint } from '../warnings/hints.ts';
import type { DimensionSite, ExpressionSite, FieldSite } from '../resource-draft.ts';
import type { FrameContext, LinkedNode } from './link-node.ts';
import { publishesList } from './node-draft.ts';

/** The compiled expressions of a node, without those that have errors. */
export interface TypedNodeDraft {
  readonly linked: LinkedNode;
  readonly fields: readonly CompiledExpression<FieldSite>[];
  readonly dimensions: readonly CompiledExpression<DimensionSite>[];
  readonly includeWhen: readonly CompiledExpression[];
  readonly readyWhen: readonly CompiledExpression[];
}

/**
 * Checks the type of each expression of a node. The expected type is that of the field, or the one that a condition or
 * a forEach dimension requires.
 */
export function checkNode(linked: LinkedNode, context: FrameContext): TypedNodeDraft {
  return new Checker(linked, context).check();
}

class Checker {
  readonly #linked: LinkedNode;
  readonly #context: FrameContext;

  constructor(linked: LinkedNode, context: FrameContext) {
    this.#linked = linked;
    this.#context = context;
  }

  check(): TypedNodeDraft {
    const linked = this.#linked;
    const { typed } = this.#context.language;
    const dimensions = mapDefined(linked.dimensions, (found) => this.#dimension(found));
    const environment = this.#environment(dimensions);
    const fields = mapDefined(linked.fields, (found) => this.#field(found, environment));
    const conditions = (list: 'includeWhen' | 'readyWhen', within: Environment) =>
      mapDefined(linked[list], (found) => this.#condition(list, found, within));
    const includeWhen = conditions('includeWhen', typed);
    const readyWhen = linked.readyWhen.length === 0 ? [] : conditions('readyWhen', this.#ownEnvironment());
    return { linked, fields, dimensions, includeWhen, readyWhen };
  }

  /** The environment of the fields of a template, with the iterators. */
  #environment(dimensions: readonly CompiledExpression<DimensionSite>[]): Environment {
    const iterators = this.#linked.draft.dimensions.map(({ name }): [string, CelType | undefined] => {
      const type = dimensions.find((each) => each.site.name === name)?.type;
      return [name, type?.params[0]];
    });
    return this.#context.language.withIterators(Object.fromEntries(iterators));
  }

  #ownEnvironment(): Environment {
    const { draft } = this.#linked;
    const { language } = this.#context;
    return publishesList(draft) ? language.withItem(draft.id) : language.ofSubject(draft.id, draft.id);
  }

  #refuse(site: ExpressionSite, code: string, kro: string, message: string, hint?: string): undefined {
    const place = { path: site.path, offset: site.text.toOriginal(0) };
    const text = `compile node ${goQuote(this.#linked.draft.block.name)}: ${kro}`;
    this.#context.problems.error('compile', text, { code, message: withoutPrefix(message), place, hint });
  }

  #compile<S extends ExpressionSite>(
    found: Analysed<S>,
    environment: Environment,
    step: () => string,
  ): CompiledExpression<S> | undefined {
    const result = compileExpression(found, environment, this.#context.language);
    if (result.ok) return result.value;
    const { code, message, hint, place, kro } = result.refusal;
    const text = `compile node ${goQuote(this.#linked.draft.block.name)}: ${step()}: ${kro}`;
    this.#context.problems.error('compile', text, { code, message, place, hint });
    return undefined;
  }

  #dimension(found: Analysed<DimensionSite>): CompiledExpression<DimensionSite> | undefined {
    const step = `forEach ${goQuote(found.site.name)}`;
    const compiled = this.#compile(found, this.#context.language.typed, () => step);
    if (compiled === undefined || compiled.type.kind === 'list' || compiled.type.kind === 'dyn') return compiled;
    const type = typeToString(compiled.type);
    const kro = `${step} must return a list, got ${goQuote(type)}: type ${goQuote(type)} is not a list type`;
    return this.#refuse(
      found.site,
      'graph/not-a-list',
      kro,
      `forEach needs a list; this is ${type}`,
      listHint(compiled.type),
    );
  }

  #field(found: Analysed<FieldSite>, environment: Environment): CompiledExpression<FieldSite> | undefined {
    const { site } = found;
    const shown = goQuote(site.text.template ?? site.text.cel);
    const at = goQuote(site.pathText);
    const compiled = this.#compile(found, environment, () => `variable at ${at} (${shown})`);
    const { draft } = this.#linked;
    if (compiled !== undefined && site.isKey === true) {
      const problem = keyProblem(compiled.type);
      if (problem === undefined) return compiled;
      const { message, hint } = problem;
      const text = `compile node ${goQuote(draft.block.name)}: dynamic key ${shown} at path ${at}: ${message}`;
      const place = { path: site.path, key: true };
      this.#context.problems.error('compile', text, { code: 'graph/dynamic-key', message, place, hint });
      return undefined;
    }
    if (compiled === undefined || draft.fieldSchema === undefined) return compiled;
    const { language } = this.#context;
    const expected = language.typeAt(draft.fieldSchema, `__type_${draft.id}`, site.pathText);
    if (expected === undefined || isAssignableWithDyn(compiled.type, expected)) return compiled;
    const detail = explainMismatch(compiled.type, expected, language.types);
    if (detail === undefined) return compiled;
    const [got, want] = [typeToString(compiled.type), typeToString(expected)];
    const why = detail.startsWith('type kind') ? '' : `: ${detail}`;
    const kro = `type mismatch in node ${goQuote(draft.block.name)} at path ${at}: expression ${shown} returns "${got}" but expected "${want}": ${detail}`;
    const message = `the expression returns ${got}, but the field takes ${want}${why}`;
    return this.#refuse(site, 'graph/type-mismatch', kro, message, castHint(compiled.type, expected));
  }

  #condition(
    list: 'includeWhen' | 'readyWhen',
    found: Analysed,
    environment: Environment,
  ): CompiledExpression | undefined {
    const { site } = found;
    const { draft } = this.#linked;
    const sites = draft[list];
    const step = `node ${goQuote(draft.block.name)}: ${list}[${sites.indexOf(site)}] (${goQuote(site.text.cel)})`;
    const compiled = this.#compile(found, environment, () => step);
    if (compiled === undefined || compiled.type.kind === 'bool' || compiled.type.kind === 'dyn') return compiled;
    const [inner] = compiled.type.params;
    if (isOptional(compiled.type) && (inner?.kind === 'bool' || inner?.kind === 'dyn')) {
      const kro = `${step} returns optional<bool>, which becomes a runtime error when empty; make it a concrete bool (e.g. append .orValue(false))`;
      const message = `${list} needs a boolean; this may have no value`;
      return this.#refuse(site, 'graph/condition-type', kro, message, 'append .orValue(false)');
    }
    const type = typeToString(compiled.type);
    const message = `${list} needs a boolean; this is ${type}`;
    const kro = `${step} must return bool, got ${type}`;
    return this.#refuse(site, 'graph/condition-type', kro, message, conditionHint(compiled.type));
  }
}
