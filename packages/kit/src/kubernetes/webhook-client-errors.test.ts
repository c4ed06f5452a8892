import { expect, test } from 'vitest';
import type { JsonObject } from '../core/index.ts';
import { webhookClientErrors } from './webhook-client-errors.ts';

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
