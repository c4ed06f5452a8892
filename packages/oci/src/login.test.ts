import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';
import { chooseCredentials, helperCredentials, readDockerCredentials } from './docker-config.ts';
import { chooseProof } from './token-server.ts';

const read = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

describe('a challenge', () => {
  test.each<[string, readonly object[]]>([
    ['', []],
    ['Basic realm="x"', [{ scheme: 'basic', realm: 'x' }]],
    ['Basic', [{ scheme: 'basic' }]],
    [
      'Bearer realm="https://a/token",service="r",scope="repository:a:pull,push"',
      [{ scheme: 'bearer', realm: 'https://a/token', service: 'r', scope: 'repository:a:pull,push' }],
    ],
    ['bearer realm=https://a/token , service=r', [{ scheme: 'bearer', realm: 'https://a/token', service: 'r' }]],
    ['Bearer realm="a\\"b"', [{ scheme: 'bearer', realm: 'a"b' }]],
    ['Bearer Realm="a",realm="b"', [{ scheme: 'bearer', realm: 'a' }]],
    [
      'Basic realm="x", Bearer realm="y"',
      [
        { scheme: 'basic', realm: 'x' },
        { scheme: 'bearer', realm: 'y' },
      ],
    ],
    ['Bearer realm="never ends', [{ scheme: 'bearer' }]],
    ['=', []],
    ['__proto__ a="b"', [{ scheme: '__proto__', a: 'b' }]],
    [`Bearer realm="${'x'.repeat(9000)}"`, []],
  ])('%j is read', (header, challenges) => {
    expect(read(header)).toEqual(challenges);
  });
});

describe('the password', () => {
  const proof = (realm: string, origin: string, host?: string, hasPassword = true) =>
    chooseProof(parseChallenges(`Bearer realm="${realm}",service="s"`), origin, hasPassword, host);

  test.each([
    ['https://registry.example.com/token', 'https://registry.example.com'],
    ['https://auth.docker.io/token', 'https://registry-1.docker.io'],
    ['https://example.com/jwt/auth', 'https://registry.example.com'],
    ['https://h:8443/token', 'https://h:5000'],
    ['http://127.0.0.1:1/token', 'http://127.0.0.1:2'],
  ])('may go to %s for %s', (realm, origin) => {
    expect(proof(realm, origin)).toMatchObject({ kind: 'token', service: 's' });
  });

  test.each([
    ['https://evil.test/token', 'https://registry.example.com', 'not below its domain'],
    ['https://evilexample.com/token', 'https://registry.example.com', 'not below its domain'],
    ['https://other.com/token', 'https://example.com', 'not below its domain'],
    ['https://10.0.0.2/token', 'https://10.0.0.1', 'not below its domain'],
    ['https://9.0.0.1/token', 'https://10.0.0.1', 'not below its domain'],
    ['https://aregistry/token', 'https://registry', 'not below its domain'],
    ['https://b.c/token', 'https://[::1]', 'not below its domain'],
    ['http://registry.example.com/token', 'https://registry.example.com', 'would show the credentials'],
    ['http://127.0.0.1/token', 'https://127.0.0.1', 'would show the credentials'],
    ['http://example.com/token', 'http://127.0.0.1', 'would show the credentials'],
    ['file:///etc/passwd', 'https://registry.example.com', 'would show the credentials'],
    ['token', 'https://registry.example.com', 'no URL'],
  ])('must not go to %s for %s', (realm, origin, why) => {
    expect(() => proof(realm, origin)).toThrow(
      expect.objectContaining({ code: 'oci/token-server', message: expect.stringContaining(why) }),
    );
  });

  test('may go to a server that the user names', () => {
    expect(proof('https://login.test/token', 'https://example.com', 'login.test')).toMatchObject({ kind: 'token' });
    expect(chooseProof(parseChallenges('Basic realm="x"'), 'https://a', true, undefined)).toEqual({ kind: 'basic' });
    expect(chooseProof(parseChallenges('Negotiate'), 'https://a', true, undefined)).toBeUndefined();
  });

  test('that is not there can be asked for by any server with TLS', () => {
    const origin = 'https://registry.example.com';
    expect(proof('https://login.test/token', origin, undefined, false)).toMatchObject({ kind: 'token' });
    expect(() => proof('http://login.test/token', origin, undefined, false)).toThrow('would show the credentials');
  });
});

const auth = Buffer.from('user:pass:word').toString('base64');
const PASSWORD = { kind: 'password', user: 'user', password: 'pass:word' };

describe("docker's configuration", () => {
  test.each<[string, Parameters<typeof chooseCredentials>[0], string, unknown]>([
    ['nothing', {}, 'h', undefined],
    ['an entry', { auths: { 'h:5000': { auth } } }, 'h:5000', PASSWORD],
    ['an entry with a scheme', { auths: { 'https://h': { auth } } }, 'h', PASSWORD],
    ['an entry of another port', { auths: { 'h:5000': { auth } } }, 'h', undefined],
    ['user and password', { auths: { h: { username: 'user', password: 'pass:word' } } }, 'h', PASSWORD],
    ['an identity token', { auths: { h: { auth, identitytoken: 't' } } }, 'h', { kind: 'identity', token: 't' }],
    ['an empty entry', { auths: { h: {} } }, 'h', undefined],
    ['Docker Hub', { auths: { 'https://index.docker.io/v1/': { auth } } }, 'docker.io', PASSWORD],
    ['a helper', { credHelpers: { h: 'one' }, credsStore: 'all' }, 'h', { kind: 'helper', name: 'one', server: 'h' }],
    ['a store', { credsStore: 'all', auths: { h: {} } }, 'h', { kind: 'helper', name: 'all', server: 'h' }],
    ['a name of a prototype', { credHelpers: {}, auths: {} }, 'constructor', undefined],
  ])('with %s', (_, config, registry, expected) => {
    expect(chooseCredentials(config, registry)).toEqual(expected);
  });

  test.each<[string, Parameters<typeof chooseCredentials>[0]]>([
    ['a list', []],
    ['a list of entries', { auths: [] }],
    ['a text as entry', { auths: { h: 'hunter2' } }],
    ['an entry without a colon', { auths: { h: { auth: Buffer.from('hunter2').toString('base64') } } }],
    ['a helper with a path', { credHelpers: { h: '../evil' } }],
  ])('with %s is refused, and not printed', (_, config) => {
    expect(() => chooseCredentials(config, 'h')).toThrow(
      expect.objectContaining({ code: 'oci/docker-config', message: expect.not.stringContaining('hunter2') }),
    );
  });

  test.each([
    ['{"Username":"user","Secret":"pass:word"}', PASSWORD],
    ['{"Username":"<token>","Secret":"t"}', { kind: 'identity', token: 't' }],
    ['{"Username":1}', undefined],
    ['no', undefined],
  ])('a helper prints %s', (output, expected) => {
    expect(helperCredentials(output)).toEqual(expected);
  });

  test('is read from its folder, and its helper is run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-docker-'));
    const script = (name: string, text: string) => {
      writeFileSync(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, `docker-credential-${name}`), 0o755);
    };
    script('good', 'read server; echo "{\\"Username\\":\\"$server\\",\\"Secret\\":\\"$1\\"}"');
    script('none', 'echo "credentials not found in native keychain"; exit 1');
    script('bad', 'echo hunter2; echo hunter2 >&2; exit 1');
    script('odd', 'echo hunter2');
    const config = (text: string) => writeFileSync(join(folder, 'config.json'), text);
    const get = (registry: string) =>
      readDockerCredentials(
        registry,
        { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` },
        new AbortController().signal,
      );
    expect(await get('h')).toBeUndefined();
    config(JSON.stringify({ credHelpers: { good: 'good', none: 'none', bad: 'bad', odd: 'odd', absent: 'absent' } }));
    expect(await get('good')).toEqual({ kind: 'password', user: 'good', password: 'get' });
    expect(await get('none')).toBeUndefined();
    for (const [name, why] of [
      ['bad', 'it failed'],
      ['odd', 'its output is no JSON'],
    ] as const) {
      const failure = await get(name).catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'oci/helper', message: expect.stringContaining(why) });
      expect(String(failure)).not.toContain('hunter2');
    }
    await expect(get('absent')).rejects.toMatchObject({ message: expect.stringContaining('PATH has no such program') });
    config('{"auths": {"h": hunter2');
    const broken = await get('h').catch((error: unknown) => error);
    expect(broken).toMatchObject({ code: 'oci/docker-config' });
    expect(String(broken)).not.toContain('hunter2');
  });
});
