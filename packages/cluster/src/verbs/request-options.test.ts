import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Query } from '../protocol/request.ts';
import { MAPS, call } from '../../test-support/webhook-cluster.ts';
import { type Cluster, createEmbeddedCluster } from '../index.ts';
import { checkDuplicates } from './apply-body.ts';
import type { WriteRequest } from './write.ts';
import { decodeToken, encodeToken } from './continue-token.ts';
import { listOptions, writeOptions } from './request-options.ts';

test('all repeated keys are reported, even if there are very many', () => {
  const duplicates = Array.from({ length: 500_000 }, (_, index) => `line ${index}: key "a" already set in map`);
  const warnings: string[] = [];
  const write = { options: { fieldValidation: 'Warn' }, warnings } as WriteRequest;
  checkDuplicates(write, { value: {}, duplicates });
  expect(warnings).toEqual(duplicates);
});

const encoded = (text: string) => Buffer.from(text).toString('base64url');

describe('a continue token', () => {
  test.each([
    { version: 7, key: 'default/a' },
    { version: -1, key: 'a' },
    { version: 7, key: 'a', listedAt: 1000 },
  ])('the token %o is unchanged after encoding and decoding', (token) => {
    expect(decodeToken(encodeToken(token))).toEqual(token);
  });

  test.each([
    ['a!b', 'illegal base64 data at input byte 1'],
    ['YWJjZ', 'illegal base64 data at input byte 4'],
    [encoded('abc'), "invalid character 'a' looking for beginning of value"],
    [encoded('{'), 'unexpected end of JSON input'],
    [encoded('[]'), 'json: cannot unmarshal array into Go value of type storage.continueToken'],
    [encoded('null'), 'server does not recognize this encoded version '],
    [encoded('{"v":"v9"}'), 'server does not recognize this encoded version v9'],
    [
      encoded('{"v":"meta.k8s.io/v1","rv":"1"}'),
      'json: cannot unmarshal string into Go struct field continueToken.rv of type int64',
    ],
    [
      encoded('{"v":"meta.k8s.io/v1","rv":1.5}'),
      'json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64',
    ],
    [encoded('{"v":"meta.k8s.io/v1"}'), 'incorrect encoded start resourceVersion (version meta.k8s.io/v1)'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1}'), 'encoded start key empty (version meta.k8s.io/v1)'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a/../b"}'), 'a/../b'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a//b"}'), 'a//b'],
    [encoded('{"v":"meta.k8s.io/v1","rv":1,"start":"a/"}'), 'a/'],
  ])('%s is refused', (token, problem) => {
    expect(() => decodeToken(token)).toThrow(
      expect.objectContaining({ message: `invalid continue token: continue key is not valid: ${problem}` }),
    );
  });
});

const CONTINUE = 'Forbidden: resourceVersionMatch is forbidden when continue is provided';
const UNASKED = 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
const unsupported = (value: string) => `Unsupported value: "${value}": supported values: "NotOlderThan"`;

function problemsOf(query: string, watch: boolean): string[] {
  try {
    listOptions(new Query(query), watch);
    return [];
  } catch (thrown) {
    const { status } = thrown as { status: { details?: { causes?: { message: string }[] } } };
    return (status.details?.causes ?? []).map(({ message }) => message);
  }
}

describe('options of a watch', () => {
  test.each([
    ['', []],
    ['resourceVersionMatch=Exact', [UNASKED, unsupported('Exact')]],
    ['resourceVersionMatch=Bad', [UNASKED, unsupported('Bad')]],
    ['resourceVersionMatch=NotOlderThan', [UNASKED]],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', []],
    ['sendInitialEvents=true', ['Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan']],
    ['continue=abc', [CONTINUE]],
    ['continue=abc&resourceVersion=0', [CONTINUE]],
    ['continue=abc&resourceVersion=7', []],
    ['continue=abc&sendInitialEvents=true&resourceVersionMatch=NotOlderThan', [CONTINUE]],
  ])('a watch with the query %j has the expected problems', (query, problems) => {
    expect(problemsOf(query, true)).toEqual(problems);
  });
});

describe('options of a list', () => {
  test.each([
    ['resourceVersionMatch=Exact&resourceVersion=1', []],
    ['resourceVersionMatch=Exact&resourceVersion=1&continue=abc', [CONTINUE]],
    ['sendInitialEvents=true', ['Forbidden: sendInitialEvents is forbidden for list']],
  ])('a list with the query %j has the expected problems', (query, problems) => {
    expect(problemsOf(query, false)).toEqual(problems);
  });
});

/** The string that Node returns for a header with the UTF-8 bytes of `text`. */
const received = (text: string) => Buffer.from(text).toString('latin1');
const options = (fieldManager: string, userAgent?: string) =>
  writeOptions(
    {
      query: new Query(fieldManager === '' ? '' : `fieldManager=${encodeURIComponent(fieldManager)}`),
      headers: { 'user-agent': userAgent },
    },
    'CreateOptions',
  );

test.each([
  ['kubectl/v1.36.0 (linux/amd64)', 'kubectl'],
  ['', 'unknown'],
  [undefined, 'unknown'],
  ['/v1', 'unknown'],
  [received('größe\u200b字/1'), 'größe字'],
  ['a\tb', 'ab'],
  ['x'.repeat(200), 'x'.repeat(128)],
  [received('字'.repeat(200)), '字'.repeat(42)],
])('the default manager for the User-Agent %j is %j', (userAgent, manager) => {
  expect(options('', userAgent).manager).toBe(manager);
});

// The expected messages equal those of k8s.io/apimachinery/pkg/apis/meta/v1/validation.
test.each([
  ['größe "a" \\', []],
  [
    'a\u00a0b\u0001c',
    [
      String.raw`Invalid value: "a\u00a0b\x01c": invalid character U+00A0 (at position 1)`,
      String.raw`Invalid value: "a\u00a0b\x01c": invalid character U+0001 (at position 4)`,
    ],
  ],
  ['é\u200bx', [String.raw`Invalid value: "é\u200bx": invalid character U+200B (at position 2)`]],
  ['é'.repeat(70), ['Too long: may not be more than 128 bytes']],
])('the field manager %j has the problems %j', (manager, problems) => {
  let found: readonly (string | undefined)[] = [];
  try {
    options(manager);
  } catch (thrown) {
    const { status } = thrown as { status: { details: { causes: { message: string }[] } } };
    found = status.details.causes.map(({ message }) => message);
  }
  expect(found).toEqual(problems);
});

describe('delete options', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
  });
  afterAll(() => cluster.close());

  const send = async (body: unknown) => {
    const { status, body: answer } = await call(cluster.transport(), 'DELETE', `${MAPS}/absent`, body as object);
    return [status, answer.message];
  };

  const JSON_ERROR = "couldn't get version/kind; json parse error: json: cannot unmarshal";

  // The results are those of the codec of options in apimachinery 0.36.
  test.each<[unknown]>([
    [{}],
    [null],
    [{ kind: 'DeleteOptions' }],
    [{ kind: 'DeleteOptions', apiVersion: 'v1' }],
    [{ kind: 'DeleteOptions', apiVersion: 'apps/v1' }],
    [{ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/v1' }],
    [{ kind: 'DeleteOptions', apiVersion: 'meta.k8s.io/' }],
    [{ kind: 'DeleteOptions', apiVersion: 'example.com/v9' }],
    [{ apiVersion: 'v9' }],
    [{ apiVersion: '/' }],
  ])('a deletion accepts the options %j', async (body) => {
    expect(await send(body)).toEqual([404, 'configmaps "absent" not found']);
  });

  test.each<[unknown, string]>([
    [{ kind: 'DeleteOptions', apiVersion: 'a/b/c' }, 'unexpected GroupVersion string: a/b/c'],
    [
      { kind: 'DeleteOptions', apiVersion: 'a/' },
      `Object 'apiVersion' is missing in '{"kind":"DeleteOptions","apiVersion":"a/"}'`,
    ],
    [{ apiVersion: 5 }, `${JSON_ERROR} number into Go struct field .apiVersion of type string`],
    [
      [],
      `${JSON_ERROR} array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`,
    ],
    [
      { kind: 'Pod', apiVersion: 'v1' },
      'no kind "Pod" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [{ kind: 'Pod' }, 'no kind "Pod" is registered for version "meta.k8s.io/v1" in scheme "pkg/runtime/scheme.go:111"'],
    [
      { kind: 'PatchOptions', apiVersion: 'v1' },
      'no kind "PatchOptions" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
    ],
    [{ kind: 'PatchOptions' }, 'converting (v1.PatchOptions) to (v1.DeleteOptions): unknown conversion'],
    [{ kind: 'Status', apiVersion: 'a/v9' }, 'converting (v1.Status) to (v1.DeleteOptions): unknown conversion'],
    [
      { gracePeriodSeconds: 'x' },
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ],
  ])('a deletion refuses the options %j', async (body, message) => {
    expect(await send(body)).toEqual([400, message]);
  });
});
