import type { Environment, Program } from '@typekro/cel';
import { BOOL, createEnvironment, DYN, optionalType, RULE_LIBRARIES, STRING } from '@typekro/cel';
import { type JsonValue, type KubeObject, oncePerObject, getOrInsert } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { RuleSite, Schema, ValidationRule } from '@typekro/engine/schema';
import { CelTypes, CrdRules, StructuralSchema } from '@typekro/engine/schema';
import { goQuote } from '@typekro/kit/golang';
import { RuleCosts } from './rule-costs.ts';
import { type LimitedRun, LIMIT_EXCEEDED, limitedRun, ObjectBudget, shownMessage } from './rule-limits.ts';
import { fieldInvalid, formatValue } from '../errors/field-problems.ts';

let base: Environment | undefined;

/** The environment of validation rules before their variables are added. The first rule creates it. */
const baseEnvironment = (): Environment => (base ??= createEnvironment({ libraries: RULE_LIBRARIES }));

const environmentsOf = oncePerObject((_: Schema) => new Map<boolean, Environment>());

/**
 * The environment of the rules of one schema node. `self` and `oldSelf` have the type of the node. With `optionalOld`,
 * `oldSelf` is an optional value of this type.
 */
export function ruleEnvironment(schema: Schema, optionalOld: boolean, root: boolean): Environment {
  const pair = environmentsOf(schema);
  return getOrInsert(pair, optionalOld, () => {
    const own = root ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema;
    const { variables, types } = CelTypes.of({ self: { schema: own } });
    const self = variables['self'];
    // Both variables share one struct type, because rules compare them and structs of two types cannot be compared.
    const oldSelf = optionalOld && self !== undefined ? { type: optionalType(self.type), raw: true } : self;
    return baseEnvironment().extend(oldSelf === undefined ? variables : { ...variables, oldSelf }, { types });
  });
}

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  /** `limit` says which limit the evaluation exceeded. The remaining rules of the object are then not evaluated. */
  | { readonly ok: false; readonly message: string; readonly limit?: 'rule' | 'object' };

/** Evaluates the rules of one object. Each call evaluates the rules of one site. */
export type ObjectRules = (site: RuleSite) => readonly FieldError[];

/**
 * Returns a function that starts the evaluation of the rules of one object. A rule is compiled at its first use, and
 * the program is cached. All sites of an object share one budget. When the budget is used up, or when one rule costs
 * too much, the remaining rules of the object are not evaluated.
 */
export function ruleEvaluator(root: Schema): () => ObjectRules {
  const programsOf = oncePerObject((_: Schema) => new Map<string, CompiledRule>());
  const evaluate = (
    budget: ObjectBudget,
    site: RuleSite,
    text: string,
    optionalOld: boolean,
    variables: Record<string, unknown>,
  ): Outcome => {
    const known = programsOf(site.schema);
    const key = `${optionalOld ? '?' : ''}${text}`;
    const compiled = getOrInsert(known, key, () => {
      const result = ruleEnvironment(site.schema, optionalOld, site.schema === root).compile(text);
      return result.ok ? limitedRun(result.program, result.checked) : result.text;
    });
    if (typeof compiled === 'string') return { ok: false, message: compiled };
    const limited = compiled(variables, budget);
    if (limited.isOverLimit) {
      budget.isExhausted = true;
      return { ok: false, message: LIMIT_EXCEEDED, limit: 'rule' };
    }
    return budget.spend(limited.cost)
      ? outcomeOf(limited.result)
      : { ok: false, message: OUT_OF_BUDGET, limit: 'object' };
  };
  return () => {
    const budget = new ObjectBudget();
    const run: Run = (...parameters) => evaluate(budget, ...parameters);
    return (site) => {
      const errors: FieldError[] = [];
      for (const rule of site.rules) {
        if (budget.isExhausted) break;
        errors.push(...check(rule, site, run));
      }
      return errors;
    };
  };
}

const OUT_OF_BUDGET = 'failed due to running out of cost budget, no further validation rules will be run';

/** The function that evaluates a rule, or the message of its compilation error. */
type CompiledRule = LimitedRun | string;

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
    if (outcome.limit === 'object') return [stopped(site, `validation ${OUT_OF_BUDGET}`)];
    if (outcome.limit === undefined) return [stopped(site, `${outcome.message} evaluating rule: ${text}`)];
    const what = `'${LIMIT_EXCEEDED}': no further validation rules will be run due to call cost exceeds limit for rule`;
    return [stopped(site, `${what}: ${text.trim()}`)];
  }
  const field = rule.fieldPath === undefined || rule.fieldPath === '' ? site.field : joined(site, rule.fieldPath);
  const message = messageOf(rule, site, variables, run);
  if (typeof message !== 'string') return [stopped(site, message.stopped)];
  const value = typeof site.value === 'object' ? '' : `: ${formatValue(site.value)}`;
  switch (rule.reason) {
    case 'FieldValueRequired':
      return [{ reason: rule.reason, field, message: `Required value: ${message}` }];
    case 'FieldValueForbidden':
      return [{ reason: rule.reason, field, message: `Forbidden: ${message}` }];
    case 'FieldValueDuplicate':
      return [{ reason: rule.reason, field, message: `Duplicate value${value}` }];
    default:
      return [{ reason: 'FieldValueInvalid', field, message: `Invalid value${value}: ${message}` }];
  }
}

/** The error of a rule without a result. */
const stopped = ({ schema, field }: RuleSite, message: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${JSON.stringify(schema.type ?? 'object')}: ${message}`,
});

/**
 * The message of a rule that evaluates to false, or the reason why its message expression stops all rules of the
 * object.
 */
function messageOf(
  rule: ValidationRule,
  site: RuleSite,
  variables: Record<string, unknown>,
  run: Run,
): string | { readonly stopped: string } {
  if (rule.messageExpression !== undefined && rule.messageExpression !== '') {
    const outcome = run(site, rule.messageExpression, rule.optionalOldSelf === true, variables);
    if (!outcome.ok && outcome.limit === 'object') return { stopped: `messageExpression evaluation ${OUT_OF_BUDGET}` };
    if (!outcome.ok && outcome.limit === 'rule') {
      const cause = 'no further validation rules will be run due to call cost exceeds limit for messageExpression';
      return { stopped: `${cause}: ${goQuote(rule.messageExpression)}` };
    }
    const own = outcome.ok ? shownMessage(outcome.value) : undefined;
    if (own !== undefined) return own;
  }
  return rule.message !== undefined && rule.message !== '' ? rule.message : `failed rule: ${rule.rule.trim()}`;
}

/** Splits a field path such as `.spec.max` or `.labels['a.b']` into member names. */
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

const joined = (site: RuleSite, path: string): string =>
  StructuralSchema.fieldPath([...site.path, ...(fieldPathParts(path) ?? [])]);

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
 * Returns a checker that compiles the rules of a schema node, adds their estimated costs to `costs`, and returns the
 * errors.
 */
export const ruleChecker =
  (costs: RuleCosts): Required<CrdRules>['checkRules'] =>
  (schema, rules, path, uncorrelatable, times) => {
    const root = path.endsWith('openAPIV3Schema.x-kubernetes-validations');
    const resource = root || schema['x-kubernetes-embedded-resource'] === true;
    return rules.flatMap((rule, index): FieldError[] => {
      const environment = ruleEnvironment(schema, rule.optionalOldSelf === true, root);
      const compiled = environment.compile(rule.rule);
      const at = `${path}[${index}]`;
      const refused = (part: string, problem: string, value: JsonValue = shownRule(rule)): FieldError =>
        fieldInvalid(`${at}.${part}`, value, problem);
      if (!compiled.ok) return [refused('rule', `compilation failed: ${compiled.text}`)];
      if (compiled.type.kind !== BOOL.kind) return [refused('rule', 'cel expression must evaluate to a bool')];
      const errors: FieldError[] = [];
      if (rule.optionalOldSelf !== undefined && !USES_OLD.test(rule.rule))
        errors.push(refused('optionalOldSelf', 'may not be set if oldSelf is not used in rule', rule.optionalOldSelf));
      errors.push(...costs.rule(compiled.checked, schema, resource, times, `${at}.rule`));
      if (uncorrelatable !== undefined && USES_OLD.test(rule.rule)) {
        const problem = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
        errors.push(refused('rule', problem, rule.rule));
      }
      if (rule.messageExpression === undefined || rule.messageExpression === '') return errors;
      const message = environment.compile(rule.messageExpression);
      const place = 'messageExpression';
      if (!message.ok) errors.push(refused(place, `messageExpression compilation failed: ${message.text}`));
      else if (message.type.kind !== STRING.kind)
        errors.push(refused(place, 'messageExpression must evaluate to a string'));
      else errors.push(...costs.message(message.checked, schema, resource, `${at}.${place}`));
      return errors;
    });
  };

/**
 * The checks of one CustomResourceDefinition that need CEL: each rule must compile, no rule may cost too much, and each
 * default must satisfy the rules.
 */
export function ruleChecks(): Required<Omit<CrdRules, 'refusesRepeated'>> {
  const costs = new RuleCosts();
  const start = ruleEvaluator({});
  let evaluate = start();
  return {
    checkRules: ruleChecker(costs),
    evaluateRules: (site: RuleSite) => evaluate(site),
    checkAllRules(schema: string) {
      // Each version has a budget of its own.
      evaluate = start();
      return costs.finish(schema);
    },
  };
}

/** The errors for which an API server refuses to create a CustomResourceDefinition, including those of its rules. */
export const definitionErrors = (crd: KubeObject): FieldError[] => CrdRules.errors(crd, ruleChecks());
