import { parseYaml, toYamlText, YamlSyntaxError } from '../../../packages/cluster/src/codec/yaml.ts';
import { jsonEquals, stringifyJson } from '@typekro/kit/core';
import { parsePlainYaml } from '../../../packages/kube/src/config/plain-yaml.ts';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: "a"
clusters:
- cluster: {}
  name: a
contexts:
  - name: a
    context:
      cluster: a
      user: 'u' # comment
users: []
`;

const DOCUMENTS = `%YAML 1.1
---
a: &anchor {b: [1, 0x1F, 0b1, 017, 1_000, 1e3, -0.5], "c": !!str 3, d: 'e'}
list: [*anchor, ~, null, yes, off, 2001-12-14t21:59:43.10-05:00, !!binary aGk=]
merged: {<<: *anchor, x: 9007199254740993}
? text
: >-
  folded
   more
kept: |+
  line

...
---
second: true
`;

/**
 * Parses YAML with the parser for requests and with the parser for plain kubeconfig files. If the plain parser accepts
 * a text, the results of both parsers must be equal. The first parser must read each written result back unchanged.
 */
export const target: FuzzTarget = {
  name: 'yaml',
  dictionary: [
    '---\n',
    '...\n',
    '- ',
    ': ',
    '? ',
    '&a ',
    '*a',
    '<<: ',
    '!!binary ',
    '!!set ',
    '!!str ',
    '!<tag:x> ',
    '|\n',
    '>-\n',
    '|2+\n',
    '"\\x41"',
    "''",
    '{',
    '}',
    '[',
    ']',
    ', ',
    '#',
    '%YAML 1.2\n',
    '\t',
    '\n  ',
    '\r\n',
    '~',
    'null',
    'yes',
    '0o17',
    '1:30',
    '.inf',
    '0x',
    '1e400',
    '9007199254740993',
    '__proto__: ',
    'constructor: ',
    '\u0085',
    '\u2028',
    '\ufeff',
  ],
  seeds: () => [KUBECONFIG, DOCUMENTS].map((text) => Buffer.from(text)),
  generators: [],
  isMutable: true,
  run(input) {
    const text = input.toString('utf8');
    const parsed = parsedOrRefused(text);
    const plain = parsePlainYaml(text);
    if (plain !== undefined && (parsed === undefined || !jsonEquals(plain, parsed))) {
      throw new FuzzFinding(`the plain parser reads ${stringifyJson(plain)}`);
    }
    if (parsed === undefined) return 'refused';
    const written = toYamlText(parsed);
    const again = parsedOrRefused(written);
    if (again === undefined || !jsonEquals(parsed, again)) {
      throw new FuzzFinding(`${stringifyJson(parsed)} is written as ${JSON.stringify(written)}`);
    }
    return written;
  },
};

function parsedOrRefused(text: string) {
  try {
    return parseYaml(text).value;
  } catch (thrown) {
    if (!(thrown instanceof YamlSyntaxError)) throw thrown;
    if (thrown.message === '') throw new FuzzFinding('refused without a reason');
    return undefined;
  }
}
