import { textPrefix, TypeKroError } from '@typekro/kit/core';
import {
  describe,
  type Descriptor,
  type ImageManifest,
  json,
  MEDIA_TYPES,
  readImageManifest,
} from './image-manifest.ts';
import { formatReference, type OciReference, referrersTag } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import {
  type FoundSignature,
  approvalPayload,
  readBundle,
  readPayload,
  signerOf,
  verifySignature,
} from './signature.ts';
import type { PublicKey, SigningKey } from './signing-key.ts';

const PAYLOAD_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE_TYPE = /^application\/vnd\.dev\.sigstore\.bundle/;
const SIGNATURE_ANNOTATION = 'dev.cosignproject.cosign/signature';
const MAX_PAYLOAD_BYTES = 64 * 1024;
/** A bundle can have certificates and entries of logs. */
const MAX_BUNDLE_BYTES = 1024 * 1024;
/** Somebody who may write to the repository can add signatures without end. */
const MAX_SIGNATURES = 100;
const MAX_REASONS = 5;
const MAX_REASON_LENGTH = 300;

/** A place of a package whose digest is known. */
type Signed = OciReference & { readonly digest: string };

/** The tag at which cosign finds the signatures of a digest. */
const tagOf = (digest: string): string => `${referrersTag(digest)}.sig`;

/**
 * Signs the digest of a package at its tag, in the form that every version of cosign reads, Flux, too. Other signatures
 * stay.
 *
 * @returns whether the registry already had this signature
 * @throws TypeKroError `oci/signature` if the registry has other content where signatures are, and the codes of
 *   `RegistryClient`
 */
export async function signPackage(
  client: RegistryClient,
  place: Signed,
  key: SigningKey,
): Promise<'signed' | 'unchanged'> {
  const manifest = await signaturesOf(client, place);
  if (typeof manifest === 'string') throw badSignature(place, [manifest]);
  const layers = manifest?.layers ?? [];
  for (const layer of layers) {
    const found = await payloadIn(client, layer);
    if (typeof found === 'string' || found.claim.identity === undefined) continue;
    const isSame = Buffer.from(found.signed).equals(approvalPayload(place, place.digest));
    if (isSame && typeof verifySignature(found, place, place.digest, [key]) !== 'string') return 'unchanged';
  }
  if (layers.length >= MAX_SIGNATURES) throw badSignature(place, [`there are ${layers.length} already`]);
  const payload = approvalPayload(place, place.digest);
  const annotations = { [SIGNATURE_ANNOTATION]: (await signerOf(key))(payload) };
  const all = [...layers, { ...describe(PAYLOAD_TYPE, payload), annotations }];
  const config = json({
    architecture: '',
    created: '0001-01-01T00:00:00Z',
    config: {},
    history: all.map(() => ({ created: '0001-01-01T00:00:00Z' })),
    os: '',
    rootfs: { type: 'layers', diff_ids: all.map(({ digest }) => digest) },
  });
  await client.putBlob(payload);
  await client.putBlob(config);
  const image = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: describe(MEDIA_TYPES.config, config),
    layers: all,
    ...(manifest === undefined ? {} : { annotations: manifest.annotations }),
  };
  await client.putManifest(json(image), tagOf(place.digest));
  return 'signed';
}

/**
 * Verifies that one of the keys has signed a digest at its tag. Returns the key.
 *
 * @throws TypeKroError `oci/not-signed` without any signature, `oci/signature` if none is right, with the reasons, and
 *   the codes of `RegistryClient`
 */
export async function verifyPackage(
  client: RegistryClient,
  place: Signed,
  keys: readonly PublicKey[],
): Promise<PublicKey> {
  const reasons: string[] = [];
  for await (const found of findSignatures(client, place)) {
    const result = typeof found === 'string' ? found : verifySignature(found, place, place.digest, keys);
    if (typeof result !== 'string') return result;
    reasons.push(textPrefix(result, MAX_REASON_LENGTH));
  }
  if (reasons.length > 0) throw badSignature(place, reasons);
  throw new TypeKroError(`${formatReference(place)} has no signature`, {
    code: 'oci/not-signed',
    remedy: 'sign it with typekro push --sign-key or cosign sign, or ask its publisher to do that',
  });
}

/** The number of the signatures of a digest. None of them is verified. */
export async function countSignatures(client: RegistryClient, place: Signed): Promise<number> {
  let found = 0;
  for await (const each of findSignatures(client, place)) found += typeof each === 'string' ? 0 : 1;
  return found;
}

/** Finds the signatures of all versions of cosign. A text says why one cannot be read. */
async function* findSignatures(client: RegistryClient, place: Signed): AsyncGenerator<FoundSignature | string> {
  const manifest = await signaturesOf(client, place);
  if (typeof manifest === 'string') yield manifest;
  else for (const layer of limited(manifest?.layers ?? [])) yield payloadIn(client, layer);
  const attached = await client.referrers(place.digest);
  for (const { digest } of limited(attached.filter(({ artifactType }) => BUNDLE_TYPE.test(artifactType))))
    yield bundleIn(client, digest, place.digest);
}

const limited = <T>(all: readonly T[]): readonly T[] => all.slice(0, MAX_SIGNATURES);

async function signaturesOf(client: RegistryClient, { digest }: Signed): Promise<ImageManifest | string | undefined> {
  const stored = await client.manifest({ tag: tagOf(digest) });
  return stored === undefined ? undefined : readImageManifest(stored.bytes);
}

async function payloadIn(client: RegistryClient, layer: Descriptor): Promise<FoundSignature | string> {
  if (layer.mediaType !== PAYLOAD_TYPE) return `its layer has the type ${JSON.stringify(layer.mediaType)}`;
  if (layer.size > MAX_PAYLOAD_BYTES) return `its payload has more than ${MAX_PAYLOAD_BYTES} bytes`;
  return readPayload(await client.blob(layer), layer.annotations?.[SIGNATURE_ANNOTATION]);
}

async function bundleIn(client: RegistryClient, digest: string, of: string): Promise<FoundSignature | string> {
  const stored = await client.manifest({ digest });
  const manifest = stored === undefined ? 'it does not exist' : readImageManifest(stored.bytes);
  if (typeof manifest === 'string') return manifest;
  const [layer, ...others] = manifest.layers;
  if (layer === undefined || others.length > 0 || !BUNDLE_TYPE.test(layer.mediaType)) return 'it has no bundle';
  if (manifest.subject?.digest !== of) return 'it is attached to another package';
  return layer.size > MAX_BUNDLE_BYTES
    ? `its bundle has more than ${MAX_BUNDLE_BYTES} bytes`
    : readBundle(await client.blob(layer));
}

function badSignature(place: Signed, reasons: readonly string[]): TypeKroError {
  const different = [...new Set(reasons)];
  const why = different.slice(0, MAX_REASONS).join('; ') + (different.length > MAX_REASONS ? '; and others' : '');
  const of = reasons.length > 1 ? `the ${reasons.length} signatures` : 'the signature';
  return new TypeKroError(`${of} of ${formatReference(place)} cannot be used: ${why}`, {
    code: 'oci/signature',
    remedy: 'check the key and the reference; if both are right, do not use the package',
  });
}
