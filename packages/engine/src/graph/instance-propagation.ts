import { type Ast, type Call, type Expr, isOptional, renameVariables, typeToString, walkAst } from '@typekro/cel';
import { goQuote } from '@typekro/kit/golang';
import type { Schema } from '../schema/index.ts';
import { analyse } from './analysis.ts';
import { conditionHint, withoutPrefix } from './checks/check-types.ts';
import { instancePlural } from './crd.ts';
import { type CompiledExpression, compileExpression } from './expressions/expression.ts';
import { type LanguageNode, instanceSchema, Language } from './expressions/language.ts';
import type { CompileOptions } from './options.ts';
import { KroLevel } from './kro-compatibility.ts';
import { hasOtherMeaning } from './names/naming.ts';
import type { ConditionText, ParsedDefinition } from './parsed-definition.ts';
import type { Problems } from './problems.ts';
import { PROPAGATE_WHEN_GATE } from './propagate-when.ts';
import type { ExpressionSite } from './resource-draft.ts';
import { joinParts, scanExpressions, bareHint } from './expressions/scan.ts';

/** The conditions of `spec.propagateWhen` with their types and programs, and the names of their variables. */
export interface CheckedPropagation {
  readonly singular: string;
  readonly plural: string;
  readonly conditions: readonly CompiledExpression[];
}

/**
 * Compiles `spec.propagateWhen`: the conditions under which an instance gets a new revision. They have two variables:
 * the singular name of the kind denotes the instance, and the plural name denotes the list of all instances. Returns
 * undefined when there are no conditions. Also returns undefined and reports a problem when the gate is off, or when
 * the names of the kind cannot be variables.
 */
export function buildInstancePropagation(
  definition: ParsedDefinition,
  spec: Schema,
  options: CompileOptions,
  problems: Problems,
): CheckedPropagation | undefined {
  const { schema, propagateWhen } = definition;
  if (propagateWhen.length === 0) return undefined;
  if (options.features?.propagateWhen !== true) {
    const place = { path: ['spec', 'propagateWhen'], key: true };
    problems.error({ phase: 'structure', code: 'graph/feature-gate', place, ...PROPAGATE_WHEN_GATE });
    return undefined;
  }
  const [singular, plural] = [schema.kind.toLowerCase(), instancePlural(schema.kind)];
  const unusable = unusableNames(schema.kind, singular, plural);
  if (unusable !== undefined) {
    problems.error({
      phase: 'structure',
      code: 'graph/propagate-when',
      place: { path: ['spec', 'propagateWhen'], key: true },
      message: `spec.propagateWhen ${unusable}`,
      hint: 'use conditions of the resources (resources[].propagateWhen), or another kind',
    });
    return undefined;
  }
  const node = (id: string, isList: boolean): LanguageNode => ({
    id,
    schema: instanceSchema(definition, spec),
    isList,
    selects: false,
    path: ['spec', 'propagateWhen'],
    dimensions: [],
  });
  const language = new Language({ nodes: [node(singular, false), node(plural, true)] }, options);
  const conditions = propagateWhen.flatMap((entry) => {
    const site = siteOf(entry, options, problems);
    return site === undefined ? [] : (compileCondition(site, [singular, plural], language, problems) ?? []);
  });
  return { singular, plural, conditions };
}

/** The reason why the names of a kind cannot be variables; undefined if they can. */
function unusableNames(kind: string, singular: string, plural: string): string | undefined {
  if (singular === plural)
    return `cannot be used for the kind ${kind}: one instance and the list of all instances would have the same name, ${singular}`;
  const taken = [singular, plural].find(hasOtherMeaning);
  if (taken === undefined) return undefined;
  return `has no variable for a kind ${kind}: the word "${taken}" has another meaning in expressions`;
}

function siteOf(
  { text, path }: ConditionText,
  options: CompileOptions,
  problems: Problems,
): ExpressionSite | undefined {
  const level = options.kroCompatibility ?? KroLevel.DEFAULT;
  const scanned = scanExpressions(text, level);
  const joined = scanned.ok ? joinParts(text, scanned.parts) : undefined;
  if (joined !== undefined && joined.template === undefined) return { text: joined, path };
  const message = 'each propagateWhen entry is one bare ${…} and nothing else';
  const hint = bareHint(text, level);
  problems.error({ phase: 'structure', code: 'graph/not-standalone', place: { path }, message, hint });
  return undefined;
}

function compileCondition(
  site: ExpressionSite,
  [singular, plural]: readonly [string, string],
  language: Language,
  problems: Problems,
): CompiledExpression | undefined {
  const analysis = analyse(site, language, { place: 'propagateWhen', items: [] });
  if (!analysis.ok) {
    const { syntax: _syntax, ...refusal } = analysis.refusal;
    problems.error({ ...refusal, phase: 'typeCheck' });
    return undefined;
  }
  const own = waitsForHeld(analysis.value.ast, singular, plural);
  if (own !== undefined) {
    const message = `"${own.text}" waits for instances that it holds back itself, so none could get the revision`;
    const hint = `write exponentiallyReady(${singular}, ${plural}) or linearlyReady(${singular}, ${plural}, 1)`;
    const place = { path: site.path, offset: site.text.toOriginal(own.start) };
    problems.error({ phase: 'typeCheck', code: 'graph/propagate-when', message, hint, place });
    return undefined;
  }
  const result = compileExpression(analysis.value, language.ofPropagation('', []), language);
  if (!result.ok) {
    const { syntax: _syntax, ...refusal } = result.refusal;
    problems.error({ ...refusal, phase: 'typeCheck' });
    return undefined;
  }
  const { type } = result.value;
  if (type.kind === 'bool' || (isOptional(type) && type.params[0]?.kind === 'bool')) return result.value;
  problems.error({
    phase: 'typeCheck',
    code: 'graph/condition-type',
    message: withoutPrefix(`propagateWhen needs a boolean; this is ${typeToString(type)}`),
    hint: conditionHint(type),
    place: { path: site.path, offset: site.text.toOriginal(0) },
    kro: `propagateWhen expression ${goQuote(site.text.cel)} must return bool, but returns "${typeToString(type)}"`,
  });
  return undefined;
}

/** Marks the variables that no comprehension binds. No name in an expression contains this character. */
const FREE = '\0';

/**
 * Finds a part of a condition that requires that the instance, or every instance, follows the new revision. Such a part
 * is always false, because the conditions are evaluated for an instance that does not yet follow the revision.
 */
function waitsForHeld(
  ast: Ast,
  singular: string,
  plural: string,
): { readonly text: string; readonly start: number } | undefined {
  const own = new Set([singular, plural]);
  const { text, expr: root } = renameVariables(ast, (name) => (own.has(name) ? FREE + name : name));
  let found: Expr | undefined;
  walkAst(root, (expr) => {
    const call: Expr | Call = expr.kind === 'macro' ? expr.call : expr;
    if (call.kind !== 'call') return;
    const isNever = isUpdatedOf(call, FREE + singular) || isUpdatedOf(call, FREE + plural) || isUpdatedOfEach(call);
    if (isNever) found ??= expr;
  });
  return found === undefined ? undefined : { text: text.slice(found.start, found.end), start: found.start };

  function isUpdatedOfEach({ name, target, args: [item, condition] }: Call): boolean {
    if (name !== 'all' || !isIdent(target, FREE + plural) || item?.kind !== 'ident') return false;
    return conjuncts(condition).some((each) => each.kind === 'call' && isUpdatedOf(each, item.name));
  }
}

const isIdent = (expr: Expr | undefined, name: string): boolean => expr?.kind === 'ident' && expr.name === name;

const isUpdatedOf = ({ name, target, args }: Call, variable: string): boolean =>
  name === 'updated' && args.length === 0 && isIdent(target, variable);

function conjuncts(expr: Expr | undefined): readonly Expr[] {
  if (expr === undefined) return [];
  return expr.kind === 'call' && expr.name === '_&&_' ? expr.args.flatMap(conjuncts) : [expr];
}
