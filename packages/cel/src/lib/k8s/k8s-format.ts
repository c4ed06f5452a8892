import { dns1035Label, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '@typekro/kit/kubernetes';
import { Failure, parseRequestUrl } from '@typekro/kit/golang';
import type { CallContext, FunctionDeclaration, Library } from '../../library.ts';
import { listType, optionalType, STRING } from '../../types.ts';
import { CelOptional, OPTIONAL_NONE } from '../../values.ts';
import { member, overload, reading, declare } from '../define.ts';
import { FORMAT, FormatValue } from '../opaque.ts';

/** Returns the problems of a string; empty for a valid string. */
type Check = (text: string) => readonly string[];

/** Checks a prefix of a name. A prefix may end with a dash, because the rest of the name follows it. */
const prefix =
  (check: Check): Check =>
  (text) =>
    check(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const matching =
  (matches: (text: string) => boolean, problem: string): Check =>
  (text) =>
    matches(text) ? [] : [problem];

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/;

/** Does the day exist? `Date` reads the 31st of April as the 1st of May. */
function isDate(text: string): boolean {
  if (!DATE.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  return isDate(date) && TIME.test(time);
}

/**
 * The formats, by their names in expressions. The second member of an entry is Kubernetes' own name of the format. Two
 * formats are equal when they have the same Kubernetes name.
 */
const FORMATS: ReadonlyMap<string, FormatValue> = new Map(
  (
    [
      ['dns1123Label', 'DNS1123Label', dnsLabel],
      ['dns1123Subdomain', 'DNS1123Subdomain', dnsSubdomain],
      ['dns1035Label', 'DNS1035Label', dns1035Label],
      ['qualifiedName', 'QualifiedName', qualifiedName],
      ['dns1123LabelPrefix', 'DNS1123LabelPrefix', prefix(dnsLabel)],
      ['dns1123SubdomainPrefix', 'DNS1123SubdomainPrefix', prefix(dnsSubdomain)],
      ['dns1035LabelPrefix', 'DNS1035LabelPrefix', prefix(dns1035Label)],
      ['labelValue', 'LabelValue', labelValue],
      ['uri', 'URI', uriProblems],
      ['uuid', 'uuid', matching((text) => UUID.test(text), 'does not match the UUID format')],
      ['byte', 'byte', matching((text) => BASE64.test(text), 'invalid base64')],
      ['date', 'date', matching(isDate, 'invalid date')],
      ['datetime', 'datetime', matching(isDateTime, 'invalid datetime')],
    ] as const
  ).map(([id, name, check]) => [id, new FormatValue(name, check)]),
);

function uriProblems(text: string): readonly string[] {
  const url = parseRequestUrl(text);
  return url instanceof Failure ? [url.message] : [];
}

/**
 * Kubernetes' `format` library: the named formats, and `validate`, which returns the reasons why a string does not have
 * the format.
 */
export const kubernetesFormat: Library = {
  name: 'kubernetes.format',
  functions: [
    declare(
      'validate',
      member(
        'format-validate',
        [FORMAT, STRING],
        optionalType(listType(STRING)),
        (format: FormatValue, text: string, context: CallContext) => {
          context.charge(text.length >> 2);
          const problems = format.check(text);
          return problems.length === 0 ? OPTIONAL_NONE : new CelOptional([...problems]);
        },
      ),
    ),
    declare(
      'format.named',
      overload(
        'format-named',
        [STRING],
        optionalType(FORMAT),
        reading((name) => {
          const format = FORMATS.get(name);
          return format === undefined ? OPTIONAL_NONE : new CelOptional(format);
        }),
      ),
    ),
    ...[...FORMATS].map(([id, format]): FunctionDeclaration =>
      declare(
        `format.${id}`,
        overload(`format.${id}`, [], FORMAT, () => format),
      ),
    ),
  ],
};
