/** Complaints about names, in the words of an API server; empty when the name is good. */

const LABEL_MAX = 63;
const SUBDOMAIN_MAX = 253;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const DNS_1035 = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;

const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const tooLong = (max: number): string => `must be no more than ${max} characters`;

/** Names such as `example.com`. */
export function subdomainProblems(name: string): string[] {
  const problems = name.length > SUBDOMAIN_MAX ? [tooLong(SUBDOMAIN_MAX)] : [];
  if (!SUBDOMAIN.test(name.slice(0, SUBDOMAIN_MAX + 1))) problems.push(SUBDOMAIN_TEXT);
  return problems;
}

/** Names such as `my-name`, beginning with a letter. */
export function labelProblems(name: string): string[] {
  const problems = name.length > LABEL_MAX ? [tooLong(LABEL_MAX)] : [];
  if (!DNS_1035.test(name)) problems.push(DNS_1035_TEXT);
  return problems;
}
