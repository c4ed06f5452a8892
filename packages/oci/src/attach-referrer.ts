import { describe, json, MEDIA_TYPES, type PackageImage, readImageManifest } from './image-manifest.ts';
import { referrersTag } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';

/** Content that is attached to a package. */
export interface AttachedContent {
  /** The digest of the image that has it. */
  readonly digest: string;
  /** The digest of the content itself. */
  readonly content: string;
}

const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
/** Somebody who may write to the repository can attach images without end. */
const MAX_ATTACHED = 20;

/**
 * Attaches content to a package, as an image of its own (OCI image specification 1.1). In a registry without an API for
 * attached images, an index at a tag lists them.
 *
 * @returns whether the registry already had it
 * @throws TypeKroError with the codes of `RegistryClient`
 */
export async function attachContent(
  client: RegistryClient,
  { manifest }: Pick<PackageImage, 'manifest'>,
  type: string,
  content: Buffer,
): Promise<'attached' | 'unchanged'> {
  const subject = describe(MEDIA_TYPES.manifest, manifest);
  const empty = Buffer.from('{}');
  const image = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    artifactType: type,
    config: describe(EMPTY_TYPE, empty),
    layers: [describe(type, content)],
    subject,
  });
  const entry = { ...describe(MEDIA_TYPES.manifest, image), artifactType: type };
  const known = await client.referrers(subject.digest);
  if (known.some(({ digest }) => digest === entry.digest)) return 'unchanged';
  await client.putBlob(empty);
  await client.putBlob(content);
  if (await client.putManifest(image, entry.digest)) return 'attached';
  const index = json({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests: [...known, entry] });
  await client.putManifest(index, referrersTag(subject.digest), MEDIA_TYPES.index);
  return 'attached';
}

/** The content of a type that is attached to a digest. It is neither read nor verified. */
export async function attachedContent(
  client: RegistryClient,
  subject: string,
  type: string,
): Promise<readonly AttachedContent[]> {
  const attached = (await client.referrers(subject)).filter(({ artifactType }) => artifactType === type);
  const found: AttachedContent[] = [];
  for (const { digest } of attached.slice(0, MAX_ATTACHED)) {
    const stored = await client.manifest({ digest });
    const manifest = stored === undefined ? undefined : readImageManifest(stored.bytes);
    if (manifest === undefined || typeof manifest === 'string' || manifest.subject?.digest !== subject) continue;
    found.push(...manifest.layers.slice(0, 1).map((layer) => ({ digest, content: layer.digest })));
  }
  return found;
}
