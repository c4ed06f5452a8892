import type { Environment, Program } from '../../cel/index.ts';
import { BOOL, createEnvironment, DYN, optionalType, RULE_LIBRARIES, STRING } from '../../cel/index.ts';
import type { JsonValue } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import type { RuleChecker, RuleSite, Schema, ValidationRule } from '../../schema/index.ts';
import { celTypes, fieldPath } from '../../schema/index.ts';
import type { RuleCosts } from './rule-costs.ts';
import { LIMIT_EXCEEDED, limitedRun } from './rule-limits.ts';
import { fieldInvalid, formatValue } from '../errors/field-problems.ts';

let base: Environment | undefined;

/** The environment of validation rules before their variables are added. The first rule creates it. */
const baseEnvironment = (): Environment => (base ??= createEnvironment({ libraries: RULE_LIBRARIES }));

const environments = new WeakMap<Schema, Map<boolean, Environment>>();

/**
 * The environment of the rules of one schema node. `self` has the type of the node. `oldSelf` has the same type. With
 * `optionalOld`, the type of `oldSelf` is the optional of this type.
 */
export function ruleEnvironment(schema: Schema, optionalOld: boolean, root: boolean): Environment {
  let pair = environments.get(schema);
  if (pair === undefined) environments.set(schema, (pair = new Map()));
  let environment = pair.get(optionalOld);
  if (environment === undefined) {
    const own = root ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema;
    const { variables, types } = celTypes({ self: { schema: own } });
    const self = variables['self'];
    // Both variables share one struct type, because rules compare them and structs of two types cannot be compared.
    const oldSelf = optionalOld && self !== undefined ? { type: optionalType(self.type), raw: true } : self;
    environment = baseEnvironment().extend(oldSelf === undefined ? variables : { ...variables, oldSelf }, { types });
    pair.set(optionalOld, environment);
  }
  return environment;
}

type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly message: string };

/**
 * Makes a function that evaluates the rules of a schema. A rule is compiled at its first use, and its program is kept.
 */
export function ruleEvaluator(root: Schema): (site: RuleSite) => readonly FieldError[] {
  const programs = new WeakMap<Schema, Map<string, CompiledRule>>();
  const run = (site: RuleSite, text: string, optionalOld: boolean, variables: Record<string, unknown>): Outcome => {
    let known = programs.get(site.schema);
    if (known === undefined) programs.set(site.schema, (known = new Map()));
    const key = `${optionalOld ? '?' : ''}${text}`;
    let compiled = known.get(key);
    if (compiled === undefined) {
      const result = ruleEnvironment(site.schema, optionalOld, site.schema === root).compile(text);
      compiled = result.ok ? limitedRun(result.program, result.checked) : result.text;
      known.set(key, compiled);
    }
    return typeof compiled === 'string' ? { ok: false, message: compiled } : outcomeOf(compiled(variables));
  };
  return (site) => {
    const errors: FieldError[] = [];
    for (const rule of site.rules) {
      const found = check(rule, site, run);
      errors.push(...found);
      // The API server runs no further rule after one that costs too much.
      if (found.some(({ message }) => message.includes(`'${LIMIT_EXCEEDED}'`))) break;
    }
    return errors;
  };
}

/** The function that evaluates a rule, or the error of its text. */
type CompiledRule = ReturnType<typeof limitedRun> | string;

function outcomeOf(result: ReturnType<Program['evaluate']>): Outcome {
  return result.ok ? { ok: true, value: result.value } : { ok: false, message: result.error.message };
}

const USES_OLD = /\boldSelf\b/;

type Run = (site: RuleSite, text: string, optionalOld: boolean, variables: Record<string, unknown>) => Outcome;

function check(rule: ValidationRule, site: RuleSite, run: Run): FieldError[] {
  const transition = USES_OLD.test(rule.rule);
  const optionalOld = rule.optionalOldSelf === true;
  const variables: Record<string, unknown> = { self: site.value };
  if (transition) {
    if (site.old === undefined && !optionalOld) return [];
    variables['oldSelf'] = optionalOld ? optionalOf(site.old) : site.old;
  }
  const outcome = run(site, rule.rule, optionalOld, variables);
  if (outcome.ok && outcome.value === true) return [];
  if (!outcome.ok) {
    const text = rule.message === undefined || rule.message === '' ? rule.rule : rule.message;
    const type = JSON.stringify(site.schema.type ?? 'object');
    if (outcome.message === LIMIT_EXCEEDED) {
      const what = `'${LIMIT_EXCEEDED}': no further validation rules will be run due to call cost exceeds limit for rule`;
      return [
        {
          reason: 'FieldValueInvalid',
          field: site.field,
          message: `Invalid value: ${type}: ${what}: ${text.trim()}`,
        },
      ];
    }
    return [
      {
        reason: 'FieldValueInvalid',
        field: site.field,
        message: `Invalid value: ${type}: ${outcome.message} evaluating rule: ${text}`,
      },
    ];
  }
  const field = rule.fieldPath === undefined || rule.fieldPath === '' ? site.field : joined(site, rule.fieldPath);
  const message = messageOf(rule, site, variables, run);
  const value = typeof site.value === 'object' ? undefined : formatValue(site.value);
  switch (rule.reason) {
    case 'FieldValueRequired':
      return [{ reason: 'FieldValueRequired', field, message: `Required value: ${message}` }];
    case 'FieldValueForbidden':
      return [{ reason: 'FieldValueForbidden', field, message: `Forbidden: ${message}` }];
    case 'FieldValueDuplicate':
      return [
        {
          reason: 'FieldValueDuplicate',
          field,
          message: value === undefined ? 'Duplicate value' : `Duplicate value: ${value}`,
        },
      ];
    default:
      return [
        {
          reason: 'FieldValueInvalid',
          field,
          message: value === undefined ? `Invalid value: ${message}` : `Invalid value: ${value}: ${message}`,
        },
      ];
  }
}

function messageOf(rule: ValidationRule, site: RuleSite, variables: Record<string, unknown>, run: Run): string {
  if (rule.messageExpression !== undefined && rule.messageExpression !== '') {
    const outcome = run(site, rule.messageExpression, rule.optionalOldSelf === true, variables);
    if (outcome.ok && typeof outcome.value === 'string' && outcome.value.trim() !== '' && !outcome.value.includes('\n'))
      return outcome.value;
  }
  return rule.message !== undefined && rule.message !== '' ? rule.message : `failed rule: ${rule.rule.trim()}`;
}

/** The members of a field path such as `.spec.max` or `.labels['a.b']`. */
function fieldPathParts(path: string): string[] | undefined {
  const parts: string[] = [];
  let rest = path;
  while (rest !== '') {
    const match = /^(?:\.([A-Za-z_][\w-]*)|\[(?:'([^']*)'|"([^"]*)")\])/.exec(rest);
    if (match === null) return undefined;
    parts.push(match[1] ?? match[2] ?? match[3] ?? '');
    rest = rest.slice(match[0].length);
  }
  return parts;
}

const joined = (site: RuleSite, path: string): string => fieldPath([...site.path, ...(fieldPathParts(path) ?? [])]);

function optionalOf(old: JsonValue | undefined): unknown {
  const environment = baseEnvironment();
  const compiled =
    old === undefined
      ? environment.compile('optional.none()')
      : environment.extend({ value: DYN }).compile('optional.of(value)');
  const outcome = compiled.ok
    ? outcomeOf(compiled.program.evaluate({ value: old ?? null }, { trusted: true }))
    : undefined;
  return outcome?.ok === true ? outcome.value : undefined;
}

const shownRule = (rule: ValidationRule) => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

/**
 * Makes a checker that compiles the rules of a schema node and returns their errors. `costs` adds up the costs of the
 * rules.
 */
export const ruleChecker =
  (costs: RuleCosts): RuleChecker =>
  (schema, rules, path, uncorrelatable, times) => {
    const root = path.endsWith('openAPIV3Schema.x-kubernetes-validations');
    const resource = root || schema['x-kubernetes-embedded-resource'] === true;
    return rules.flatMap((rule, index): FieldError[] => {
      const environment = ruleEnvironment(schema, rule.optionalOldSelf === true, root);
      const compiled = environment.compile(rule.rule);
      const at = `${path}[${index}]`;
      if (!compiled.ok) return [fieldInvalid(`${at}.rule`, shownRule(rule), `compilation failed: ${compiled.text}`)];
      if (compiled.type.kind !== BOOL.kind)
        return [fieldInvalid(`${at}.rule`, shownRule(rule), 'cel expression must evaluate to a bool')];
      const errors: FieldError[] = [];
      if (rule.optionalOldSelf !== undefined && !USES_OLD.test(rule.rule)) {
        const problem = 'may not be set if oldSelf is not used in rule';
        errors.push(fieldInvalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, problem));
      }
      errors.push(...costs.rule(compiled.checked, schema, resource, times, `${at}.rule`));
      if (uncorrelatable !== undefined && USES_OLD.test(rule.rule)) {
        errors.push(
          fieldInvalid(
            `${at}.rule`,
            rule.rule,
            `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`,
          ),
        );
      }
      if (rule.messageExpression === undefined || rule.messageExpression === '') return errors;
      const message = environment.compile(rule.messageExpression);
      if (!message.ok)
        errors.push(
          fieldInvalid(
            `${at}.messageExpression`,
            shownRule(rule),
            `messageExpression compilation failed: ${message.text}`,
          ),
        );
      else if (message.type.kind !== STRING.kind)
        errors.push(
          fieldInvalid(`${at}.messageExpression`, shownRule(rule), 'messageExpression must evaluate to a string'),
        );
      else errors.push(...costs.message(message.checked, schema, resource, `${at}.messageExpression`));
      return errors;
    });
  };
