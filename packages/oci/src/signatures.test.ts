import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '@typekro/kube';
import {
  BUNDLE,
  COSIGN_KEY,
  COSIGN_PUBLIC_KEY,
  PAYLOAD,
  PAYLOAD_SIGNATURE,
  SIGNED_DIGEST,
} from '../test-support/cosign-recordings.ts';
import { sha256, startRegistry, type TestRegistry } from '../test-support/test-registry.ts';
import { packFiles, pullPackage, pushPackage } from './package-transfer.ts';
import { RegistryClient } from './registry-client.ts';
import { countSignatures, signPackage, verifyPackage } from './sign-package.ts';
import { type PublicKey, readPublicKey, readSigningKey, type SigningKey } from './signing-key.ts';

const IMAGE = packFiles([{ path: 'manifests/a.yaml', content: Buffer.from('a: 1\n') }], {
  'org.opencontainers.image.version': '1.0.0',
});
const OTHER = packFiles([{ path: 'b', content: Buffer.from('b') }], {});
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const PKCS8 = { type: 'pkcs8', format: 'pem' } as const;

const pair = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
const own = pair();
const stranger = pair();
const publicText = (key = own.publicKey): string => String(key.export({ type: 'spki', format: 'pem' }));

let registry: TestRegistry;
let client: RegistryClient;
let key: SigningKey;
let strange: SigningKey;
let trusted: PublicKey;
let cosign: PublicKey;

beforeAll(async () => {
  key = await readSigningKey('own.key', String(own.privateKey.export(PKCS8)), undefined);
  strange = await readSigningKey('strange.key', String(stranger.privateKey.export(PKCS8)), undefined);
  trusted = await readPublicKey('own.pub', publicText());
  cosign = await readPublicKey('cosign.pub', COSIGN_PUBLIC_KEY);
});

beforeEach(async () => {
  registry = await startRegistry();
  client = new RegistryClient(place(), {
    plainHttp: true,
    credentials: async () => undefined,
    env: {},
    signal: new AbortController().signal,
    clock: systemClock,
    random: () => 0,
  });
  await pushPackage(client, place(), IMAGE, false);
});

afterEach(async () => {
  await client.close();
  await registry.close();
});

const place = (tag = 'v1', digest = IMAGE.digest, repository = 'team/app') => ({
  registry: registry.host,
  repository,
  tag,
  digest,
});
const signaturesTag = (digest = IMAGE.digest): string => `${digest.replace(':', '-')}.sig`;

function storeBlob(text: string | Buffer, mediaType: string, size?: number): object {
  const bytes = Buffer.from(text);
  registry.blobs.set(sha256(bytes), bytes);
  return { mediaType, digest: sha256(bytes), size: size ?? bytes.length };
}

/** Writes an image at the tag of signatures. */
function storeSignatures(layers: readonly object[], more: object = {}): void {
  const config = storeBlob('{}', 'application/vnd.oci.image.config.v1+json');
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers, ...more };
  registry.manifests.set(signaturesTag(), Buffer.from(JSON.stringify(manifest)));
}

const layerOf = (text: string, signature: unknown, size?: number): object => ({
  ...storeBlob(text, PAYLOAD_TYPE, size),
  annotations: { [SIGNATURE]: signature },
});

/** A layer with a payload that the trusted key has signed. */
function signedLayer(changes: { identity?: unknown; digest?: unknown; type?: string }): object {
  const { identity = `${registry.host}/team/app:v1`, digest = IMAGE.digest, type } = changes;
  const text = JSON.stringify({
    critical: {
      identity: { 'docker-reference': identity },
      image: { 'docker-manifest-digest': digest },
      type: type ?? 'cosign container image signature',
    },
  });
  return layerOf(text, sign('sha256', Buffer.from(text), own.privateKey).toString('base64'));
}

/** Attaches a bundle with a statement of a key to the package. */
function attachStatement(statement: object, by = own.privateKey, subject = IMAGE.digest): void {
  const [type, payload] = ['application/vnd.in-toto+json', Buffer.from(JSON.stringify(statement))];
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
  const sig = sign('sha256', signed, by).toString('base64');
  const bundle = { dsseEnvelope: { payload: payload.toString('base64'), payloadType: type, signatures: [{ sig }] } };
  attach(JSON.stringify(bundle), subject);
}

function attach(bundle: string, subject = IMAGE.digest, size?: number): void {
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: storeBlob('{}', 'application/vnd.oci.empty.v1+json'),
    layers: [storeBlob(bundle, BUNDLE_TYPE, size)],
    subject: { mediaType: MANIFEST, digest: subject, size: 1 },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  registry.manifests.set(sha256(bytes), bytes);
  const descriptor = { mediaType: MANIFEST, digest: sha256(bytes), size: bytes.length, artifactType: BUNDLE_TYPE };
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: [{ digest: 'no descriptor' }, descriptor] };
  registry.manifests.set(IMAGE.digest.replace(':', '-'), Buffer.from(JSON.stringify(index)));
}

const statementOf = (digest = IMAGE.digest, predicateType = 'https://sigstore.dev/cosign/sign/v1'): object => ({
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: digest.slice(7) } }],
  predicateType,
});

describe('a signature', () => {
  test('is written once for a key and a tag, beside those of others, and is verified', async () => {
    expect(await signPackage(client, place(), strange)).toBe('signed');
    expect(await signPackage(client, place(), key)).toBe('signed');
    expect(await signPackage(client, place(), key)).toBe('unchanged');
    expect(await signPackage(client, place('v2'), key)).toBe('signed');
    expect(await countSignatures(client, place())).toBe(3);
    expect(await verifyPackage(client, place(), [trusted])).toBe(trusted);
    expect(await verifyPackage(client, place('v2'), [cosign, trusted])).toBe(trusted);
    const { registry: host, repository, digest } = place();
    expect(await verifyPackage(client, { registry: host, repository, digest }, [trusted])).toBe(trusted);
  });

  test('is verified before the files of a package are read', async () => {
    registry.seen.length = 0;
    const check = async (): Promise<void> => Promise.reject(new Error('no'));
    await expect(pullPackage(client, place(), check)).rejects.toThrow('no');
    expect(registry.seen.map(({ line }) => line)).toEqual([`GET /v2/team/app/manifests/${IMAGE.digest}`]);
  });

  test('is there before the tag names the package', async () => {
    await pushPackage(client, place('v2'), OTHER, false, async () => {
      await signPackage(client, place('v2', OTHER.digest), key);
      expect(registry.manifests.has('v2')).toBe(false);
    });
    expect(await verifyPackage(client, place('v2', OTHER.digest), [trusted])).toBe(trusted);
  });

  test('of cosign is verified, of both versions', async () => {
    expect(IMAGE.digest).toBe(SIGNED_DIGEST);
    storeSignatures([layerOf(PAYLOAD, PAYLOAD_SIGNATURE)]);
    expect(await verifyPackage(client, place(), [cosign])).toBe(cosign);
    registry.manifests.delete(signaturesTag());
    attach(BUNDLE);
    expect(await verifyPackage(client, place(), [cosign])).toBe(cosign);
    expect(await countSignatures(client, place())).toBe(1);
  });

  test('is found by the API for attached images, page by page', async () => {
    attachStatement(statementOf());
    const bundle = registry.manifests.get(IMAGE.digest.replace(':', '-'));
    registry.manifests.delete(IMAGE.digest.replace(':', '-'));
    let endless = false;
    registry.answer = ({ url = '' }, response) => {
      const [, page] = /^\/v2\/team\/app\/referrers\/sha256:\w+(?:\?page=(\d+))?$/.exec(url) ?? [url];
      if (!url.includes('/referrers/')) return false;
      const isLast = page === '2' && !endless;
      const next = `<${url.split('?')[0]}?page=${Number(page ?? 0) + 1}>; rel="next"`;
      response.writeHead(200, isLast ? {} : { link: next });
      response.end(isLast ? bundle : JSON.stringify({ mediaType: INDEX, manifests: [] }));
      return true;
    };
    expect(await verifyPackage(client, place(), [trusted])).toBe(trusted);
    endless = true;
    await expect(verifyPackage(client, place(), [trusted])).rejects.toMatchObject({ code: 'oci/registry' });
  });

  test('counts at a mirror with another host and a prefix', async () => {
    await signPackage(client, { ...place(), registry: 'registry.example.com' }, key);
    expect(await verifyPackage(client, place('v1', IMAGE.digest, 'mirror/team/app'), [trusted])).toBe(trusted);
    const elsewhere = place('v1', IMAGE.digest, 'other-team/app');
    await expect(verifyPackage(client, elsewhere, [trusted])).rejects.toMatchObject({ code: 'oci/signature' });
  });
});

/** What a registry, or somebody who may write to it, can do. */
const LIES: readonly [name: string, lie: () => void | Promise<unknown>, code: string, message: RegExp][] = [
  ['no signature', () => undefined, 'oci/not-signed', /has no signature$/],
  ['a stranger', () => signPackage(client, place(), strange), 'oci/signature', /it is not of the key own\.pub$/],
  [
    'a signature of another package',
    async () => {
      await signPackage(client, place('v1', OTHER.digest), key);
      registry.manifests.set(signaturesTag(), registry.manifests.get(signaturesTag(OTHER.digest)) ?? Buffer.alloc(0));
    },
    'oci/signature',
    /it is for "sha256:/,
  ],
  ['the signature of an older tag', () => signPackage(client, place('v0'), key), 'oci/signature', /team\/app:v0"$/],
  [
    'the signature of another repository',
    () => signPackage(client, place('v1', IMAGE.digest, 'team/other'), key),
    'oci/signature',
    /team\/other:v1"$/,
  ],
  ['no identity', () => storeSignatures([signedLayer({ identity: '' })]), 'oci/signature', /it is for ""$/],
  ['a number as identity', () => storeSignatures([signedLayer({ identity: 1 })]), 'oci/signature', /its payload is no/],
  [
    'a list of digests',
    () => storeSignatures([signedLayer({ digest: [IMAGE.digest] })]),
    'oci/signature',
    /no "cosign/,
  ],
  ['another type', () => storeSignatures([signedLayer({ type: 'atomic' })]), 'oci/signature', /its payload is no/],
  ['no JSON', () => storeSignatures([layerOf('{', 'AAAA')]), 'oci/signature', /its payload is no/],
  ['no UTF-8', () => storeSignatures([layerOf('\ud800', 'AAAA')]), 'oci/signature', /its payload is no/],
  ['no Base64', () => storeSignatures([layerOf(PAYLOAD, '*')]), 'oci/signature', /no signature in Base64/],
  ['a long signature', () => storeSignatures([layerOf(PAYLOAD, 'A'.repeat(2000))]), 'oci/signature', /in Base64/],
  ['an annotation that is a number', () => storeSignatures([layerOf(PAYLOAD, 1)]), 'oci/signature', /its layer has no/],
  [
    'a payload that was changed after it was signed',
    () => {
      const text = PAYLOAD.replace('"optional":null', '"optional":{}');
      storeSignatures([layerOf(text, PAYLOAD_SIGNATURE)]);
    },
    'oci/signature',
    /it is not of the key/,
  ],
  [
    'a payload of 100 MB',
    () => storeSignatures([layerOf(PAYLOAD, PAYLOAD_SIGNATURE, 100_000_000)]),
    'oci/signature',
    /its payload has more than 65536 bytes/,
  ],
  [
    'a payload whose size is another one',
    () => storeSignatures([layerOf(PAYLOAD, PAYLOAD_SIGNATURE, 10)]),
    'oci/registry',
    /has 239 bytes instead of 10/,
  ],
  [
    'a manifest list',
    () => {
      const index = { schemaVersion: 2, mediaType: INDEX, manifests: [] };
      registry.manifests.set(signaturesTag(), Buffer.from(JSON.stringify(index)));
    },
    'oci/signature',
    /it is an index/,
  ],
  [
    'another type of layer',
    () => storeSignatures([storeBlob(PAYLOAD, 'text/plain')]),
    'oci/signature',
    /its layer has the type "text\/plain"/,
  ],
  [
    'a thousand signatures of a stranger',
    () => storeSignatures(Array.from({ length: 1000 }, () => layerOf(PAYLOAD, PAYLOAD_SIGNATURE))),
    'oci/signature',
    /the 100 signatures of .* cannot be used: it is not of the key/,
  ],
  [
    'a bundle of a stranger',
    () => attachStatement(statementOf(), stranger.privateKey),
    'oci/signature',
    /not of the key/,
  ],
  [
    'a bundle for another package',
    () => attachStatement(statementOf(OTHER.digest)),
    'oci/signature',
    /it is for "sha256:/,
  ],
  [
    'a bundle that reports a flaw',
    () => attachStatement(statementOf(IMAGE.digest, 'https://example.com/flaws/v1')),
    'oci/signature',
    /its statement is not of the type/,
  ],
  [
    'a bundle that is attached to another package',
    () => attachStatement(statementOf(), own.privateKey, OTHER.digest),
    'oci/signature',
    /it is attached to another package/,
  ],
  ['a bundle without a statement', () => attach('{"messageSignature":{}}'), 'oci/signature', /has no statement/],
  ['a large bundle', () => attach(BUNDLE, IMAGE.digest, 2 ** 21), 'oci/signature', /more than 1048576 bytes/],
  [
    'attached images that are no index',
    () => void registry.manifests.set(IMAGE.digest.replace(':', '-'), Buffer.from('{}')),
    'oci/registry',
    /is no index/,
  ],
];

test.each(LIES)('%s is refused', async (_name, lie, code, message) => {
  await lie();
  registry.seen.length = 0;
  const error: unknown = await verifyPackage(client, place(), [trusted]).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), remedy: expect.any(String) });
  expect(registry.seen.length).toBeLessThan(110);
});

test('the signatures of others that cannot be read are not replaced', async () => {
  storeSignatures(Array.from({ length: 100 }, () => storeBlob(PAYLOAD, 'text/plain')));
  await expect(signPackage(client, place(), key)).rejects.toMatchObject({ code: 'oci/signature' });
  registry.manifests.set(signaturesTag(), Buffer.from('[]'));
  await expect(signPackage(client, place(), key)).rejects.toMatchObject({ code: 'oci/signature' });
});

test.each<[name: string, text: () => string, password: string | undefined]>([
  ['SEC 1', () => String(own.privateKey.export({ type: 'sec1', format: 'pem' })), undefined],
  ['PKCS #8', () => String(own.privateKey.export(PKCS8)), 'not needed'],
  ['PKCS #8', () => encrypted('hunter2'), 'hunter2'],
  ['the encrypted form of cosign', () => COSIGN_KEY, 'hunter2'],
])('a key in %s signs', async (_name, text, password) => {
  const signer = await readSigningKey('a.key', text(), password);
  await signPackage(client, place(), signer);
  expect(await verifyPackage(client, place(), [trusted, cosign])).toEqual(text() === COSIGN_KEY ? cosign : trusted);
});

const encrypted = (passphrase: string): string =>
  String(own.privateKey.export({ ...PKCS8, cipher: 'aes-256-cbc', passphrase }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const costly = (): string => {
  const key64 = COSIGN_KEY.split('\n').slice(1, -2).join('');
  const text = Buffer.from(key64, 'base64').toString('utf8').replace('"N":65536', '"N":1073741824');
  return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${Buffer.from(text).toString('base64')}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
};

test.each<[name: string, text: () => string, password: string | undefined, message: RegExp]>([
  ['no PEM', () => 'key', undefined, /it is not PEM/],
  ['a large file', () => '\n'.repeat(70_000) + COSIGN_KEY, 'hunter2', /it is not PEM/],
  ['a public key', () => publicText(), undefined, /it has a PUBLIC KEY instead of a private key/],
  ['a certificate', () => '-----BEGIN CERTIFICATE-----\n', undefined, /instead of a private key/],
  ['RSA', () => String(rsa.privateKey.export(PKCS8)), undefined, /of the kind rsa instead of ECDSA P-256/],
  ['another curve', () => String(pair('P-384').privateKey.export(PKCS8)), undefined, /kind secp384r1 instead/],
  ['a damaged key', () => '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', undefined, /it is damaged/],
  ['an encrypted key without a password', () => encrypted('hunter2'), undefined, /it is encrypted/],
  ['a wrong password', () => encrypted('hunter2'), 'hunter3', /its password is wrong/],
  ['no password for cosign', () => COSIGN_KEY, undefined, /it is encrypted/],
  ['a wrong password for cosign', () => COSIGN_KEY, 'hunter3', /its password is wrong/],
  ['a key that needs a terabyte', costly, 'hunter2', /its password is wrong, or it is damaged/],
])('%s is no signing key', async (_name, text, password, message) => {
  const error = readSigningKey('a.key', text(), password);
  await expect(error).rejects.toMatchObject({ code: 'oci/key', message: expect.stringMatching(message) });
  await expect(error).rejects.not.toThrow(/hunter/);
});

test.each<[name: string, text: () => string, message: RegExp]>([
  ['a private key', () => String(own.privateKey.export(PKCS8)), /it has a PRIVATE KEY instead of a public key/],
  ['RSA', () => publicText(rsa.publicKey), /of the kind rsa/],
  ['a damaged key', () => publicText().replace(/\nM/, '\nA'), /it is damaged/],
  ['two keys', () => publicText() + publicText(pair('P-256').publicKey), /it has several keys/],
])('%s is no key to verify with', async (_name, text, message) => {
  await expect(readPublicKey('a.pub', text())).rejects.toMatchObject({
    code: 'oci/key',
    message: expect.stringMatching(message),
  });
});
