import { isIP } from 'node:net';
import { dnsSubdomain } from '../../core/index.ts';

/** Rules for names that only objects of a cluster have; each returns what is wrong, in the API's words. */

export { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../../core/index.ts';

/** Names that only have to fit into a path, e.g. those of roles. */
export function pathSegment(text: string): string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%']
    .filter((character) => text.includes(character))
    .map((character) => `may not contain '${character}'`);
}

/** Keys of ConfigMaps and Secrets. */
export function configMapKey(text: string): string[] {
  const problems: string[] = [];
  if (text.length > 253) problems.push('must be no more than 253 characters');
  if (!/^[-._a-zA-Z0-9]+$/.test(text)) {
    problems.push(
      "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
  }
  if (text === '.') problems.push("must not be '.'");
  else if (text === '..') problems.push("must not be '..'");
  else if (text.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Names of ports, and of the protocols of an application. */
export function portName(text: string): string[] {
  const problems: string[] = [];
  if (text.length > 15) problems.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]*$/.test(text))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) problems.push('must contain at least one letter (a-z)');
  if (text.includes('--')) problems.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** Why a text is no address; nothing when it is one. */
export function addressProblem(text: string): string | undefined {
  return isIP(text) === 0 ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' : undefined;
}

/** Why a text is no range of addresses; nothing when it is one. */
export function cidrProblem(text: string): string | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const bits = isIP(address) === 6 ? 128 : 32;
  const valid = isIP(address) !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;
  return valid ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const WILDCARD = `\\*\\.${LABEL}(\\.${LABEL})*`;

/** Names of hosts whose first label is `*`. */
export function wildcardSubdomain(text: string): string[] {
  if (new RegExp(`^${WILDCARD}$`).test(text)) return [];
  return [
    `a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '${WILDCARD}')`,
  ];
}

/** A domain, a slash and a path below it. */
export function domainPath(text: string): string[] {
  const [domain = '', ...path] = text.split('/');
  if (path.length === 0 || domain === '' || path[0] === '')
    return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  return dnsSubdomain(domain);
}

/** Names of environment variables. */
export function envVarName(text: string): string[] {
  if (/^[^=\p{Cc}]+$/u.test(text)) return [];
  return [`a valid environment variable name must consist only of printable ASCII characters other than '='`];
}
