import { describe, expect, it, test } from 'vitest';
import type { JsonObject } from '../core/index.ts';
import { fieldErrors } from './field-errors.ts';
import { webhookClientErrors } from './webhook-client-errors.ts';
import { type FailureClass, classify, isBusy, passes } from './failure-class.ts';

const {
  required,
  invalid,
  invalidWithoutValue,
  typeInvalid,
  notSupported,
  duplicate,
  forbidden,
  notFound,
  tooLong,
  tooMany,
  print,
} = fieldErrors((value) => JSON.stringify(value));

test.each([
  [required('spec.a'), 'FieldValueRequired', 'Required value'],
  [required('spec.a', 'name it'), 'FieldValueRequired', 'Required value: name it'],
  [invalid('spec.a', 'x', 'too odd'), 'FieldValueInvalid', 'Invalid value: "x": too odd'],
  [invalidWithoutValue('spec.a', 'too odd'), 'FieldValueInvalid', 'Invalid value: too odd'],
  [invalid('spec.a', '\u0001', ''), 'FieldValueInvalid', String.raw`Invalid value: "\x01"`],
  [typeInvalid('spec.a', [1], 'no list'), 'FieldValueTypeInvalid', 'Invalid value: [1]: no list'],
  [
    notSupported('spec.a', 'x', ['a', 'b']),
    'FieldValueNotSupported',
    'Unsupported value: "x": supported values: "a", "b"',
  ],
  [notSupported('spec.a', 'x', []), 'FieldValueNotSupported', 'Unsupported value: "x"'],
  [duplicate('spec.a', { b: 1 }), 'FieldValueDuplicate', 'Duplicate value: {"b":1}'],
  [forbidden('spec.a', 'not here'), 'FieldValueForbidden', 'Forbidden: not here'],
  [notFound('spec.a', 'x'), 'FieldValueNotFound', 'Not found: "x"'],
  [tooMany('spec.a', 2, 1), 'FieldValueTooMany', 'Too many: 2: must have at most 1 item'],
  [tooMany('spec.a', 3, 2n), 'FieldValueTooMany', 'Too many: 3: must have at most 2 items'],
  [tooMany('spec.a', 1, 0), 'FieldValueTooMany', 'Too many: 1: must have at most 0 items'],
  [tooLong('spec.a', 1n), 'FieldValueTooLong', 'Too long: may not be more than 1 byte'],
  [tooLong('spec.a', 63), 'FieldValueTooLong', 'Too long: may not be more than 63 bytes'],
])('a field error has the same message as in Go: %o', (error, reason, message) => {
  expect(error).toEqual({ reason, field: 'spec.a', message });
});

test.each([
  ['a"b', String.raw`"a\"b"`],
  [5, '5'],
  [0.5, '0.5'],
  [1e21, '1e+21'],
  [1e18, '1e+18'],
  [-9_007_199_254_740_991, '-9007199254740991'],
  [9_007_199_254_740_993n, '9007199254740993'],
  [true, 'true'],
  [null, 'null'],
  [undefined, 'null'],
])('the value %s is printed as %s', (value, text) => {
  expect(print(value)).toBe(text);
});

const FORM = '; desired format: https://host[/path]';
const service = (more: JsonObject): JsonObject => ({ service: { name: 'n', namespace: 's', ...more } });

test.each<[JsonObject, string[]]>([
  [{}, ['at: Required value: exactly one of url or service is required']],
  [{ url: 'https://h', ...service({}) }, ['at: Required value: exactly one of url or service is required']],
  [{ url: 'https://127.0.0.1:8443/convert' }, []],
  [
    { url: 'http://u:p@h/x?q=1#f' },
    [
      `at.url: Invalid value: "http": 'https' is the only allowed URL scheme${FORM}`,
      'at.url: Invalid value: "u:p": user information is not permitted in the URL',
      'at.url: Invalid value: "f": fragments are not permitted in the URL',
      'at.url: Invalid value: "q=1": query parameters are not permitted in the URL',
    ],
  ],
  [
    { url: 'https://a%20b:%40@h/?q=ü#ü%20' },
    [
      'at.url: Invalid value: "a%20b:%40": user information is not permitted in the URL',
      'at.url: Invalid value: "ü ": fragments are not permitted in the URL',
      'at.url: Invalid value: "q=ü": query parameters are not permitted in the URL',
    ],
  ],
  [{ url: 'https://' }, [`at.url: Invalid value: "": host must be specified${FORM}`]],
  [
    { url: 'https://a b' },
    [`at.url: Required value: url must be a valid URL: parse "https://a b": invalid character " " in host name${FORM}`],
  ],
  [service({}), []],
  [
    service({ port: 0 }),
    ['at.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive'],
  ],
  [{ service: {} }, ['at.service.name: Required value', 'at.service.namespace: Required value']],
  [service({ path: '/' }), []],
  [service({ path: '/a/b/' }), []],
  [service({ path: '//' }), ['at.service.path: Invalid value: "//": segment[0] may not be empty']],
  [
    service({ path: 'a' }),
    [
      'at.service.path: Invalid value: "a": must start with a \'/\'',
      'at.service.path: Invalid value: "a": segment[0] may not be empty',
    ],
  ],
  [service({ path: '/a//b' }), ['at.service.path: Invalid value: "/a//b": segment[1] may not be empty']],
  [
    service({ path: '/A' }),
    [
      `at.service.path: Invalid value: "/A": segment[0]: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
    ],
  ],
])('the client configuration %j has the errors that an API server reports', (client, errors) => {
  expect(webhookClientErrors(client, 'at').map(({ field, message }) => `${field}: ${message}`)).toEqual(errors);
});

type Row = readonly [status: number, reason: string, message: string, expected: FailureClass];

const ROWS: readonly Row[] = [
  [0, 'Aborted', 'the request was aborted', 'aborted'],
  [0, 'Transport', 'connect ECONNREFUSED 127.0.0.1:6443', 'unanswered'],
  [0, 'NoAnswer', 'the API server has not answered within 5 s', 'unanswered'],
  [0, 'MalformedWatch', 'a line of the watch is not JSON', 'server-fault'],
  [200, 'InvalidAnswer', 'the server responded without an object', 'unreadable'],
  [302, 'Unknown', 'Found', 'unreadable'],
  [400, 'BadRequest', 'the body is not an object', 'refused'],
  [401, 'Unauthorized', 'Unauthorized', 'unauthenticated'],
  [403, 'Forbidden', 'pods "a" is forbidden: exceeded quota: q', 'refused'],
  [403, 'Forbidden', 'pods "a" is forbidden: status unknown for quota: q, resources: pods', 'new-namespace'],
  [403, 'Forbidden', 'pods "a" is forbidden: error looking up service account n/default: not found', 'new-namespace'],
  [404, 'NotFound', 'namespaces "n" not found', 'not-found'],
  [404, 'UnknownKind', 'the server does not serve Gizmo', 'unserved-kind'],
  [405, 'ReadOnlyClient', 'this server only reads the cluster', 'not-sent'],
  [405, 'MethodNotAllowed', 'the server does not allow this method', 'refused'],
  [408, 'Unknown', 'Request Timeout', 'unanswered'],
  [409, 'AlreadyExists', 'configmaps "a" already exists', 'conflict'],
  [410, 'Expired', 'too old resource version', 'refused'],
  [413, 'RequestEntityTooLarge', 'limit is 3145728', 'refused'],
  [422, 'Invalid', 'ConfigMap "a" is invalid', 'refused'],
  [429, 'TooManyRequests', 'please try again later', 'throttled'],
  [500, 'InternalError', 'failed calling webhook "a"', 'server-fault'],
  [502, 'Unknown', 'Bad Gateway', 'server-fault'],
  [503, 'ServiceUnavailable', 'apiserver not ready', 'unanswered'],
  [504, 'Timeout', 'the server was unable to return a response in the time allotted', 'unanswered'],
];

describe('the class of a failed request', () => {
  it.each(ROWS)('%i %s, "%s", is %s', (status, reason, message, expected) => {
    expect(classify({ status, reason, message })).toBe(expected);
  });
});

/** Per class, the results of `isBusy` (a pass waits silently) and `passes` (a deploy keeps waiting). */
const CONSEQUENCES: Record<FailureClass, readonly [busy: boolean, passing: boolean]> = {
  aborted: [false, true],
  unanswered: [true, true],
  throttled: [true, true],
  conflict: [false, true],
  'unserved-kind': [false, true],
  'new-namespace': [false, true],
  'server-fault': [false, true],
  'not-found': [false, false],
  unauthenticated: [false, false],
  refused: [false, false],
  'not-sent': [false, false],
  unreadable: [false, false],
};

describe('isBusy() and passes() have the listed results for the class', () => {
  it.each(Object.entries(CONSEQUENCES))('%s', (name, [busy, passing]) => {
    expect([isBusy(name as FailureClass), passes(name as FailureClass)]).toEqual([busy, passing]);
  });
});
