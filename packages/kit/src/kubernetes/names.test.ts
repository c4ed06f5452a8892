import { describe, expect, test } from 'vitest';
import * as names from './names.ts';

const RULES = {
  conditionReason: names.conditionReason,
  configMapKey: names.configMapKey,
  dns1035Label: names.dns1035Label,
  dnsLabel: names.dnsLabel,
  dnsSubdomain: names.dnsSubdomain,
  domainPath: names.domainPath,
  envVarName: names.envVarName,
  featureName: names.featureName,
  labelValue: names.labelValue,
  portName: names.portName,
  qualifiedName: names.qualifiedName,
  wildcardSubdomain: names.wildcardSubdomain,
};

test.each<[keyof typeof RULES, string]>([
  ['conditionReason', 'Reason_A,b:1'],
  ['configMapKey', '_a.B-1'],
  ['dns1035Label', 'a'.repeat(63)],
  ['dnsLabel', '1-a'],
  ['dnsSubdomain', `${'a'.repeat(250)}.b`],
  ['domainPath', 'example.com/a/b-1~%20:c'],
  ['domainPath', 'example.com//a'],
  ['envVarName', ' 1-a.b:~'],
  ['featureName', 'Feature/part1'],
  ['labelValue', ''],
  ['labelValue', 'A_b.c-1'],
  ['portName', 'http2'],
  ['qualifiedName', 'example.com/Name_1'],
  ['wildcardSubdomain', '*.example.com'],
])('the rule %s accepts %j', (name, text) => {
  expect(RULES[name](text)).toEqual([]);
});

// The messages are those of apimachinery 1.36. They state the length of label keys and label values in bytes, and of
// all other names in characters.
describe('the error for a name that is too long', () => {
  test.each<[keyof typeof RULES, string, string]>([
    ['dnsLabel', 'a'.repeat(64), 'must be no more than 63 characters'],
    ['dns1035Label', 'a'.repeat(64), 'must be no more than 63 characters'],
    ['dnsSubdomain', 'a'.repeat(254), 'must be no more than 253 characters'],
    ['wildcardSubdomain', `*.${'a'.repeat(252)}`, 'must be no more than 253 characters'],
    ['featureName', 'A'.repeat(254), 'must be no more than 253 characters'],
    ['configMapKey', 'a'.repeat(254), 'must be no more than 253 characters'],
    ['portName', 'a'.repeat(16), 'must be no more than 15 characters'],
    ['labelValue', 'a'.repeat(64), 'must be no more than 63 bytes'],
    ['qualifiedName', 'a'.repeat(64), 'name part must be no more than 63 bytes'],
    ['qualifiedName', `${'a'.repeat(254)}/b`, 'prefix part must be no more than 253 bytes'],
  ])('%s of %s: %s', (name, text, problem) => {
    expect(RULES[name](text)).toEqual([problem]);
  });

  test('lengths count bytes of UTF-8', () => {
    expect(names.labelValue('é'.repeat(32))[0]).toBe('must be no more than 63 bytes');
    expect(names.labelValue('é'.repeat(31))).toHaveLength(1);
  });
});

const ENV_TEXT = "a valid environment variable name must consist only of printable ASCII characters other than '='";

test.each<[keyof typeof RULES, string, string]>([
  ['dnsLabel', 'a.b', 'must not contain dots'],
  [
    'dnsLabel',
    'A',
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'dnsSubdomain',
    '-a',
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  [
    'dns1035Label',
    '1a',
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'qualifiedName',
    'a/b/c',
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  ],
  [
    'labelValue',
    'a b',
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  ],
  [
    'configMapKey',
    'a b',
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  ['domainPath', 'example.com', 'must be a domain-prefixed path (such as "acme.io/foo")'],
  ['domainPath', 'example.com/', 'must be a domain-prefixed path (such as "acme.io/foo")'],
  ['domainPath', '/a', 'must be a domain-prefixed path (such as "acme.io/foo")'],
  ['domainPath', 'example.com/a b', "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"],
  ['envVarName', 'a=b', ENV_TEXT],
  ['envVarName', 'Ñ', ENV_TEXT],
  ['envVarName', 'a\tb', ENV_TEXT],
  ['envVarName', '', 'environment variable name must be non-empty'],
  ['portName', 'a--b', 'must not contain consecutive hyphens'],
  ['qualifiedName', '/a', 'prefix part must be non-empty'],
  ['configMapKey', '..a', "must not start with '..'"],
  ['configMapKey', '..', "must not be '..'"],
])('the rule %s refuses %j: %s', (name, text, problem) => {
  expect(RULES[name](text)).toEqual([problem]);
});

test('an empty port name has neither a valid character nor a letter', () => {
  expect(names.portName('')).toEqual([
    'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'must contain at least one letter (a-z)',
  ]);
});

test.each<[string, number, string]>([
  ['web', 5, 'web'],
  ['web', 3, 'web'],
  ['web-server', 4, 'web'],
  ['web.-server', 5, 'web'],
  ['web-', 9, 'web'],
])('the prefix of %s with at most %i characters is %s', (name, maxLength, expected) => {
  expect(names.namePrefix(name, maxLength)).toBe(expected);
});
