import type { KubeObject } from '../../core/index.ts';
import { badRequest } from './status.ts';

/** Does an object belong to what was asked for? */
export type Matcher = (object: KubeObject) => boolean;

const IDENTIFIER = /^[^\s=!<>(),]+/;
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

interface Requirement {
  readonly key: string;
  readonly operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!' | '>' | '<';
  readonly values: readonly string[];
}

/**
 * Reads a label selector (`a=b,c in (d,e),!f`); `undefined` when it selects everything.
 *
 * @throws ApiError 400
 */
export function parseLabelSelector(text: string): Matcher | undefined {
  if (text.trim() === '') return undefined;
  const requirements = new SelectorParser(text).parse();
  return (object) => {
    const labels = object.metadata.labels;
    return requirements.every((requirement) => satisfies(requirement, labels));
  };
}

function satisfies({ key, operator, values }: Requirement, labels: Record<string, string> | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '>':
      return /^[+-]?\d+$/.test(value ?? '') && Number(value) > Number(values[0]);
    case '<':
      return /^[+-]?\d+$/.test(value ?? '') && Number(value) < Number(values[0]);
  }
}

class SelectorParser {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  parse(): Requirement[] {
    const first = this.#peek();
    if (!startsRequirement(first)) throw badRequest(`found '${first}', expected: !, identifier, or 'end of string'`);
    const requirements: Requirement[] = [];
    for (;;) {
      requirements.push(this.#requirement());
      const separator = this.#token();
      if (separator === '') return requirements;
      if (separator !== ',') throw badRequest(`found '${separator}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (!startsRequirement(next)) throw badRequest(`found '${next}', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek() === '!';
    if (negated) this.#token();
    const key = this.#token();
    if (!isIdentifier(key)) throw unparsable(`found '${key}', expected: identifier`);
    checkKey(key);
    const operator = this.#peek();
    if (negated) {
      if (operator !== '' && operator !== ',')
        throw unparsable(`found '${operator}', expected: ',' or 'end of string'`);
      return { key, operator: '!', values: [] };
    }
    switch (operator) {
      case '':
      case ',':
        return { key, operator: 'exists', values: [] };
      case '=':
      case '==':
      case '!=':
        this.#token();
        return { key, operator: operator === '!=' ? '!=' : '=', values: [this.#value(key)] };
      case 'in':
      case 'notin':
        this.#token();
        return { key, operator, values: this.#values(key) };
      case '>':
      case '<': {
        this.#token();
        const value = this.#value(key);
        if (!/^[+-]?\d+$/.test(value)) {
          throw unparsable(
            `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
          );
        }
        return { key, operator, values: [value] };
      }
      default:
        throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #value(key: string): string {
    const next = this.#peek();
    if (next === '' || next === ',') return '';
    const value = this.#token();
    if (!isIdentifier(value)) throw unparsable(`found '${value}', expected: identifier`);
    checkValue(key, value);
    return value;
  }

  #values(key: string): string[] {
    const open = this.#token();
    if (open !== '(') throw unparsable(`found '${open}' expected: '('`);
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token === ')' || token === ',') values.push('');
      else if (isIdentifier(token)) {
        checkValue(key, token);
        values.push(this.#token());
      } else throw unparsable(`found '${token}', expected: ',', ')' or identifier`);
      const next = this.#token();
      if (next === ')') return values;
      if (next !== ',') throw unparsable(`found '${next}', expected: ',' or ')'`);
    }
  }

  #peek(): string {
    this.#rest = this.#rest.trimStart();
    const rest = this.#rest;
    if (rest === '') return '';
    const operator = /^(?:==|!=|[=!<>(),])/.exec(rest);
    return (operator ?? IDENTIFIER.exec(rest))?.[0] ?? rest.charAt(0);
  }

  #token(): string {
    const token = this.#peek();
    this.#rest = this.#rest.slice(token.length);
    return token;
  }
}

const unparsable = (problem: string) => badRequest(`unable to parse requirement: ${problem}`);

const isIdentifier = (token: string) => token !== '' && IDENTIFIER.exec(token)?.[0] === token;

const startsRequirement = (token: string) => token === '!' || isIdentifier(token);

function checkKey(key: string) {
  const slash = key.split('/');
  const name = slash.at(-1) ?? '';
  const valid =
    slash.length <= 2 && NAME.test(name) && name.length <= 63 && (slash.length === 1 || DOMAIN.test(slash[0] ?? ''));
  if (valid) return;
  const rule =
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
  const prefix = slash.length > 2 ? " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')" : '';
  const text = slash.length > 2 ? rule + prefix : rule.replace('a valid label key', 'name part');
  throw unparsable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${text}`);
}

function checkValue(key: string, value: string) {
  if (value === '' || (NAME.test(value) && value.length <= 63)) return;
  const rule =
    value.length > 63
      ? 'must be no more than 63 bytes'
      : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
  throw unparsable(`values[0][${key}]: Invalid value: ${JSON.stringify(value)}: ${rule}`);
}

/** A condition of a field selector. */
export interface FieldRequirement {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Reads a field selector (`metadata.name=a,spec.x!=b`). Throws `ApiError` 400. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text)) {
    if (term === '') continue;
    const match = /^((?:\\.|[^\\=!])*?)(==|!=|=)([\s\S]*)$/.exec(term);
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, value = ''] = match;
    requirements.push({ field, value: value.replaceAll(/\\([\\,=])/g, '$1'), equal: operator !== '!=' });
  }
  return requirements;
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let term = '';
  for (let index = 0; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === '\\') term += character + text.charAt(++index);
    else if (character === ',') {
      terms.push(term);
      term = '';
    } else term += character;
  }
  return [...terms, term];
}
