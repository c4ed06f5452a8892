import { Failure, goQuote, parseInt64 } from '../golang/index.ts';
import { oncePerObject } from '../core/index.ts';
import { labelValue, qualifiedName } from './names.ts';

/** The labels of an object; undefined for an object without labels. */
export type Labels = Readonly<Record<string, unknown>> | undefined;

/** Does a selector match an object with these labels? */
export type LabelMatcher = (labels: Labels) => boolean;

/** A requirement of a label selector or a node selector. */
interface Requirement {
  readonly key: string;
  /** `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`. No object meets a requirement with another operator. */
  readonly operator: string;
  readonly values: readonly unknown[];
}

/**
 * Parses a label selector string (`a=b,c in (d,e),!f`) with the syntax and the error messages of apimachinery's
 * `labels.Parse`. An empty string matches everything.
 */
export function parseSelector(text: string): LabelMatcher | Failure {
  try {
    return requirementsMatcher(new SelectorParser(text).parse());
  } catch (thrown) {
    if (thrown instanceof SelectorError) return new Failure(thrown.message);
    throw thrown;
  }
}

/** {@link parseSelector} for a selector that was validated before. An invalid selector matches nothing. */
export function labelMatcher(text: string): LabelMatcher {
  const matcher = parseSelector(text);
  return matcher instanceof Failure ? () => false : matcher;
}

class SelectorError extends Error {}

const unparsable = (problem: string) => new SelectorError(`unable to parse requirement: ${problem}`);

/** What the requirements of a selector say about one key. */
interface KeyRule {
  isRequired: boolean;
  allowed?: ReadonlySet<unknown>;
  denied?: Set<unknown>;
  above?: bigint;
  below?: bigint;
}

const NONE: ReadonlySet<unknown> = new Set();
const namesOf = oncePerObject((labels: object): readonly string[] => Object.keys(labels));

/**
 * Returns a function that matches labels against requirements. Requirements of the same key become one rule, so a match
 * looks at each label once at most, however many requirements there are.
 */
export function requirementsMatcher(requirements: Iterable<Requirement>): LabelMatcher {
  const rules = new Map<string, KeyRule>();
  for (const requirement of requirements) {
    let rule = rules.get(requirement.key);
    if (rule === undefined) rules.set(requirement.key, (rule = { isRequired: false }));
    narrow(rule, requirement);
  }
  const required = [...rules].filter(([, { isRequired }]) => isRequired);
  for (const [key] of required) rules.delete(key);
  return (labels = {}) => {
    for (const [key, rule] of required)
      if (!Object.hasOwn(labels, key) || labels[key] === undefined || !accepts(rule, labels[key])) return false;
    if (rules.size === 0) return true;
    const names = namesOf(labels);
    for (const key of names.length < rules.size ? names : rules.keys()) {
      const rule = rules.get(key);
      if (rule === undefined || !Object.hasOwn(labels, key) || labels[key] === undefined) continue;
      if (!accepts(rule, labels[key])) return false;
    }
    return true;
  };
}

function narrow(rule: KeyRule, { operator, values }: Requirement): void {
  const { allowed } = rule;
  rule.isRequired ||= operator !== 'NotIn' && operator !== 'DoesNotExist';
  if (operator === 'In') {
    rule.allowed = new Set(allowed === undefined ? values : values.filter((value) => allowed.has(value)));
  } else if (operator === 'NotIn') {
    rule.denied ??= new Set();
    for (const value of values) rule.denied.add(value);
  } else if (operator !== 'Exists') {
    const bound = parseInt64(String(values[0] ?? ''));
    if ((operator !== 'Gt' && operator !== 'Lt') || typeof bound !== 'bigint') rule.allowed = NONE;
    else if (operator === 'Gt') rule.above = rule.above === undefined || bound > rule.above ? bound : rule.above;
    else rule.below = rule.below === undefined || bound < rule.below ? bound : rule.below;
  }
}

/** Does the value of a present label agree with the rule of its key? */
function accepts({ allowed, denied, above, below }: KeyRule, value: unknown): boolean {
  if (allowed?.has(value) === false || denied?.has(value) === true) return false;
  if (above === undefined && below === undefined) return true;
  const number = parseInt64(String(value));
  if (typeof number !== 'bigint') return false;
  return (above === undefined || number > above) && (below === undefined || number < below);
}

/** The white space of label selectors. Other white space counts as part of an identifier. */
const SPACE = /^[ \t\r\n]+/;
const IDENTIFIER = /^[^ \t\r\n=!<>(),]+/;
const OPERATOR = /^(?:==|!=|[=!<>(),])/;

const isIdentifier = (token: string) => token !== '' && IDENTIFIER.exec(token)?.[0] === token;
const startsRequirement = (token: string) => token === '!' || isIdentifier(token);

class SelectorParser {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  parse(): Requirement[] {
    const first = this.#peek();
    if (first === '') return [];
    if (!startsRequirement(first))
      throw new SelectorError(`found '${first}', expected: !, identifier, or 'end of string'`);
    const requirements: Requirement[] = [];
    for (;;) {
      requirements.push(this.#requirement());
      const separator = this.#token();
      if (separator === '') return requirements;
      if (separator !== ',') throw new SelectorError(`found '${separator}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (!startsRequirement(next)) throw new SelectorError(`found '${next}', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek() === '!';
    if (negated) this.#token();
    const key = this.#token();
    if (!isIdentifier(key)) throw unparsable(`found '${key}', expected: identifier`);
    checkKey(key);
    if (negated) return { key, operator: 'DoesNotExist', values: [] };
    const operator = this.#peek();
    switch (operator) {
      case '':
      case ',':
        return { key, operator: 'Exists', values: [] };
      case '=':
      case '==':
      case '!=':
        this.#token();
        return { key, operator: operator === '!=' ? 'NotIn' : 'In', values: checked(key, [this.#value()]) };
      case 'in':
      case 'notin':
        this.#token();
        return { key, operator: operator === 'in' ? 'In' : 'NotIn', values: checked(key, this.#values()) };
      case '>':
      case '<': {
        this.#token();
        const value = this.#value();
        if (typeof parseInt64(value) !== 'bigint')
          throw unparsable(
            `values[0]: Invalid value: ${goQuote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
          );
        return { key, operator: operator === '>' ? 'Gt' : 'Lt', values: checked(key, [value]) };
      }
      default:
        throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #value(): string {
    const next = this.#peek();
    if (next === '' || next === ',') return '';
    const value = this.#token();
    if (!isIdentifier(value)) throw unparsable(`found '${value}', expected: identifier`);
    return value;
  }

  #values(): string[] {
    const open = this.#token();
    if (open !== '(') throw unparsable(`found '${open}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token === ')' || token === ',') values.push('');
      else if (isIdentifier(token)) values.push(this.#token());
      else throw unparsable(`found '${token}', expected: ',', ${values.length === 0 ? "')' " : ''}or identifier`);
      const next = this.#token();
      if (next === ')') return [...new Set(values)].sort();
      if (next !== ',') throw unparsable(`found '${next}', expected: ',' or ')'`);
    }
  }

  #peek(): string {
    const rest = this.#rest.replace(SPACE, '');
    this.#rest = rest;
    return (OPERATOR.exec(rest) ?? IDENTIFIER.exec(rest))?.[0] ?? '';
  }

  #token(): string {
    const token = this.#peek();
    this.#rest = this.#rest.slice(token.length);
    return token;
  }
}

function checkKey(key: string): void {
  const problems = qualifiedName(key);
  if (problems.length > 0) throw unparsable(`<nil>: Invalid value: ${goQuote(key)}: ${problems.join('; ')}`);
}

/** Returns the values unchanged. Throws if one of them is not a valid label value. */
function checked(key: string, values: readonly string[]): readonly string[] {
  const errors = values.flatMap((value, index) => {
    const problems = labelValue(value);
    if (problems.length === 0) return [];
    return [`values[${index}][${key}]: Invalid value: ${goQuote(value)}: ${problems.join('; ')}`];
  });
  if (errors.length > 0) throw unparsable(errors.length === 1 ? (errors[0] ?? '') : `[${errors.join(', ')}]`);
  return values;
}
