/**
 * The name rules of apimachinery 1.36. Each rule returns a list of problems in the API server's words; the list is
 * empty for a valid name. The messages state the length of label keys and label values in bytes, and of all other names
 * in characters. Both units mean UTF-8 bytes.
 */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const DNS_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';

/** The maximum length of a DNS label, of a label value, and of the name part of a label key. */
const MAX_LABEL_BYTES = 63;
const MAX_SUBDOMAIN_BYTES = 253;
const MAX_PORT_NAME_BYTES = 15;

/** A rule's message and its pattern. The pattern is compiled once, because every write checks dozens of names. */
interface Rule {
  readonly pattern: RegExp;
  readonly text: string;
}

function rule(pattern: string, text: string, ...examples: readonly string[]): Rule {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return {
    pattern: new RegExp(`^${pattern}$`),
    text: `${text} (${shown === '' ? '' : `e.g. ${shown}`}regex used for validation is '${pattern}')`,
  };
}

const DNS_LABEL_RULE = rule(
  LABEL,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  'my-name',
  '123-abc',
);
const DNS_SUBDOMAIN_RULE = rule(
  SUBDOMAIN,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  'example.com',
);
const DNS_1035_RULE = rule(
  DNS_1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  'my-name',
  'abc-123',
);
const WILDCARD_RULE = rule(
  WILDCARD,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  '*.example.com',
);
const QUALIFIED_RULE = rule(
  QUALIFIED,
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyName',
  'my.name',
  '123-abc',
);
const LABEL_VALUE_RULE = rule(
  `(${QUALIFIED})?`,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  'MyValue',
  'my_value',
  '12345',
);
const FEATURE_PATTERN = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;
const CONDITION_REASON_RULE = rule(
  '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?',
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  'my_name',
  'MY_NAME',
  'MyName',
  'ReasonA,ReasonB',
  'ReasonA:ReasonB',
);
const CONFIG_KEY_RULE = rule(
  CONFIG_KEY,
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  'key.name',
  'KEY_NAME',
  'key-name',
);

const HTTP_PATH_RULE = rule("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", 'Invalid path');
/** Printable ASCII without `=`. */
const ENV_VAR_NAME = /^[ -<>-~]+$/;

/** Returns one problem if the name has more than `max` UTF-8 bytes; otherwise an empty list. */
export function tooLongName(text: string, max: number, unit: 'bytes' | 'characters' = 'characters'): string[] {
  const fits = text.length * 3 <= max || (text.length <= max && new TextEncoder().encode(text).length <= max);
  return fits ? [] : [`must be no more than ${max} ${unit}`];
}

function problemsOf(text: string, max: number, { pattern, text: problem }: Rule): string[] {
  const problems = tooLongName(text, max);
  if (!pattern.test(text)) problems.push(problem);
  return problems;
}

/** Names such as `my-name` or `123-abc`: RFC 1123 labels. */
export function dnsLabel(text: string): string[] {
  const problems = tooLongName(text, MAX_LABEL_BYTES);
  if (DNS_LABEL_RULE.pattern.test(text)) return problems;
  // A subdomain that is not a label always contains dots, so the dots are its problem.
  problems.push(DNS_SUBDOMAIN_RULE.pattern.test(text) ? 'must not contain dots' : DNS_LABEL_RULE.text);
  return problems;
}

/** Is the string an RFC 1123 label? */
export const isDnsLabel = (text: string): boolean => dnsLabel(text).length === 0;

/** Is the string an RFC 1123 subdomain? */
export const isDnsSubdomain = (text: string): boolean => dnsSubdomain(text).length === 0;

/** Names such as `example.com`: RFC 1123 subdomains, the names of most objects. */
export function dnsSubdomain(text: string): string[] {
  return problemsOf(text, MAX_SUBDOMAIN_BYTES, DNS_SUBDOMAIN_RULE);
}

/**
 * The first `maxLength` characters of a name, without dashes and dots at their end, because a name must not end with
 * these.
 */
export const namePrefix = (name: string, maxLength: number): string => name.slice(0, maxLength).replace(/[-.]+$/, '');

/** Names such as `my-name`: DNS-1035 labels, which must begin with a letter. */
export function dns1035Label(text: string): string[] {
  return problemsOf(text, MAX_LABEL_BYTES, DNS_1035_RULE);
}

/** Host names whose first label is `*`. */
export function wildcardSubdomain(text: string): string[] {
  return problemsOf(text, MAX_SUBDOMAIN_BYTES, WILDCARD_RULE);
}

/** Keys of labels and annotations: an optional domain, a slash, a name. */
export function qualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2)
    return [
      `a valid label key ${QUALIFIED_RULE.text} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = parts.at(-1) ?? '';
  const problems: string[] = [];
  if (parts.length === 2) problems.push(...prefixProblems(parts[0] ?? '').map((problem) => `prefix part ${problem}`));
  if (name === '') problems.push('name part must be non-empty');
  else problems.push(...tooLongName(name, MAX_LABEL_BYTES, 'bytes').map((problem) => `name part ${problem}`));
  if (!QUALIFIED_RULE.pattern.test(name)) problems.push(`name part ${QUALIFIED_RULE.text}`);
  return problems;
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['must be non-empty'];
  const problems = tooLongName(prefix, MAX_SUBDOMAIN_BYTES, 'bytes');
  if (!DNS_SUBDOMAIN_RULE.pattern.test(prefix)) problems.push(DNS_SUBDOMAIN_RULE.text);
  return problems;
}

/** Values of labels. */
export function labelValue(text: string): string[] {
  const problems = tooLongName(text, MAX_LABEL_BYTES, 'bytes');
  if (!LABEL_VALUE_RULE.pattern.test(text)) problems.push(LABEL_VALUE_RULE.text);
  return problems;
}

/** Reasons of conditions in the common form of Kubernetes. */
export function conditionReason(text: string): string[] {
  return CONDITION_REASON_RULE.pattern.test(text) ? [] : [CONDITION_REASON_RULE.text];
}

/** Names of features that a cluster node declares, such as `MyFeature` or `MyFeature/myPart`. */
export function featureName(text: string): string[] {
  const long = tooLongName(text, MAX_SUBDOMAIN_BYTES);
  if (long.length > 0 || FEATURE_PATTERN.test(text)) return long;
  return [
    "must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes",
  ];
}

/** Names that must be valid as one path segment and have no other rule, such as role names. */
export function pathSegment(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%']
    .filter((character) => text.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** Keys of ConfigMaps and Secrets. */
export function configMapKey(text: string): string[] {
  const problems = problemsOf(text, MAX_SUBDOMAIN_BYTES, CONFIG_KEY_RULE);
  if (text === '.') problems.push("must not be '.'");
  else if (text === '..') problems.push("must not be '..'");
  else if (text.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Names of ports, and of application protocols. */
export function portName(text: string): string[] {
  const problems = tooLongName(text, MAX_PORT_NAME_BYTES);
  if (!/^[-a-z0-9]+$/.test(text))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) problems.push('must contain at least one letter (a-z)');
  if (text.includes('--')) problems.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** A domain, a slash and a path. */
export function domainPath(text: string): string[] {
  const slash = text.indexOf('/');
  const [domain, path] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (domain === '' || path === '') return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const problems = dnsSubdomain(domain);
  if (!HTTP_PATH_RULE.pattern.test(path)) problems.push(HTTP_PATH_RULE.text);
  return problems;
}

/** Names of environment variables. */
export function envVarName(text: string): string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  if (ENV_VAR_NAME.test(text)) return [];
  return [`a valid environment variable name must consist only of printable ASCII characters other than '='`];
}

/**
 * The URL path of an API group and version: `/api/v1`, `/apis/apps/v1`. Escapes characters that would end a path
 * segment.
 */
export function groupVersionPath(type: { readonly group: string; readonly version: string }): string {
  return type.group === ''
    ? `/api/${encodeURIComponent(type.version)}`
    : `/apis/${encodeURIComponent(type.group)}/${encodeURIComponent(type.version)}`;
}

/** The URL path of a pod's log, with the query parameters. */
export function podLogPath(pod: { readonly namespace: string; readonly name: string }, query: URLSearchParams): string {
  const [namespace, name] = [encodeURIComponent(pod.namespace), encodeURIComponent(pod.name)];
  return `/api/v1/namespaces/${namespace}/pods/${name}/log?${query.toString()}`;
}
