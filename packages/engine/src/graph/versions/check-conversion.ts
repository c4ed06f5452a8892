import { DYN, type Environment, combineProviders, isOptional, typeToString } from '@typekro/cel';
import { nearestName } from '@typekro/kit/core';
import type { DirectionRules, FieldRule } from '../../conversion/conversion-program.ts';
import { conversionEnvironment } from '../../conversion/conversion-language.ts';
import { declaredField } from '../../conversion/field-steps.ts';
import { celType } from '../../schema/cel-types.ts';
import { type Schema, CelTypes, StructuralSchema } from '../../schema/index.ts';
import { explainMismatch } from '../checks/assignability.ts';
import { withoutPrefix } from '../checks/check-types.ts';
import { readPaths } from '../expressions/read-paths.ts';
import { fieldsAt, offsetOfPlace } from '../kinds/schema-paths.ts';
import { formatPath } from '../path.ts';
import type { ProblemLocation, Problems } from '../problems.ts';
import { explainSyntaxError } from '../syntax/explain-syntax-error.ts';
import { celCode, celHint, celWords } from '../warnings/hints.ts';
import { conversionGaps } from './conversion-gaps.ts';
import type { WrittenRule, WrittenRules } from './read-rules.ts';

/** One direction of a conversion. */
export interface ConversionSide {
  readonly names: { readonly from: string; readonly to: string };
  /** The schemas of whole objects. */
  readonly schemas: { readonly from: Schema; readonly to: Schema };
  readonly lossy: readonly (readonly string[])[];
  readonly member: 'convertTo' | 'convertFrom';
  /** The place of `convertTo` or `convertFrom`, or of the version without it. */
  readonly place: ProblemLocation;
}

/**
 * Checks the rules of one direction, and finds fields without a value and fields that are lost. Reports all errors.
 * `before` is the number of errors before the rules were read.
 */
export function checkConversion(
  written: WrittenRules,
  side: ConversionSide,
  problems: Problems,
  before: number,
): DirectionRules {
  const checker = new RuleChecker(side, problems);
  const rules = {
    fields: written.fields.flatMap((rule) => checker.field(rule)),
    ...(written.whole?.text === undefined ? {} : { whole: checker.whole(written.whole) }),
  };
  // A rule with an error would cause additional errors about the fields that it sets and reads.
  if (problems.errors > before) return rules;
  const facts = {
    ...side.schemas,
    rules: written.fields.map(({ to }) => to),
    isWhole: written.whole !== undefined,
    optional: checker.optional,
    reads: checker.reads,
    lossy: side.lossy,
    isFromHub: side.member === 'convertFrom',
  };
  const {
    names: { from, to },
    member,
    place,
  } = side;
  for (const { kind, field, part } of conversionGaps(facts)) {
    const text = formatPath(field);
    const rule = `${quoted(text)}: \${…}`;
    if (kind === 'lost') {
      const whole = `${text}${part?.steps ?? ''}`;
      const isAbsent = part?.isAbsent ?? declaredField(side.schemas.to, field) === undefined;
      const why = isAbsent
        ? `${to} has no such field`
        : part === undefined
          ? 'a rule sets it from something else'
          : 'it has another type there';
      const keep = part === undefined ? 'name it to keep it' : `name the whole of ${text} to keep it`;
      problems.error({
        phase: 'beyond',
        code: 'graph/conversion-loss',
        message: `${whole} of ${from} is lost in ${to}: ${why}, and no rule of ${member} reads it`,
        hint: `read it in a rule of ${member}, or ${keep} in an annotation: lossy: [${quoted(text)}]`,
        place,
      });
    } else if (kind === 'missing')
      problems.error({
        phase: 'beyond',
        code: 'graph/conversion-required',
        message: `${text} is required in ${to}, and an object in ${from} may have no value for it`,
        hint: `add a rule to ${member}, such as ${rule}, or give the field a default in ${to}`,
        place,
      });
    else
      problems.error({
        phase: 'beyond',
        code: 'graph/conversion',
        message: `${text} has another type in ${to} than in ${from}, so its value cannot be copied`,
        hint: `say in ${member} how it is converted: ${rule}`,
        place,
      });
  }
  return rules;
}

class RuleChecker {
  /** The paths that expressions read in the source. */
  readonly reads: (readonly string[])[] = [];
  /** The fields whose rule may give no value. */
  readonly optional: FieldRule['to'][] = [];
  readonly #side: ConversionSide;
  readonly #problems: Problems;
  readonly #environment: Environment;

  constructor(side: ConversionSide, problems: Problems) {
    this.#side = side;
    this.#problems = problems;
    this.#environment = conversionEnvironment(side.schemas.from);
  }

  field(rule: WrittenRule): FieldRule[] {
    const { to, text, value } = rule;
    const target = declaredField(this.#side.schemas.to, to);
    if (target === undefined) {
      this.#unknownField(rule);
      return [];
    }
    if (text === undefined) {
      const field = formatPath(to);
      const version = this.#side.names.to;
      const [error] = StructuralSchema.validate(target, value, { path: field });
      if (error !== undefined)
        this.#refuse(
          rule,
          `${version} refuses the value of ${field}: ${error.message}`,
          value === null
            ? `for a field that can be without a value, read one that can: ${quoted(field)}: \${self.spec.?NAME}`
            : `write a value that ${version} accepts`,
        );
      return [{ to, value }];
    }
    const type = this.#compile(rule);
    if (type !== undefined) {
      const types = combineProviders(
        CelTypes.of({ self: { schema: this.#side.schemas.from } }).types,
        CelTypes.of({ target: { schema: target } }).types,
      );
      const expected = celType(target, '__type_target') ?? DYN;
      if (isOptional(type)) this.optional.push(to);
      const mismatch = explainMismatch(type, expected, types);
      if (mismatch !== undefined) {
        const field = formatPath(to);
        const why = mismatch.startsWith('type kind') ? '' : `: ${mismatch}`;
        const what = `${field} of ${this.#side.names.to} is ${typeToString(expected)}, and the expression gives ${typeToString(type)}${why}`;
        this.#refuse(rule, readable(what, field), type.kind === 'null' ? NO_VALUE : CASTS[expected.kind]);
      }
    }
    return [{ to, cel: text.cel }];
  }

  whole(rule: WrittenRule): string {
    const type = this.#compile(rule);
    if (type !== undefined && !['map', 'struct', 'dyn'].includes(type.kind))
      this.#refuse(rule, `the expression gives ${typeToString(type)}, not an object`, "write ${{'spec': {…}}}");
    const parsed = this.#environment.parse(rule.text?.cel ?? '');
    const made = parsed.ok && parsed.ast.expr.kind === 'map' ? parsed.ast.expr.entries : [];
    const other = made.flatMap(({ key }) => (key.kind === 'literal' ? String(key.value) : [])).find(isUnconverted);
    if (other !== undefined)
      this.#refuse(
        rule,
        `a conversion cannot set ${other}: it makes the spec and the status of an object`,
        `remove '${other}' from the expression`,
      );
    return rule.text?.cel ?? '';
  }

  /** Compiles an expression and records what it reads. Reports its errors. */
  #compile(rule: WrittenRule) {
    const cel = rule.text?.cel ?? '';
    const compiled = this.#environment.compile(cel);
    if (compiled.ok) {
      const scope = { names: new Map(), isVariable: (id: string) => id === 'self', isCollection: () => false };
      this.reads.push(...readPaths(compiled.checked.ast.expr, scope).map(({ steps }) => steps.map(String)));
      return compiled.type;
    }
    const [error] = compiled.errors;
    if (error === undefined) return undefined;
    const offset = Math.max(0, offsetOfPlace(cel, error));
    const code = celCode(error.message);
    const parsed = this.#environment.parse(cel);
    const { types } = CelTypes.of({ self: { schema: this.#side.schemas.from } });
    const name = /^undeclared reference to '([^']*)'/.exec(error.message)?.[1];
    const words =
      code === 'cel/syntax'
        ? explainSyntaxError(cel, error.offset)
        : {
            message: celWords(error.message),
            hint:
              name !== undefined && !this.#environment.isFunction(name) && /^[a-z]\w*$/i.test(name)
                ? `a conversion reads only self, the object in ${this.#side.names.from}: write self.spec.${this.#hasField(name) ? name : '…'}`
                : celHint(error, () => (parsed.ok ? fieldsAt(parsed.ast, error, this.#environment, types) : []), cel),
          };
    const { path, text } = rule;
    const place = { path, offset: text?.toOriginal(offset) ?? 0 };
    this.#problems.error({ phase: 'beyond', code, message: words.message, hint: words.hint, place });
    return undefined;
  }

  #hasField = (name: string): boolean => declaredField(this.#side.schemas.from, ['spec', name]) !== undefined;

  #unknownField(rule: WrittenRule): void {
    const parent = declaredField(this.#side.schemas.to, rule.to.slice(0, -1));
    const name = rule.to.at(-1) ?? '';
    const near = nearestName(name, Object.keys(parent?.properties ?? {}));
    const hint =
      near === undefined
        ? `${this.#side.member} sets fields of ${this.#side.names.to}; add the field to its schema, or remove the rule`
        : `did you mean ${quoted(formatPath([...rule.to.slice(0, -1), near]))}?`;
    const message = `${this.#side.names.to} has no field ${formatPath(rule.to)}`;
    this.#problems.error({
      phase: 'beyond',
      code: 'graph/conversion',
      message,
      hint,
      place: { path: rule.path, key: true },
    });
  }

  #refuse({ path }: WrittenRule, message: string, hint: string | undefined): void {
    this.#problems.error({ phase: 'beyond', code: 'graph/conversion', message, hint, place: { path } });
  }
}

/** Names the types of the parts of a field by their paths: `spec.ports[]` for the elements of `spec.ports`. */
const readable = (text: string, field: string): string =>
  withoutPrefix(text.replaceAll('__type_target', field)).replaceAll('.@idx', '[]').replaceAll('.@elem', '.*');

/** A path as it is written in YAML. */
const quoted = (path: string): string => (path.includes('"') ? `'${path}'` : path);

/** Can no conversion set this member of an object? */
const isUnconverted = (member: string): boolean => member !== 'spec' && member !== 'status';

const NO_VALUE =
  'for a field that can be without a value, write an optional: self.spec.?NAME, optional.of(…), optional.none()';

/** The function that makes a value of a type. */
const CASTS: Readonly<Record<string, string>> = {
  string: 'convert it with string(…)',
  int: 'convert it with int(…)',
  double: 'convert it with double(…)',
  bool: 'compare the value, as in … == "on"',
  list: 'convert each element, as in self.spec.ports.map(each, …)',
};
