/** Rules for names, in the words of the API's error texts. Each returns what is wrong; nothing when all is well. */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

/** Of the few patterns that there are, each is compiled once: every write of a cluster checks dozens of names. */
const COMPILED = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  let compiled = COMPILED.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(`^${pattern}$`);
    COMPILED.set(pattern, compiled);
  }
  return compiled.test(text);
}

const LABEL_TEXT = `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
const SUBDOMAIN_TEXT = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const QUALIFIED_TEXT = `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;

const tooLong = (limit: number): string => `must be no more than ${limit} bytes`;

/** Names such as `my-name` or `123-abc`. */
export function dnsLabel(text: string): string[] {
  return [...(text.length > 63 ? [tooLong(63)] : []), ...(matches(LABEL, text) ? [] : [LABEL_TEXT])];
}

/** Names such as `example.com`. */
export function dnsSubdomain(text: string): string[] {
  return [
    ...(text.length > 253 ? ['must be no more than 253 characters'] : []),
    ...(matches(SUBDOMAIN, text) ? [] : [SUBDOMAIN_TEXT]),
  ];
}

/** Names such as `my-name`, which begin with a letter. */
export function dns1035Label(text: string): string[] {
  const pattern = '[a-z]([-a-z0-9]*[a-z0-9])?';
  return [
    ...(text.length > 63 ? [tooLong(63)] : []),
    ...(matches(pattern, text)
      ? []
      : [
          `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${pattern}')`,
        ]),
  ];
}

/** Keys of labels and annotations: an optional domain, a slash, a name. */
export function qualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const name = parts.at(-1) ?? '';
  const problems: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...dnsSubdomain(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > 63) problems.push('name part must be no more than 63 bytes');
  if (!matches(QUALIFIED, name)) problems.push(QUALIFIED_TEXT);
  return problems;
}

/** Values of labels. */
export function labelValue(text: string): string[] {
  return [
    ...(text.length > 63 ? [tooLong(63)] : []),
    ...(text === '' || matches(QUALIFIED, text)
      ? []
      : [
          `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`,
        ]),
  ];
}
