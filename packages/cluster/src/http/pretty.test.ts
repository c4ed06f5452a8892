import { describe, expect, test } from 'vitest';
import type { IncomingRequest } from '../protocol/request.ts';
import { prettyReply } from './pretty.ts';

const json = (body: Buffer | Buffer[], contentType = 'application/json') => ({
  status: 200,
  headers: { 'content-type': contentType },
  body,
});
const request = (target: string, headers: IncomingRequest['headers'] = {}): IncomingRequest => ({
  method: 'GET',
  target,
  headers,
  body: Buffer.alloc(0),
});
const text = ({ body }: ReturnType<typeof prettyReply>): string =>
  Buffer.isBuffer(body) ? body.toString() : Buffer.concat(body ?? []).toString();

const PLAIN = '{"a":[1,9223372036854775807],"b":{},"c":[]}';
const INDENTED = '{\n  "a": [\n    1,\n    9223372036854775807\n  ],\n  "b": {},\n  "c": []\n}';

test('a long response is not indented, because its parts would be parsed at once', () => {
  const parts = ['[', `"${'x'.repeat(8 * 1024 * 1024)}"`, ',1]'].map((part) => Buffer.from(part));
  const reply = json(parts);
  expect(prettyReply(request('/api/v1/pods?pretty=true'), reply).body).toBe(parts);
});

describe('an answer', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['/api/v1/pods', {}, false],
    ['/api/v1/pods?pretty=true', {}, true],
    ['/api/v1/pods?limit=1&pretty=1', {}, true],
    ['/api/v1/pods?pretty=false', { 'user-agent': 'curl/8.5.0' }, false],
    ['/api/v1/pods?pretty=', { 'user-agent': 'curl/8.5.0' }, true],
    ['/api/v1/pods?pretty=yes', { 'user-agent': 'curl/8.5.0' }, false],
    ['/api/v1/pods/pretty', {}, false],
    ['/api/v1/pods', { 'user-agent': 'curl/8.5.0' }, true],
    ['/api/v1/pods', { 'user-agent': 'Wget/1.21' }, true],
    ['/api/v1/pods', { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }, true],
    ['/api/v1/pods', { 'user-agent': 'kubectl/v1.36.0' }, false],
    ['/api/v1/pods', { accept: 'application/json;pretty=1' }, true],
    ['/api/v1/pods', { accept: 'application/json; pretty=10' }, false],
  ])('to %s with the headers %j is indented: %s', (target, headers, isIndented) => {
    expect(text(prettyReply(request(target, headers), json(Buffer.from(PLAIN))))).toBe(isIndented ? INDENTED : PLAIN);
  });

  test('is also indented when its body has several parts, or when its media type is another JSON type', () => {
    const parts = [Buffer.from(PLAIN.slice(0, 9)), Buffer.from(PLAIN.slice(9))];
    expect(text(prettyReply(request('/?pretty=true'), json(parts)))).toBe(INDENTED);
    const discovery = json(Buffer.from(PLAIN), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(text(prettyReply(request('/?pretty=true'), discovery))).toBe(INDENTED);
  });

  test.each(['application/yaml', 'text/plain'])('of the type %s is not indented', (type) => {
    const reply = json(Buffer.from('a: 1'), type);
    expect(prettyReply(request('/?pretty=true'), reply)).toBe(reply);
  });
});
