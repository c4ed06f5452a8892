import { DYN, kroEnvironment } from '@typekro/cel';
import type { JsonObject } from '@typekro/kit/core';
import { cond, not, variable } from '../ir/build.ts';
import { type Node, isLiteral, Variable, walk, rewrite } from '../ir/node.ts';
import { ruleWithMessage } from '../../notations/simple-emit-markers.ts';
import type { Target } from '../public-types.ts';
import { Facts } from '../trace/facts.ts';
import type { ValidationRecord } from '../trace/records.ts';
import { Refusal } from '../refusal/refusal.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { holds } from './violations.ts';

/** Preconditions as markers of SimpleSchema: rules by field, and required fields. */
export interface FieldRulesOut {
  readonly rules: ReadonlyMap<string, readonly string[]>;
  readonly required: ReadonlySet<string>;
}

/**
 * Converts preconditions to SimpleSchema markers. A precondition on one field of the spec becomes a `validation` of the
 * field; a precondition on several fields of a nested object becomes a rule of the object. A precondition that an
 * absent field violates makes the field required. A precondition on fields without a common parent below the spec is
 * refused, because a definition has no field for such a precondition.
 */
export function fieldRules(
  validations: readonly ValidationRecord[],
  target: Target,
  ids: ReadonlySet<string>,
): FieldRulesOut {
  const rules = new Map<string, string[]>();
  const required = new Set<string>();
  for (const validation of validations) {
    const paths = [...new Set(pathsIn(validation.rule))];
    const common = commonPath(paths);
    if (common.length === 0) throw misplaced(validation, target);
    const path = common.join('.');
    const fact = presence(validation.rule, common);
    const whenThere = fact === undefined ? validation.rule : assume(validation.rule, fact);
    if (fact !== undefined && !holdsWithout(validation.rule, fact, common)) required.add(path);
    if (isLiteral(whenThere, true)) continue;
    const self = new Variable('self', 'resource');
    const rule = rewrite(whenThere, (node) =>
      pathOf(node)?.join('.') === path ? variable(self, node.type) : undefined,
    );
    const text = ruleWithMessage(new ExpressionWriter(ids, target).cel(rule), validation.message);
    rules.set(path, [...(rules.get(path) ?? []), text]);
  }
  return { rules, required };
}

function misplaced(validation: ValidationRecord, target: Target): Refusal {
  const refusal = new Refusal(
    'validation',
    `the precondition "${validation.message}" reads several fields of the spec, which a definition for ${target === 'stock' ? 'stock kro' : 'kro'} cannot check`,
    'check one field at a time, or put the fields into one nested object of the spec',
  );
  refusal.site = validation.site;
  return refusal;
}

/** Does a rule hold for an instance without the only field that it reads? */
function holdsWithout(rule: Node, fact: Node, path: readonly string[]): boolean {
  const known = assume(rule, not(fact));
  if (known.kind === 'lit') return known.value === true;
  // The whole rule is evaluated, because the types of its remaining parts were joined with the type of the field.
  const spec = path.slice(0, -1).reduceRight<JsonObject>((inner, name) => ({ [name]: inner }), {});
  return holds(rule, kroEnvironment({ variables: { schema: DYN } }), { spec });
}

/** A rule without the parts that a fact decides, also inside of operands, such as those of `(field ?? 5) > 3`. */
function assume(rule: Node, fact: Node): Node {
  const facts = new Facts();
  facts.assume(fact);
  const known = (node: Node): Node | undefined => {
    const simpler = node.type.kind === 'bool' ? facts.simplify(node) : node;
    if (simpler !== node) return rewrite(simpler, known);
    if (node.kind !== 'cond') return undefined;
    const [test, a, b] = node.args;
    return cond(rewrite(test, known), rewrite(a, known), rewrite(b, known));
  };
  return facts.simplify(rewrite(rule, known));
}

/** The path of a field below `schema.spec`. */
function pathOf(node: Node): string[] | undefined {
  const fields: string[] = [];
  let current = node;
  while (current.kind === 'select' || current.kind === 'has' || current.kind === 'optselect') {
    fields.unshift(current.field);
    current = current.args[0];
  }
  if (current.kind !== 'var' || current.variable.role !== 'schema' || fields[0] !== 'spec') return undefined;
  return fields.slice(1);
}

/** The paths of the fields that a rule reads. An object that is read only on the way to a field is left out. */
function pathsIn(rule: Node): string[] {
  const all: string[] = [];
  const inner = new Set<Node>();
  walk(rule, (node) => {
    if (pathOf(node) !== undefined) for (const arg of node.args) inner.add(arg);
  });
  walk(rule, (node) => {
    const path = inner.has(node) ? undefined : pathOf(node);
    if (path !== undefined && path.length > 0) all.push(path.join('.'));
  });
  return all;
}

function commonPath(paths: readonly string[]): string[] {
  const split = paths.map((path) => path.split('.'));
  const [first = []] = split;
  let length = 0;
  while (length < first.length && split.every((path) => path[length] === first[length])) length++;
  return first.slice(0, length);
}

/** The `has` node for the field at `path`; undefined when the rule does not contain such a node. */
function presence(rule: Node, path: readonly string[]): Node | undefined {
  let found: Node | undefined;
  walk(rule, (node) => {
    if (node.kind === 'has' && pathOf(node)?.join('.') === path.join('.')) found = node;
  });
  return found;
}
