import { describe, expect, test } from 'vitest';
import { formatReference, parseReference, registryOrigin } from './reference.ts';

const DIGEST = `sha256:${'0f'.repeat(32)}`;

describe('a reference', () => {
  test.each([
    ['oci://registry.example.com/app', { registry: 'registry.example.com', repository: 'app', tag: 'latest' }],
    ['oci://localhost:5000/a/b-c__d.e:1.2.0', { registry: 'localhost:5000', repository: 'a/b-c__d.e', tag: '1.2.0' }],
    [`oci://h/app@${DIGEST}`, { registry: 'h', repository: 'app', digest: DIGEST }],
    [`oci://h/app:v1@${DIGEST}`, { registry: 'h', repository: 'app', tag: 'v1', digest: DIGEST }],
    ['oci://[::1]:5000/app:_x', { registry: '[::1]:5000', repository: 'app', tag: '_x' }],
    ['oci://10.0.0.1/app', { registry: '10.0.0.1', repository: 'app', tag: 'latest' }],
  ])('%s is read, and written again', (text, parts) => {
    expect(parseReference(text)).toEqual(parts);
    expect(parseReference(formatReference(parts))).toEqual(parts);
  });

  test.each([
    ['registry.example.com/app', 'it does not begin with oci://'],
    ['https://h/app', 'it does not begin with oci://'],
    ['oci://app', 'it has no repository'],
    ['oci://h/', 'its repository'],
    ['oci:///app', 'its host'],
    ['oci://h:0/app', 'its host'],
    ['oci://h:65536/app', 'its host'],
    ['oci://h:80a/app', 'its host'],
    ['oci://-h/app', 'its host'],
    ['oci://h..x/app', 'its host'],
    ['oci://[zz]/app', 'its host'],
    ['oci://h\n/app', 'its host'],
    ['oci://h/../app', 'its repository'],
    ['oci://h/App', 'its repository'],
    ['oci://h/a//b', 'its repository'],
    ['oci://h/a?x', 'its repository'],
    [`oci://h/${'a'.repeat(256)}`, 'its repository'],
    ['oci://h/app:', 'its tag'],
    ['oci://h/app:-x', 'its tag'],
    ['oci://h/app:a/b', 'its tag'],
    [`oci://h/app:${'a'.repeat(129)}`, 'its tag'],
    ['oci://h/app@sha256:abc', 'its digest'],
    [`oci://h/app@${DIGEST.toUpperCase()}`, 'its digest'],
    [`oci://h/app@sha512:${'0f'.repeat(64)}`, 'its digest'],
    [`oci://h/${'a'.repeat(2000)}`, 'it is longer than 1024 characters'],
  ])('%j is refused', (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'oci/reference', message: expect.stringContaining(why) }),
    );
  });

  test('with a password is refused without printing it', () => {
    expect(() => parseReference('oci://user:hunter2@h/app')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

test.each([
  ['registry.example.com', false, 'https://registry.example.com'],
  ['docker.io', false, 'https://registry-1.docker.io'],
  ['127.0.0.1:5000', true, 'http://127.0.0.1:5000'],
  ['[::1]:5000', true, 'http://[::1]:5000'],
  ['localhost', false, 'https://localhost'],
])('the API of %s is found (plain HTTP: %s)', (registry, plain, origin) => {
  expect(registryOrigin(registry, plain)).toBe(origin);
});

test.each(['registry.example.com', '10.0.0.1:5000', 'localhost.example.com'])(
  'plain HTTP to %s is refused',
  (registry) => {
    expect(() => registryOrigin(registry, true)).toThrow(expect.objectContaining({ code: 'oci/plain-http' }));
  },
);
