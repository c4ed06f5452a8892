import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parsePlainYaml } from './plain-yaml.ts';

const KUBECONFIG = `apiVersion: v1
kind: Config
clusters:
- cluster:
    # ours
    certificate-authority-data: LS0tLS1CRUdJTi+/=
    server: https://127.0.0.1:6443
    insecure-skip-tls-verify: true
  name: kind-a
contexts:
  - name: "a b"
    context:
      cluster: kind-a
      user: ''
current-context: kind-a
preferences: {}
users:
- name: kind-a
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      args:
      - get-token
      - --x
      command: aws
`;

describe('parsePlainYaml', () => {
  it('reads a kubeconfig like the YAML library', () => {
    const plain = KUBECONFIG.replace('      - --x\n', '');
    expect(parsePlainYaml(plain)).toEqual(parse(plain));
    expect(parsePlainYaml(`---\n${plain}`)).toEqual(parse(plain));
  });

  it('reads a kubeconfig in JSON like the YAML library', () => {
    const json = JSON.stringify(parse(KUBECONFIG), undefined, 2);
    expect(parsePlainYaml(`\n${json}`)).toEqual(parse(KUBECONFIG));
  });

  it.each([
    ['a map in one line that is not JSON', '{a: b}'],
    ['a number', 'a: 1'],
    ['an octal number', 'a: 0o17'],
    ['a date', 'a: 2026-01-01'],
    ['a key without a value', 'a:'],
    ['null', 'a: null'],
    ['a long text', 'a: |\n  b'],
    ['a folded value', 'a: b\n  c'],
    ['a comment after a value', 'a: b # c'],
    ['an anchor', 'a: &x b'],
    ['an alias', 'a: *x'],
    ['a tag', 'a: !!str b'],
    ['a map in one line', 'a: {b: c}'],
    ['escapes', 'a: "\\n"'],
    ['a doubled quote', "a: 'b''c'"],
    ['a repeated key', 'a: b\na: c'],
    ['tabs', 'a:\n\tb: c'],
    ['two documents', 'a: b\n---\nc: d'],
    ['wrong indents', 'a:\n    b: c\n  d: e'],
    ['letters beyond ASCII', 'a: ä'],
    ['carriage returns', 'a: b\r\nc: d\r\n'],
    ['a merge key', '<<: b'],
    ['a map as a key', '? a\n: b'],
    ['a text that is not YAML', 'a: b: c'],
    ['the key __proto__', '__proto__: b'],
    ['an empty text', ''],
  ])('leaves %s to a full parser', (_, text) => {
    expect(parsePlainYaml(text)).toBeUndefined();
  });

  it('returns the result of the YAML library, or undefined', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[A-Za-z0-9/_.:@+=-]{0,12}$/),
      fc.constantFrom('true', 'no', '1e3', '0x1f', '~', '.inf', '1:20', '12_3', 'a b', "it's", '#x', '- a', '-', 'a:'),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        word,
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[A-Za-z][\w.-]{0,8}$/), tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.boolean(), fc.nat(3), (written, indentSeq, broken) => {
        const printed = stringify(written, { indentSeq, lineWidth: 0 });
        const text = broken === 0 ? printed.replaceAll(/["']/g, '') : printed;
        const read = parsePlainYaml(text);
        if (read !== undefined) expect(read).toEqual(parse(text));
      }),
      { numRuns: 1000 },
    );
  });
});
