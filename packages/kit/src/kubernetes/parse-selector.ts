import { Failure, goQuote, parseInt64 } from '../golang/index.ts';
import { labelValue, qualifiedName } from './names.ts';

/** The labels of an object; undefined for an object without labels. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** Does a selector match an object with these labels? */
export type LabelMatcher = (labels: Labels) => boolean;

interface Requirement {
  readonly key: string;
  readonly operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';
  readonly values: readonly string[];
}

/**
 * Parses a label selector string (`a=b,c in (d,e),!f`) with the syntax and the error messages of apimachinery's
 * `labels.Parse`. An empty string matches everything.
 */
export function parseSelector(text: string): LabelMatcher | Failure {
  try {
    const tests = new SelectorParser(text).parse().map(matcherOf);
    return (labels) => tests.every((matches) => matches(labels));
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

function matcherOf({ key, operator, values }: Requirement): LabelMatcher {
  const valueIn = (labels: Labels) => (labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined);
  switch (operator) {
    case '=':
    case 'in':
      return (labels) => {
        const value = valueIn(labels);
        return value !== undefined && values.includes(value);
      };
    case '!=':
    case 'notin':
      return (labels) => {
        const value = valueIn(labels);
        return value === undefined || !values.includes(value);
      };
    case 'exists':
      return (labels) => valueIn(labels) !== undefined;
    case '!':
      return (labels) => valueIn(labels) === undefined;
    case '>':
    case '<': {
      const bound = parseInt64(values[0] ?? '');
      return (labels) => {
        const value = parseInt64(valueIn(labels) ?? '');
        if (typeof value !== 'bigint' || typeof bound !== 'bigint') return false;
        return operator === '>' ? value > bound : value < bound;
      };
    }
  }
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
    if (negated) return { key, operator: '!', values: [] };
    const operator = this.#peek();
    switch (operator) {
      case '':
      case ',':
        return { key, operator: 'exists', values: [] };
      case '=':
      case '==':
      case '!=':
        this.#token();
        return { key, operator: operator === '!=' ? '!=' : '=', values: checked(key, [this.#value()]) };
      case 'in':
      case 'notin':
        this.#token();
        return { key, operator, values: checked(key, this.#values()) };
      case '>':
      case '<': {
        this.#token();
        const value = this.#value();
        if (typeof parseInt64(value) !== 'bigint')
          throw unparsable(
            `values[0]: Invalid value: ${goQuote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
          );
        return { key, operator, values: checked(key, [value]) };
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
