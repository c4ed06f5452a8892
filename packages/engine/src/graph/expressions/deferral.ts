import type { Call, Expr } from '@typekro/cel';
import type { Language } from './language.ts';
import type { Deferral } from '../model.ts';
import type { FieldSite } from '../resource-draft.ts';

/** Matches the beginning of an expression that can be a deferral. */
const BEGINNING = /^\s*defer\s*\(/;

/**
 * If the whole value of a field is `defer(…)` or `defer(…).omitWhen(null)`, returns the site of the inner expression.
 * Undefined for any other value, and without the feature.
 */
export function deferredSite(site: FieldSite, language: Language): FieldSite | undefined {
  const { text } = site;
  if (!language.hasDefer || text.template !== undefined || !BEGINNING.test(text.cel)) return undefined;
  const parsed = language.parse(text.cel);
  if (!parsed.ok) return undefined;
  const { call, deferred } = deferralOf(parsed.ast.expr);
  const [inner, ...others] = call?.args ?? [];
  if (inner === undefined || others.length > 0) return undefined;
  // The text between the parentheses of the call. The position of the argument's node is not used, because it does not
  // include parentheses around the argument.
  const from = text.cel.indexOf('(') + 1;
  const to = (call as Call).end - 1;
  return {
    path: site.path,
    steps: site.steps,
    pathText: site.pathText,
    ...(site.isKey === undefined ? {} : { isKey: site.isKey }),
    text: { cel: text.cel.slice(from, to), toOriginal: (offset) => text.toOriginal(from + offset) },
    deferred,
  };
}

function deferralOf(expr: Expr): { readonly call?: Call; readonly deferred: Deferral } {
  if (expr.kind !== 'call') return { deferred: 'null' };
  const { name, target, args } = expr;
  if (target === undefined) return name === 'defer' ? { call: expr, deferred: 'null' } : { deferred: 'null' };
  const [value, ...others] = args;
  const isOmitted = name === 'omitWhen' && others.length === 0 && value?.kind === 'literal' && value.type === 'null';
  const inner = isOmitted ? deferralOf(target) : { deferred: 'null' as const };
  return inner.call === undefined || inner.call !== target
    ? { deferred: 'null' }
    : { call: inner.call, deferred: 'omit' };
}
