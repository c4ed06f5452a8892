import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '@typekro/kube';
import { createAuthority } from '@typekro/kube/certificates';
import { sha256, startRegistry, type TestRegistry } from '../test-support/test-registry.ts';
import type { Credentials } from './docker-config.ts';
import { buildImage } from './image-manifest.ts';
import { packFiles, pullPackage, pushPackage } from './package-transfer.ts';
import { RegistryClient, type RegistryOptions } from './registry-client.ts';

const FILES = [{ path: 'manifests/a.yaml', content: Buffer.from('a: 1\n') }];
const IMAGE = packFiles(FILES, { 'org.opencontainers.image.version': '1.0.0' });
const USER: Credentials = { kind: 'password', user: 'user', password: 'hunter2' };
const BASIC = `Basic ${Buffer.from('user:hunter2').toString('base64')}`;

/** A manifest with what a lying registry could change. */
interface ChangedManifest {
  mediaType: string;
  layers?: object[] | undefined;
  annotations: unknown;
}

let registry: TestRegistry;
let other: TestRegistry;
let clients: RegistryClient[] = [];
/** The pauses before repetitions, in milliseconds. The time limits of requests are not in it. */
let pauses: number[] = [];

/** A clock whose pauses end at once, and whose limits of requests never come. */
const clock: Clock = {
  now: () => 0,
  setTimer(milliseconds, callback) {
    if (milliseconds === 120_000) return { cancel: () => undefined };
    pauses.push(milliseconds);
    const timer = setImmediate(callback);
    return { cancel: () => clearImmediate(timer) };
  },
};

beforeEach(async () => {
  [registry, other, clients, pauses] = [await startRegistry(), await startRegistry(), [], []];
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await registry.close();
  await other.close();
});

const place = () => ({ registry: registry.host, repository: 'team/app', tag: 'v1' });

function open(credentials?: Credentials, more: Partial<RegistryOptions> = {}): RegistryClient {
  const client = new RegistryClient(place(), {
    plainHttp: true,
    credentials: async () => credentials,
    env: {},
    signal: new AbortController().signal,
    clock,
    random: () => 0,
    ...more,
  });
  clients.push(client);
  return client;
}

/** Stores an image without the checks of a push. */
function store({ manifest, config, layer }: Pick<typeof IMAGE, 'manifest' | 'config' | 'layer'>): void {
  registry.manifests.set('v1', manifest).set(sha256(manifest), manifest);
  registry.blobs.set(sha256(config), config).set(sha256(layer), layer);
}

const respond = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
) => {
  response.writeHead(status, headers).end(body);
  return true;
};

describe('a package', () => {
  test('is pushed, is unchanged the second time, and is pulled', async () => {
    expect(await pushPackage(open(), place(), IMAGE, false)).toBe('pushed');
    expect(await pushPackage(open(), place(), IMAGE, false)).toBe('unchanged');
    const pulled = await pullPackage(open(), place());
    expect(pulled).toEqual({
      files: FILES,
      digest: IMAGE.digest,
      annotations: { 'org.opencontainers.image.version': '1.0.0' },
    });
    expect(registry.seen.map(({ line }) => line).slice(0, 8)).toEqual([
      'GET /v2/team/app/manifests/v1',
      `HEAD /v2/team/app/blobs/${sha256(IMAGE.config)}`,
      'POST /v2/team/app/blobs/uploads/',
      `PUT /v2/team/app/blobs/uploads/one?state=a&digest=${encodeURIComponent(sha256(IMAGE.config))}`,
      `HEAD /v2/team/app/blobs/${sha256(IMAGE.layer)}`,
      'POST /v2/team/app/blobs/uploads/',
      `PUT /v2/team/app/blobs/uploads/one?state=a&digest=${encodeURIComponent(sha256(IMAGE.layer))}`,
      'PUT /v2/team/app/manifests/v1',
    ]);
  });

  test('replaces another one at its tag only if it must', async () => {
    const next = packFiles([...FILES, { path: 'b', content: Buffer.from('b') }], {});
    await pushPackage(open(), place(), IMAGE, false);
    await expect(pushPackage(open(), place(), next, false)).rejects.toMatchObject({ code: 'oci/tag-exists' });
    expect(await pushPackage(open(), place(), next, true)).toBe('pushed');
    // A reader with the digest does not notice that the tag has moved.
    expect(await pullPackage(open(), { ...place(), digest: IMAGE.digest })).toMatchObject({ digest: IMAGE.digest });
    expect(await pullPackage(open(), place())).toMatchObject({ digest: next.digest });
  });

  test('of Flux is read', async () => {
    const type = 'application/vnd.cncf.flux.content.v1.tar+gzip';
    const manifest = Buffer.from(String(IMAGE.manifest).replace('application/vnd.oci.image.layer.v1.tar+gzip', type));
    store({ ...IMAGE, manifest });
    expect(String(manifest)).toContain(type);
    expect(await pullPackage(open(), place())).toMatchObject({ files: FILES, digest: sha256(manifest) });
  });

  test('that does not exist is an error of its own', async () => {
    await expect(pullPackage(open(), place())).rejects.toMatchObject({ code: 'oci/not-found' });
  });
});

describe('the tags of a repository', () => {
  const page =
    (tags: unknown, link?: string): TestRegistry['answer'] =>
    ({ url = '' }, response) =>
      url.includes('/tags/list') &&
      respond(response, 200, link === undefined ? {} : { link }, JSON.stringify({ name: 'team/app', tags }));

  test('are those of all pages, without texts that no tag has', async () => {
    registry.answer = (request, response) =>
      request.url === '/v2/team/app/tags/list?n=1000'
        ? page(['1.0.0', 'a b', 1, null], '</v2/team/app/tags/list?n=1000&last=1.0.0>; rel="next"')(request, response)
        : page(['latest'])(request, response);
    expect(await open().tags()).toEqual(['1.0.0', 'latest']);
  });

  test('are none without a repository, and without tags', async () => {
    expect(await open().tags()).toEqual([]);
    registry.answer = page(null);
    expect(await open().tags()).toEqual([]);
  });

  test.each<[string, TestRegistry['answer'], string]>([
    ['a text', page('1.0.0'), 'its list of tags is none'],
    ['without an end', page(['1'], '</v2/team/app/tags/list?n=1000>; rel="next"'), 'its list of tags does not end'],
    ['at another host', page(['1'], '<https://a.test/v2/team/app/tags/list>; rel="next"'), 'does not end'],
  ])('are refused as a list %s', async (_, answer, message) => {
    registry.answer = answer;
    await expect(open().tags()).rejects.toMatchObject({
      code: 'oci/registry',
      message: expect.stringContaining(message),
    });
  });
});

describe('a registry that lies is refused', () => {
  const layerPath = `/v2/team/app/blobs/${sha256(IMAGE.layer)}`;
  const manifestOf = (change: (value: ChangedManifest) => void) => {
    const value = JSON.parse(String(IMAGE.manifest)) as ChangedManifest;
    change(value);
    return { ...IMAGE, manifest: Buffer.from(JSON.stringify(value)) };
  };
  const withLayer = (change: object) =>
    manifestOf((value) => (value.layers = value.layers?.map((layer) => ({ ...layer, ...change }))));
  const atLayer =
    (answer: (response: ServerResponse) => boolean) => (request: IncomingMessage, response: ServerResponse) =>
      request.url === layerPath && answer(response);
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));

  test.each<[string, Partial<typeof IMAGE>, TestRegistry['answer'] | undefined, string]>([
    [
      'other bytes in the layer',
      IMAGE,
      atLayer((response) => respond(response, 200, {}, Buffer.alloc(IMAGE.layer.length))),
      'has the digest',
    ],
    [
      'a shorter layer',
      IMAGE,
      atLayer((response) => respond(response, 200, {}, IMAGE.layer.subarray(1))),
      'bytes instead of',
    ],
    [
      'an endless layer',
      IMAGE,
      atLayer((response) => respond(response, 200, {}, Buffer.alloc(3_000_000))),
      'more than 1048576 bytes',
    ],
    [
      'a layer that ends early',
      IMAGE,
      atLayer((response) => {
        response.writeHead(200, { 'content-length': '9999' }).write('x', () => response.destroy());
        return true;
      }),
      'before its response was complete',
    ],
    [
      'another digest in the header',
      IMAGE,
      (_, response) => respond(response, 200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }, IMAGE.manifest),
      'has the digest',
    ],
    [
      'a manifest that is too long',
      IMAGE,
      (_, response) => respond(response, 200, {}, Buffer.alloc(5_000_000)),
      'more than 4194304 bytes',
    ],
    [
      'a page as manifest',
      IMAGE,
      (_, response) => respond(response, 200, { 'content-type': 'text/html; charset=utf-8' }, Buffer.from('<html>')),
      'text/html; charset=utf-8 instead of a manifest',
    ],
    ['no layer', IMAGE, atLayer((response) => respond(response, 404, {}, '')), 'which a manifest of it names'],
    ['a manifest that is no JSON', { ...IMAGE, manifest: Buffer.from('no') }, undefined, 'is not JSON'],
    ['a list as manifest', { ...IMAGE, manifest: Buffer.from('[]') }, undefined, 'not an object'],
    [
      'an index',
      manifestOf((value) => (value.mediaType = 'application/vnd.oci.image.index.v1+json')),
      undefined,
      'index of images',
    ],
    [
      'a manifest of another type',
      manifestOf((value) => (value.mediaType = 'text/plain')),
      undefined,
      'its manifest has the type',
    ],
    ['two layers', manifestOf((value) => value.layers?.push(...value.layers)), undefined, 'exactly one layer'],
    ['no layers', manifestOf((value) => delete value.layers), undefined, 'exactly one layer'],
    ['a layer of another type', withLayer({ mediaType: 'text/plain' }), undefined, 'its layer has the type'],
    ['a digest that is a path', withLayer({ digest: '../../x' }), undefined, 'no SHA-256 digest'],
    ['a negative size', withLayer({ size: -1 }), undefined, 'no size'],
    ['a huge size', withLayer({ size: 2 ** 40 }), undefined, 'its layer has more than'],
    ['another size', withLayer({ size: IMAGE.layer.length + 1 }), undefined, 'bytes instead of'],
    ['annotations that are no texts', manifestOf((value) => (value.annotations = { a: 1 })), undefined, 'annotations'],
    ['a layer that is not gzip', buildImage(Buffer.from('text'), Buffer.alloc(0), {}), undefined, 'not gzip'],
    ['a bomb', buildImage(bomb, Buffer.alloc(0), {}), undefined, 'unpacks to more than'],
    ['an empty package', packFiles([], {}), undefined, 'no files'],
    [
      'a redirect to a file',
      IMAGE,
      (_, response) => respond(response, 307, { location: 'file:///etc/passwd' }),
      'not secure',
    ],
    [
      'a redirect to plain HTTP elsewhere',
      IMAGE,
      (_, response) => respond(response, 307, { location: 'http://registry.example.com/' }),
      'not secure',
    ],
    [
      'endless redirects',
      IMAGE,
      ({ url }, response) => respond(response, 307, { location: url ?? '' }),
      'redirects too often',
    ],
    ['a redirect to nowhere', IMAGE, (_, response) => respond(response, 302, { location: 'http://[' }), 'no URL'],
    [
      'a login for ever',
      IMAGE,
      (_, response) => respond(response, 401, { 'www-authenticate': 'Basic realm="x"' }),
      'does not accept the login',
    ],
    [
      'an unknown login',
      IMAGE,
      (_, response) => respond(response, 401, { 'www-authenticate': 'Negotiate' }),
      'not supported',
    ],
    [
      'a token server elsewhere',
      IMAGE,
      (_, response) => respond(response, 401, { 'www-authenticate': 'Bearer realm="https://evil.test/t"' }),
      'evil.test',
    ],
    [
      'its own error',
      IMAGE,
      ({ headers }, response) =>
        respond(response, 403, {}, `{"errors":[{"code":"DENIED","message":"no ${headers.authorization}"}]}`),
      'responds with 403 (DENIED: no',
    ],
  ])('with %s', async (_, image, answer, message) => {
    store({ ...IMAGE, ...image });
    if (answer !== undefined) registry.answer = answer;
    const failure = await pullPackage(open(USER), place()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'TypeKroError', message: expect.stringContaining(message) });
    expect(String(failure)).not.toMatch(/hunter2|aHVudGVyMg|dXNlcjpodW/);
  });

  test('when it wants an upload elsewhere, or stores another manifest', async () => {
    registry.answer = ({ method }, response) =>
      method === 'POST' && respond(response, 202, { location: `http://${other.host}/x` });
    await expect(pushPackage(open(), place(), IMAGE, false)).rejects.toMatchObject({
      message: expect.stringContaining('another host'),
    });
    expect(other.seen).toEqual([]);
    registry.answer = ({ method, url }, response) =>
      method === 'PUT' &&
      url?.includes('/manifests/') === true &&
      respond(response, 201, { 'docker-content-digest': 'sha256:0' });
    await expect(pushPackage(open(), place(), IMAGE, false)).rejects.toMatchObject({
      message: expect.stringContaining('it has stored'),
    });
  });
});

describe('credentials', () => {
  const challenge = (response: ServerResponse, text: string) => respond(response, 401, { 'www-authenticate': text });

  test('are sent only after the registry asks, and to no other host', async () => {
    store(IMAGE);
    other.blobs.set(sha256(IMAGE.layer), IMAGE.layer);
    registry.answer = ({ headers, url }, response) => {
      if (headers.authorization !== BASIC) return challenge(response, 'Basic realm="x"');
      if (url?.includes('/blobs/') !== true) return false;
      return respond(response, 307, { location: `http://${other.host}${url}?signature=secret` });
    };
    expect(await pullPackage(open(USER), place())).toMatchObject({ digest: IMAGE.digest });
    expect(registry.seen.map(({ authorization }) => authorization)).toEqual([undefined, BASIC, BASIC]);
    expect(other.seen).toEqual([
      { line: `GET /v2/team/app/blobs/${sha256(IMAGE.layer)}?signature=secret`, authorization: undefined },
    ]);
  });

  test('are not sent to a host that asks for them after a redirect', async () => {
    store(IMAGE);
    registry.answer = (_, response) => respond(response, 307, { location: `http://${other.host}/` });
    other.answer = (_, response) => challenge(response, 'Basic realm="x"');
    await expect(pullPackage(open(USER), place())).rejects.toMatchObject({
      message: expect.stringContaining('asks for a login of its own'),
    });
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test.each<[string, Credentials | undefined, string, string | undefined]>([
    ['a password', USER, 'GET /token?a=b&service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush', BASIC],
    ['nothing', undefined, 'GET /token?a=b&service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cpush', undefined],
    ['an identity token', { kind: 'identity', token: 'id' }, 'POST /token?a=b', undefined],
  ])('with %s get a token, which is used for all requests', async (_, credentials, line, authorization) => {
    other.answer = (_request, response) => respond(response, 200, {}, '{"access_token":"t"}');
    registry.answer = ({ headers }, response) =>
      headers.authorization !== 'Bearer t' &&
      challenge(response, `Bearer realm="http://${other.host}/token?a=b",service="s"`);
    const client = open(credentials);
    await client.putBlob(IMAGE.layer);
    await client.putManifest(IMAGE.manifest, 'v1');
    expect(other.seen).toEqual([{ line, authorization }]);
    expect(registry.seen.slice(1).map(({ authorization: sent }) => sent)).toEqual(
      Array.from({ length: 4 }, () => 'Bearer t'),
    );
  });

  test.each([
    [401, '', 'oci/unauthorized'],
    [200, '{}', 'oci/registry'],
    [200, 'no', 'oci/registry'],
    [200, '{"token":"a\\r\\nx: y"}', 'oci/registry'],
    [307, '', 'oci/registry'],
  ])('are not renewed for ever: the token server responds with %s %s', async (status, body, code) => {
    other.answer = (_, response) => respond(response, status, { location: 'https://evil.test/' }, body);
    registry.answer = (_, response) => challenge(response, `Bearer realm="http://${other.host}/token"`);
    await expect(pullPackage(open(USER), place())).rejects.toMatchObject({ code });
    expect(other.seen).toHaveLength(1);
  });
});

describe('a busy registry', () => {
  test('is asked again after the pause that it names, at most a minute', async () => {
    store(IMAGE);
    const statuses = [429, 503, 429];
    registry.answer = (_, response) => {
      const status = statuses.shift();
      return (
        status !== undefined &&
        respond(response, status, status === 503 ? {} : { 'retry-after': statuses.length > 0 ? '7' : '99999' })
      );
    };
    expect(await pullPackage(open(), place())).toMatchObject({ digest: IMAGE.digest });
    expect(pauses).toEqual([7000, expect.any(Number), 60_000]);
  });

  test('is not asked for ever', async () => {
    registry.answer = (_, response) => respond(response, 429);
    await expect(pullPackage(open(), place())).rejects.toMatchObject({
      code: 'oci/refused',
      message: expect.stringContaining('429'),
    });
    expect(registry.seen).toHaveLength(5);
  });

  test('gets an upload only once, because it may have executed it', async () => {
    registry.answer = ({ method }, response) => method === 'PUT' && respond(response, 503);
    await expect(open().putBlob(IMAGE.layer)).rejects.toMatchObject({ code: 'oci/refused' });
    expect(registry.seen.filter(({ line }) => line.startsWith('PUT'))).toHaveLength(1);
  });

  test('that does not respond in time is an error, and an interrupted command ends', async () => {
    registry.answer = () => true;
    const hurried: Clock = {
      ...clock,
      setTimer: (_, callback) => {
        const timer = setImmediate(callback);
        return { cancel: () => clearImmediate(timer) };
      },
    };
    await expect(pullPackage(open(undefined, { clock: hurried }), place())).rejects.toMatchObject({
      code: 'oci/timeout',
    });
    const interrupted = new AbortController();
    const pulling = pullPackage(open(undefined, { signal: interrupted.signal }), place());
    interrupted.abort(new Error('interrupted'));
    await expect(pulling).rejects.toThrow('interrupted');
  });

  test('that is not there is an error with a remedy', async () => {
    await registry.close();
    await expect(pullPackage(open(), place())).rejects.toMatchObject({
      code: 'oci/unreachable',
      remedy: expect.stringContaining('--plain-http'),
    });
  });
});

describe('TLS', () => {
  const authority = createAuthority(Date.now());
  const tls = { ...authority.issue(['localhost'], ['127.0.0.1']), ca: authority.ca };

  test('needs a known authority, and only the registry gets the certificate of the client', async () => {
    await Promise.all([registry.close(), other.close()]);
    registry = await startRegistry(tls);
    other = await startRegistry(tls);
    store(IMAGE);
    other.blobs.set(sha256(IMAGE.layer), IMAGE.layer);
    registry.answer = ({ url }, response) =>
      url?.includes('/blobs/') === true && respond(response, 307, { location: `https://${other.host}${url}` });
    await expect(pullPackage(open(undefined, { plainHttp: false }), place())).rejects.toMatchObject({
      code: 'oci/unreachable',
      remedy: 'name the authority of its certificate with --ca-file',
    });
    expect(pauses).toEqual([]);
    const certificate = authority.issueClient('pusher', []);
    const client = open(undefined, { plainHttp: false, authorities: authority.ca, certificate });
    expect(await pullPackage(client, place())).toMatchObject({ digest: IMAGE.digest });
    expect(registry.seen.map((seen) => seen.client)).toEqual(['pusher', 'pusher']);
    expect(other.seen.map((seen) => seen.client)).toEqual([undefined]);
  });

  test('does not allow a redirect to plain HTTP, even on this machine', async () => {
    await registry.close();
    registry = await startRegistry(tls);
    registry.answer = (_, response) => respond(response, 307, { location: `http://${other.host}/` });
    const client = open(undefined, { plainHttp: false, authorities: authority.ca });
    await expect(pullPackage(client, place())).rejects.toMatchObject({
      message: expect.stringContaining('not secure'),
    });
    expect(other.seen).toEqual([]);
  });
});
