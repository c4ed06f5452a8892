/** Rules for names that only objects of a cluster have; each returns what is wrong, in the API's words. */

export { dns1035Label, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../../core/index.ts';

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
  if (text.length > 253) problems.push('must be no more than 253 bytes');
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

/** Names of environment variables. */
export function envVarName(text: string): string[] {
  if (/^[^=\p{Cc}]+$/u.test(text)) return [];
  return [`a valid environment variable name must consist only of printable ASCII characters other than '='`];
}
