import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KubeClient } from './client.ts';
import { DocumentCache, userCacheDirectory } from './document-cache.ts';
import { type FakeAnswer, fakeTransport } from '../test-support/fake-transport.ts';
import { LiveSchemas } from './live-schemas.ts';

const boat = { group: 'acme.test', version: 'v1', kind: 'Boat' };
const INDEX = '/openapi/v3';
const DISCOVERY = '/apis/acme.test/v1';

const resources = {
  resources: [{ name: 'boats', singularName: 'boat', namespaced: true, kind: 'Boat', verbs: ['get', 'list'] }],
};

/** The OpenAPI document of an aggregated API in which a boat has one field. */
const documentWith = (field: string): string =>
  JSON.stringify({
    components: {
      schemas: {
        'test.acme.v1.Boat': {
          type: 'object',
          properties: { [field]: { type: 'string' } },
          'x-kubernetes-group-version-kind': [boat],
        },
      },
    },
  });

const hashOf = (text: string): string => createHash('sha512').update(text).digest('hex').toUpperCase();
const urlOf = (text: string, hash = hashOf(text)): string => `/openapi/v3/apis/acme.test/v1?hash=${hash}`;

/** A server with one aggregated group whose document has this text. */
function server(text: string, options: { hash?: string; index?: string } = {}) {
  const url = urlOf(text, options.hash);
  const index = options.index ?? JSON.stringify({ paths: { 'apis/acme.test/v1': { serverRelativeURL: url } } });
  const answers = new Map<string, FakeAnswer>([
    [DISCOVERY, { body: resources }],
    [INDEX, { body: index }],
    [url, { body: text }],
  ]);
  const transport = fakeTransport(({ path }) => answers.get(path) ?? { status: 404 });
  const documentRequests = () =>
    transport.requests.map(({ path }) => path).filter((path) => path.startsWith('/openapi/v3/'));
  return { api: new KubeClient({ transport, retries: 0 }), documentRequests };
}

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'typekro-openapi-'));
});
afterEach(async () => {
  await chmod(directory, 0o700);
});

async function fieldsFrom(live: LiveSchemas): Promise<string[]> {
  const source = await live.sourceFor([boat]);
  return Object.keys(source.schemaOf(boat)?.properties ?? {});
}

describe('documents of aggregated APIs', () => {
  test('are requested once, and read from disk by the next process', async () => {
    const first = server(documentWith('mast'));
    const live = new LiveSchemas(first.api, { cache: { directory } });
    expect(await fieldsFrom(live)).toEqual(['mast']);
    live.forget('acme.test', 'Boat');
    expect(await fieldsFrom(live)).toEqual(['mast']);
    expect(first.documentRequests()).toHaveLength(1);
    const second = server(documentWith('mast'));
    expect(await fieldsFrom(new LiveSchemas(second.api, { cache: { directory } }))).toEqual(['mast']);
    expect(second.documentRequests()).toEqual([]);
  });

  test('are read again when their hash changes', async () => {
    await fieldsFrom(new LiveSchemas(server(documentWith('mast')).api, { cache: { directory } }));
    const changed = server(documentWith('keel'));
    expect(await fieldsFrom(new LiveSchemas(changed.api, { cache: { directory } }))).toEqual(['keel']);
    expect(changed.documentRequests()).toHaveLength(1);
  });

  test('are kept only in memory if the cache is off', async () => {
    await fieldsFrom(new LiveSchemas(server(documentWith('mast')).api, { cache: false }));
    expect(await readdir(directory)).toEqual([]);
  });

  test('whose hash does not match their text are kept only for their own server', async () => {
    const hash = hashOf(documentWith('mast'));
    const liar = server(documentWith('hole'), { hash });
    await fieldsFrom(new LiveSchemas(liar.api, { cache: { directory } }));
    expect(await readdir(directory)).toEqual([]);
    await fieldsFrom(new LiveSchemas(liar.api, { cache: { directory, server: 'https://liar.test' } }));
    const requestCount = liar.documentRequests().length;
    expect(await fieldsFrom(new LiveSchemas(liar.api, { cache: { directory, server: 'https://liar.test' } }))).toEqual([
      'hole',
    ]);
    expect(liar.documentRequests()).toHaveLength(requestCount);
    const honest = server(documentWith('mast'));
    const cache = { directory, server: 'https://honest.test' };
    expect(await fieldsFrom(new LiveSchemas(honest.api, { cache }))).toEqual(['mast']);
  });

  const damage: [string, (whole: Buffer) => Buffer][] = [
    ['empty', () => Buffer.alloc(0)],
    ['cut off', (whole) => whole.subarray(0, whole.length - 3)],
    ['changed by one bit', (whole) => Buffer.from(whole.map((byte, index) => (index === 100 ? byte ^ 1 : byte)))],
    ['replaced by other JSON', () => Buffer.from('{"components": {}}')],
    ['zeros', (whole) => Buffer.alloc(whole.length)],
  ];
  test.each(damage)('that are %s on disk are read from the server again', async (_name, spoil) => {
    await fieldsFrom(new LiveSchemas(server(documentWith('mast')).api, { cache: { directory } }));
    const [name = ''] = await readdir(directory);
    const whole = await readFile(join(directory, name));
    await writeFile(join(directory, name), spoil(whole));
    const { api, documentRequests } = server(documentWith('mast'));
    expect(await fieldsFrom(new LiveSchemas(api, { cache: { directory } }))).toEqual(['mast']);
    expect(documentRequests()).toHaveLength(1);
    expect(await readFile(join(directory, name))).toEqual(whole);
  });

  test('are loaded when the cache directory cannot be created', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const { api } = server(documentWith('mast'));
    const live = new LiveSchemas(api, { cache: { directory: join(file, 'below') } });
    expect(await fieldsFrom(live)).toEqual(['mast']);
  });

  test('that are not JSON cause a clear error', async () => {
    const broken = new LiveSchemas(server('<html>').api, { cache: { directory } });
    await expect(broken.sourceFor([boat])).rejects.toMatchObject({ code: 'kube/invalid-answer' });
    expect(await readdir(directory)).toEqual([]);
  });

  test.each(['https://elsewhere.test/doc', '//elsewhere.test/doc', '/api/v1/secrets'])(
    'are not fetched from %s',
    async (url) => {
      const index = JSON.stringify({ paths: { 'apis/acme.test/v1': { serverRelativeURL: url } } });
      const source = await new LiveSchemas(server('', { index }).api, { cache: false }).sourceFor([boat]);
      expect(source.schemaOf(boat)).toBeUndefined();
    },
  );

  test('are loaded completely when one of two callers aborts', async () => {
    const { api, documentRequests } = server(documentWith('mast'));
    const live = new LiveSchemas(api, { cache: false });
    const gaveUp = new AbortController();
    const first = live.sourceFor([boat], { signal: gaveUp.signal });
    const second = live.sourceFor([boat]);
    gaveUp.abort();
    await expect(first).rejects.toMatchObject({ code: 'kube/aborted' });
    expect((await second).schemaOf(boat)?.properties).toHaveProperty('mast');
    expect(documentRequests()).toHaveLength(1);
  });
});

describe('a kind that the server does not have', () => {
  test('has no schema, but messages can name similar kinds', async () => {
    const { api } = server('');
    const yacht = { ...boat, kind: 'Yacht' };
    const source = await new LiveSchemas(api, { cache: false }).sourceFor([yacht, { ...boat, group: 'none.test' }]);
    expect(source.schemaOf(yacht)).toBeUndefined();
    expect([...source.kinds()].filter(({ group }) => group.endsWith('.test'))).toEqual([boat]);
    expect(source.resourceOf(boat)).toBeUndefined();
  });
});

describe('the cache on disk', () => {
  test('removes the least recently read documents when it is full', async () => {
    const cache = new DocumentCache({ directory, maxBytes: 1000 });
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(300));
    for (const [index, text] of texts.entries()) {
      await cache.put(urlOf(text), text);
      for (const name of await readdir(directory)) {
        const past = new Date(Date.now() - (10 - index) * 60_000);
        if ((await readFile(join(directory, name), 'utf8')).endsWith(text))
          await utimes(join(directory, name), past, past);
      }
      if (index === 1) await cache.get(urlOf(texts[0] ?? ''));
    }
    const kept = await Promise.all(texts.map((text) => cache.get(urlOf(text))));
    expect(kept.map((text) => text?.slice(0, 1))).toEqual(['a', undefined, 'c']);
  });

  test('keeps neither a document that is larger than the cache, nor a document without a hash', async () => {
    const cache = new DocumentCache({ directory, maxBytes: 100, server: 'here' });
    await cache.put(urlOf('x'.repeat(200)), 'x'.repeat(200));
    await cache.put('/openapi/v3/apis/acme.test/v1', 'x');
    expect(await readdir(directory)).toEqual([]);
  });

  test('removes abandoned unfinished files, and leaves files that are not its own', async () => {
    const left = `${'a'.repeat(64)}.json.00000000-0000-0000-0000-000000000000.new`;
    for (const name of [left, 'notes.txt']) {
      await writeFile(join(directory, name), 'x');
      await utimes(join(directory, name), new Date(0), new Date(0));
    }
    await new DocumentCache({ directory }).put(urlOf('x'), 'x');
    const names = await readdir(directory);
    expect(names).toHaveLength(2);
    expect(names).toContain('notes.txt');
  });

  test.each([
    ['linux', { HOME: '/home/ada' }, '/home/ada/.cache'],
    ['linux', { HOME: '/home/ada', XDG_CACHE_HOME: '/cache' }, '/cache'],
    ['linux', { HOME: '/home/ada', XDG_CACHE_HOME: '' }, '/home/ada/.cache'],
    ['linux', { HOME: '/home/ada', XDG_CACHE_HOME: '.cache' }, '/home/ada/.cache'],
    ['linux', { HOME: '' }, join(homedir(), '.cache')],
    ['win32', { HOME: 'C:\\Users\\ada' }, 'C:\\Users\\ada\\AppData\\Local'],
    ['darwin', { HOME: '/Users/ada' }, '/Users/ada/Library/Caches'],
    ['win32', { LOCALAPPDATA: 'C:\\Users\\ada\\AppData\\Local' }, 'C:\\Users\\ada\\AppData\\Local'],
  ] as const)('on %s with %o is in %s', (platform, env, expected) => {
    expect(userCacheDirectory(env, platform)).toBe(expected);
  });
});
