import { type JsonValue, isJsonObject, stringifyJson, nearestName } from '@typekro/kit/core';
import { isDnsSubdomain } from '@typekro/kit/kubernetes';
import { shapeHint } from './shape-hint.ts';

/** The problem with a field, and its remedy. */
export interface RefusalText {
  readonly message: string;
  readonly hint?: string;
}

const TYPE = /must be of type ([a-z0-9,]+): /;

/** Matches a message about the form of a string, but not, for example, a message about its length. */
const FORM =
  /RFC 1|must consist of|should match|must match|must contain (?:only|at least one letter)|may not contain|supported values|quantit|\bvalid (?!values)|not found/i;

/**
 * Makes a server's message about a field readable, and adds a remedy. Where the server names the type of the value, the
 * new message shows the value. It omits the server's example and the regular expression in the same parentheses, but
 * keeps the pattern of a schema. `value` is the field's value, and `written` its text in the file: `1.20` for 1.2.
 */
export function refusalText(
  message: string,
  value: JsonValue | undefined,
  field: string,
  written = String(value),
): RefusalText {
  const types = TYPE.exec(message)?.[1];
  if (types !== undefined) return typeText(types, value, written);
  const foreign = typeof value === 'string' && FORM.test(message) ? foreignText(value) : undefined;
  if (foreign !== undefined) return { message: `${describe(value)} ${foreign.what}`, hint: foreign.hint };
  const isName = /RFC 1123/.test(message) && typeof value === 'string';
  const host = isName ? /^\w+:\/\/([^/:]+)/.exec(value)?.[1]?.toLowerCase() : undefined;
  if (host !== undefined && isDnsSubdomain(host))
    return {
      message: `${describe(value)} is an address with a scheme, but only a host name is expected`,
      hint: `write ${host}`,
    };
  const text = message.replace(/,?\s*\(e\.g\. .*\)$/s, '').replace(`${field} in body `, '');
  for (const [pattern, hint] of HINTS) {
    const match = pattern.exec(message);
    if (match !== null) return { message: text, hint: hint(match, value, field) };
  }
  const name = lastName(field);
  return name === '' || name === '<nil>' ? { message: text } : { message: text, hint: `write an allowed ${name}` };
}

/**
 * The problem with a string that contains another program's unfilled placeholder, or is enclosed in the typographic
 * quotes of an editor. Undefined for other strings.
 */
function foreignText(value: string): { readonly what: string; readonly hint: string } | undefined {
  if (/\{\{.*\}\}/.test(value))
    return { what: 'is a template of Helm', hint: 'render it first, as in `helm template CHART > app.yaml`' };
  const [, inBraces, bare] = /\$\{([A-Z_][A-Z0-9_]*)\}|(?<!\w)\$([A-Z_][A-Z0-9_]*)/.exec(value) ?? [];
  const variable = inBraces ?? bare;
  if (variable !== undefined)
    return {
      what: 'contains a variable that a shell must replace',
      hint: `replace ${variable} first, as in \`envsubst < app.yaml > filled.yaml\``,
    };
  if (/^[\u2018-\u201f].*[\u2018-\u201f]$/s.test(value))
    return { what: 'has quotes that YAML does not know', hint: 'write straight ones: "text"' };
  return undefined;
}

const TYPE_WORDS = new Map([
  ['integer', 'a whole number'],
  ['int32', 'a whole number'],
  ['int64', 'a whole number'],
  ['number', 'a number'],
  ['float', 'a number'],
  ['double', 'a number'],
  ['string', 'a string'],
  ['boolean', 'true or false'],
  ['array', 'a list'],
  ['object', 'an object'],
  ['byte', 'a value in base64'],
]);

function typeText(types: string, value: JsonValue | undefined, written: string): RefusalText {
  const message = `${describe(value)} is written where ${wordsOf(types)} is expected`;
  return { message, hint: typeHint(types, value, written) };
}

const wordsOf = (types: string): string =>
  types
    .split(',')
    .map((type) => TYPE_WORDS.get(type) ?? type)
    .join(' or ');

const NUMERIC: ReadonlySet<string> = new Set(['integer', 'int32', 'int64', 'number', 'float', 'double']);

function typeHint(types: string, value: JsonValue | undefined, written: string): string {
  if (types === 'string' && (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')) {
    return `write it in quotes: "${written}"`;
  }
  const isNumeric = types.split(',').some((type) => NUMERIC.has(type));
  if (isNumeric && typeof value === 'string' && /^-?\d+$/.test(value)) return `write it without quotes: ${value}`;
  if (typeof value === 'string' && types === 'boolean') return 'write true or false, without quotes';
  if (types === 'byte') return 'encode it in base64; a Secret also takes the plain value, in stringData';
  if (types === 'array') return 'begin each entry with "- ", also when there is only one';
  if (types === 'object') return 'write members, as in "name: value", below the field';
  if (value === null) return 'give it a value, or leave the field out';
  if (types === 'integer' || types === 'int32' || types === 'int64')
    return 'write digits, without quotes and without a decimal point';
  return `write ${wordsOf(types)}`;
}

/**
 * Describes a value in words. A list or an object is named without its content. The JSON of any other value is
 * truncated to 60 characters.
 */
function describe(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return 'nothing (null)';
  if (Array.isArray(value)) return 'a list';
  if (isJsonObject(value)) return 'an object';
  const text = stringifyJson(value);
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return typeof value === 'string' ? `the string ${shown}` : shown;
}

type Hint = (match: RegExpExecArray, value: JsonValue | undefined, field: string) => string;

const lastName = (field: string): string => /([^.[\]]+)(?:\[[^\]]*\])?$/.exec(field)?.[1] ?? field;

/**
 * Converts a string to a valid name: lower case, `-` instead of each match of `disallowed`, at most `max` characters,
 * and neither `-` nor another dot next to a dot. Undefined if the result is empty or the value is not a string.
 */
function validName(value: JsonValue | undefined, disallowed: RegExp, max = 63): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = value
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-')
    .toLowerCase()
    .replaceAll(disallowed, '-')
    .replaceAll(/-?\.[-.]*/g, '.')
    .slice(0, max)
    .replace(/^[-.]+|[-.]+$/g, '');
  return name === '' ? undefined : name;
}

/** The quantity that the author probably meant by a unit of another notation: `512MB`, `500mi`, `2 cores`. */
function meantQuantity(value: JsonValue | undefined, cpu: boolean): string | undefined {
  const [, amount, unit = ''] = (typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([a-z]+)$/i.exec(value) : null) ?? [];
  if (amount === undefined) return undefined;
  if (cpu) return /^m/i.test(unit) ? `${amount}m` : /^(?:c|v)/i.test(unit) ? amount : undefined;
  const power = /^[kmgtp](?=i?b?(?:ytes?)?$)/i.exec(unit)?.[0].toUpperCase();
  return power === undefined ? undefined : `${amount}${power}i`;
}

const forExample = (text: string, name: string | undefined): string =>
  name === undefined ? text : `${text}, for example "${name}"`;

/** The most common refusals with remedies. The first pattern that matches determines the remedy. */
const HINTS: readonly (readonly [RegExp, Hint])[] = [
  [
    /^Required value: valid values: (.*)$/s,
    ([, list = ''], value, field) => {
      const allowed = [...list.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name).join(' or ');
      return value === undefined ? `add ${lastName(field)}: ${allowed}` : `write ${allowed}`;
    },
  ],
  [/^Required value/, (_match, _value, field) => `add ${lastName(field)}`],
  [
    /supported values: (.*)$/s,
    ([, list = ''], value) => {
      const allowed = [...list.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
      const near = typeof value === 'string' ? nearestName(value, allowed) : undefined;
      return near === undefined ? `write one of ${allowed.join(', ')}` : `did you mean "${near}"?`;
    },
  ],
  [/must be between (\d+) and (\d+), inclusive/, ([, low = '', high = '']) => `write a number from ${low} to ${high}`],
  [/(?:must be no|may not be) more than (\d+ (?:character|byte)s?)/, ([, most = '']) => `shorten it to ${most}`],
  [
    /RFC 1035 label/,
    (_match, value) =>
      forExample(
        'begin with a letter, and use lowercase letters, digits and "-"',
        validName(typeof value === 'string' ? value.replace(/^[^A-Za-z]+/, '') : value, /[^a-z0-9]+/g),
      ),
  ],
  [
    /RFC 1123 label/,
    (_match, value) => forExample('use lowercase letters, digits and "-"', validName(value, /[^a-z0-9]+/g)),
  ],
  [
    /RFC 1123 subdomain/,
    (_match, value) => forExample('use lowercase letters, digits, "-" and "."', validName(value, /[^a-z0-9.]+/g, 253)),
  ],
  [
    /valid label key|valid label must be|name part must consist of|prefix part/,
    () => 'use letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  ],
  [
    /`selector` does not match template `labels`/,
    () => 'write the labels of spec.selector into spec.template.metadata.labels, too',
  ],
  [/not a valid selector operator/, () => 'write In, NotIn, Exists, DoesNotExist, Gt or Lt'],
  [/\bboth\b|mutually exclusive/, () => 'remove one of the two'],
  [/CIDR value/, () => 'write a range such as 10.0.0.0/16; a single address is a range with /32, such as 10.0.0.1/32'],
  [/^Duplicate value/, () => 'give each entry its own value, or remove one of them'],
  [
    /quantit/i,
    (_match, value, field) => {
      const meant = meantQuantity(value, lastName(field) === 'cpu');
      const suggestion = meant === undefined ? '' : `, here perhaps ${meant}`;
      return `write a quantity such as 500m, 2, 128Mi or 1Gi${suggestion}`;
    },
  ],
  [
    /must be less than or equal to (?:the )?(?:\w+ )?(?:cpu|memory|ephemeral-storage|\S+) limit/,
    () => 'raise the limit, or lower the request',
  ],
  [/greater than or equal to 0(?![.\d])/, () => 'write 0 or a larger number'],
  [
    /should be (?:greater|less) than or equal to (\S+)/,
    ([text]) => `write a value that ${text.replace('should be', 'is')}`,
  ],
  [/greater than or equal to `(\w+)`/, ([, other = '']) => `raise it to ${other}, or lower ${other}`],
  [
    /must contain only alpha-numeric characters|must contain at least one letter|must not contain consecutive hyphens/,
    (_match, value) => {
      if (typeof value === 'string' && /^\d+$/.test(value)) return `write the number without quotes: ${value}`;
      const name = validName(value, /[^a-z0-9]+/g, 15);
      return forExample(
        'write a port number, or a port name of at most 15 lowercase letters, digits and "-"',
        name !== undefined && /[a-z]/.test(name) ? name : undefined,
      );
    },
  ],
  [/at least (\d+)/, ([text]) => `give ${text}`],
  [/must match the regex|should match|must match pattern/, () => 'write a value of the form that the message names'],
  [/[Ii]mmutable/, () => 'write the earlier value again, or make a new object'],
  [
    /not found/i,
    (_match, value) =>
      `define ${typeof value === 'string' ? `"${value}"` : 'it'} in the same object, or correct the name`,
  ],
  [/must be specified|must specify|is required/, (_match, _value, field) => `set ${lastName(field)}`],
  [
    /may not be (?:set|specified)|must not be (?:set|specified)|[Ff]orbidden/,
    (_match, _value, field) => `remove ${lastName(field)}`,
  ],
  [/cron|exactly 5 fields/i, () => 'write five fields: minute, hour, day of month, month, day of week'],
  [
    /valid IP address/,
    (_match, value) => (value === 'none' ? 'did you mean "None"?' : 'write an address such as 10.0.0.1'),
  ],
  [/IP address|CIDR/i, () => 'write an address such as 10.0.0.1, or a range such as 10.0.0.0/16'],
];

/** The sentences about a refused field. */
export const RefusalText = { of: refusalText, shapeHint };
