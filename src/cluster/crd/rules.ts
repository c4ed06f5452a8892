import type { JsonValue } from '../../core/index.ts';
import type { Environment, Program } from '../../cel/index.ts';
import { DYN, kroEnvironment } from '../../cel/index.ts';
import type { FieldError, RuleSite, Schema, ValidationRule } from '../../schema/index.ts';
import { fieldPath } from '../../schema/index.ts';
import { formatValue } from '../http/problems.ts';

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

let shared: Environment | undefined;

/** The environment of validation rules: `self` and `oldSelf` of any type. */
function environment(): Environment {
  shared ??= kroEnvironment({ variables: { self: DYN, oldSelf: DYN } });
  return shared;
}

/** Evaluates the rules of a schema; programs are planned when first needed and kept with it. */
export function ruleEvaluator(_schema: Schema): (site: RuleSite) => readonly FieldError[] {
  const programs = new Map<string, Program | string>();
  const run = (text: string, variables: Record<string, unknown>): Outcome => {
    let program = programs.get(text);
    if (program === undefined) {
      const compiled = environment().compile(text);
      program = compiled.ok ? compiled.program : compiled.text;
      programs.set(text, program);
    }
    if (typeof program === 'string') return { ok: false, message: program };
    const result = program.evaluate(variables);
    return result.ok ? { ok: true, value: result.value } : { ok: false, message: result.error.message };
  };
  return (site) => site.rules.flatMap((rule) => check(rule, site, run));
}

const USES_OLD = /\boldSelf\b/;

function check(rule: ValidationRule, site: RuleSite, run: (text: string, variables: Record<string, unknown>) => Outcome): FieldError[] {
  const transition = USES_OLD.test(rule.rule);
  const variables: Record<string, unknown> = { self: site.value };
  if (transition) {
    if (site.old === undefined && rule.optionalOldSelf !== true) return [];
    variables['oldSelf'] = rule.optionalOldSelf === true ? optionalOf(site.old) : site.old;
  }
  const outcome = run(rule.rule, variables);
  if (outcome.ok && outcome.value === true) return [];
  const place = rule.fieldPath === undefined || rule.fieldPath === '' ? site.field : joined(site, rule.fieldPath);
  const message = messageOf(rule, variables, run);
  if (!outcome.ok) {
    const text = rule.message === undefined || rule.message === '' ? rule.rule : rule.message;
    return [{ reason: 'FieldValueInvalid', field: site.field, message: `Invalid value: ${shown(site, true)}: ${outcome.message} evaluating rule: ${text}` }];
  }
  const reason = rule.reason ?? 'FieldValueInvalid';
  switch (reason) {
    case 'FieldValueRequired':
      return [{ reason, field: place, message: `Required value: ${message}` }];
    case 'FieldValueForbidden':
      return [{ reason, field: place, message: `Forbidden: ${message}` }];
    case 'FieldValueDuplicate':
      return [{ reason, field: place, message: `Duplicate value: ${shown(site, false)}` }];
    default: {
      const value = shown(site, false);
      return [{ reason: 'FieldValueInvalid', field: place, message: value === undefined ? `Invalid value: ${message}` : `Invalid value: ${value}: ${message}` }];
    }
  }
}

function messageOf(rule: ValidationRule, variables: Record<string, unknown>, run: (text: string, variables: Record<string, unknown>) => Outcome): string {
  if (rule.messageExpression !== undefined && rule.messageExpression !== '') {
    const outcome = run(rule.messageExpression, variables);
    if (outcome.ok && typeof outcome.value === 'string' && outcome.value.trim() !== '' && !outcome.value.includes('\n')) return outcome.value;
  }
  return rule.message !== undefined && rule.message !== '' ? rule.message : `failed rule: ${rule.rule.trim()}`;
}

/** Scalars are shown, of others nothing or the type. */
function shown(site: RuleSite, typeOnly: boolean): string | undefined {
  const { value } = site;
  const type = site.schema.type ?? 'object';
  if (typeOnly) return JSON.stringify(type);
  if (typeof value === 'object') return undefined;
  return formatValue(value);
}

function joined(site: RuleSite, path: string): string {
  const parts = [...path.matchAll(/\.([A-Za-z_][\w-]*)|\['([^']*)'\]/g)].map((match) => match[1] ?? match[2] ?? '');
  return fieldPath([...site.path, ...parts]);
}

function optionalOf(old: JsonValue | undefined): unknown {
  const call = environment().extend({ value: DYN }).compile(old === undefined ? 'optional.none()' : 'optional.of(value)');
  if (!call.ok) return undefined;
  const result = call.program.evaluate({ value: old ?? null });
  return result.ok ? result.value : undefined;
}
