import { type JsonValue, isJsonObject, nearestName, stringifyJson } from '@typekro/kit/core';
import type { FieldRule } from '../../conversion/conversion-program.ts';
import { innerOf } from '../../conversion/target-parts.ts';
import { declaredField } from '../../conversion/field-steps.ts';
import type { Schema } from '../../schema/index.ts';
import { OBJECT_RECORD } from '../crd.ts';
import type { PathStep } from '../model.ts';
import type { VersionBlock } from '../parsed-definition.ts';
import { parsePath } from '../path.ts';
import type { Problems } from '../problems.ts';
import { type ExpressionText, joinParts, scanExpressions } from '../expressions/scan.ts';

/** A rule as the author wrote it, with its place in the definition. */
export interface WrittenRule {
  readonly to: FieldRule['to'];
  /** The path of the rule in the definition. */
  readonly path: readonly PathStep[];
  /** The expression; undefined for a constant. */
  readonly text: ExpressionText | undefined;
  readonly value: JsonValue;
}

/** The rules of one direction, as the author wrote them. */
export interface WrittenRules {
  readonly fields: readonly WrittenRule[];
  /** The expression of the whole object. */
  readonly whole: WrittenRule | undefined;
}

/** The fields of the status that the controller writes. Each version has them. */
const CONTROLLER_FIELDS: ReadonlySet<string> = new Set(['state', 'conditions', OBJECT_RECORD]);

/** Reads `convertTo` or `convertFrom`: a map from the paths of fields to values, or one expression. */
export function readRules(block: JsonValue | undefined, path: readonly PathStep[], problems: Problems): WrittenRules {
  if (block === undefined) return { fields: [], whole: undefined };
  if (isJsonObject(block)) {
    const fields = Object.entries(block).flatMap(([field, value]) => {
      const to = stepsOf(field);
      const at = [...path, field];
      const isOwned = to?.[0] === 'status' && CONTROLLER_FIELDS.has(to[1] ?? '');
      if (to !== undefined && !isOwned) return readRule(to, value ?? null, at, problems) ?? [];
      const message = isOwned
        ? `${field} is written by the controller, and is the same in each version`
        : `"${field}" is not the path of a field of spec or status`;
      const hint = isOwned
        ? 'remove the rule; conditions and the state of an instance are not converted'
        : 'write a path such as spec.size; metadata cannot be converted, and a list is converted as a whole';
      problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path: at, key: true } });
      return [];
    });
    return { fields: withoutNested(fields, problems), whole: undefined };
  }
  const whole = typeof block === 'string' ? readRule([], block, path, problems) : undefined;
  if (whole?.text !== undefined && whole.text.template === undefined) return { fields: [], whole };
  const message = 'a conversion is a map from fields to expressions, or one expression of the whole object';
  const hint = "write spec.FIELD: ${self.spec.OTHER} for each field that changes, or ${{'spec': {…}}}";
  problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path } });
  return { fields: [], whole: undefined };
}

function readRule(
  to: readonly string[],
  value: JsonValue,
  path: readonly PathStep[],
  problems: Problems,
): WrittenRule | undefined {
  if (typeof value !== 'string') {
    if (!stringifyJson(value).includes('${')) return { to, path, text: undefined, value };
    const message = 'the value of a field is one expression or a constant; expressions inside of it are not evaluated';
    const hint = "write one expression, such as ${{'name': self.spec.name}} or ${[self.spec.name]}";
    problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path } });
    return undefined;
  }
  if (/^self\.\w/.test(value)) {
    const message = `"${value}" is a text, not an expression`;
    problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint: `write \${${value}}`, place: { path } });
    return undefined;
  }
  const scanned = scanExpressions(value);
  if (scanned.ok) return { to, path, text: joinParts(value, scanned.parts), value };
  const message = scanned.problem === 'nested' ? 'an expression cannot contain another ${' : 'this ${ has no }';
  problems.error({
    phase: 'beyond',
    code: scanned.problem === 'nested' ? 'cel/syntax' : 'graph/unclosed-expression',
    message,
    place: { path, offset: scanned.offset },
    hint: scanned.problem === 'nested' ? 'remove the inner ${ and its }' : 'add the }',
  });
  return undefined;
}

/** The names of fields in a path such as `spec.size`; undefined for a path that does not begin with spec or status. */
function stepsOf(text: string): string[] | undefined {
  const parsed = parsePath(text);
  if (!parsed.ok) return undefined;
  const steps = parsed.steps.filter((step): step is string => typeof step === 'string' && !step.includes('/'));
  const isField = steps.length === parsed.steps.length && (steps[0] === 'spec' || steps[0] === 'status');
  return isField && steps.length > 1 ? steps : undefined;
}

/** Refuses a rule for a field inside of the field of another rule. */
function withoutNested(rules: readonly WrittenRule[], problems: Problems): readonly WrittenRule[] {
  return rules.filter((rule) => {
    const outer = rules.find(
      ({ to }) => to.length < rule.to.length && to.every((step, index) => step === rule.to[index]),
    );
    if (outer === undefined) return true;
    const message = `${rule.to.join('.')} is a part of ${outer.to.join('.')}, which has a rule of its own`;
    const hint = 'remove one of the two rules, or write a rule for each part';
    problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path: rule.path, key: true } });
    return false;
  });
}

/** Reads `lossy`. Each entry is the path of a field of the spec that one of both versions has. */
export function readLossy(
  { lossy }: VersionBlock,
  schemas: readonly Schema[],
  problems: Problems,
): readonly (readonly string[])[] {
  return lossy.flatMap(({ text, path }) => {
    const steps = stepsOf(text);
    if (steps?.[0] === 'spec' && schemas.some((schema) => declaredField(schema, steps) !== undefined)) return [steps];
    const known = schemas.flatMap((schema) => Object.keys(declaredField(schema, ['spec'])?.properties ?? {}));
    const near = nearestName(
      text,
      known.map((name) => `spec.${name}`),
    );
    // A part of the elements of a list or map, such as spec.ports[].name, is kept with the whole field.
    const way = stepsOf(text.replace(/(?:\[|\.\*).*$/s, '')) ?? [];
    const whole = way
      .map((_step, at) => way.slice(0, at + 1))
      .find((field) => schemas.some((schema) => innerOf(declaredField(schema, field) ?? {}) !== undefined))
      ?.join('.');
    const message =
      whole === undefined
        ? `neither version has a field "${text}" in its spec`
        : `${text} is a part of the list or map ${whole}, which can only be kept as a whole`;
    const hint =
      whole !== undefined
        ? `write lossy: [${whole}]`
        : near === undefined
          ? 'write the path of a field, such as spec.size'
          : `did you mean ${near}?`;
    problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path } });
    return [];
  });
}
