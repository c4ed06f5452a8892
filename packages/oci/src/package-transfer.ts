import { TypeKroError } from '@typekro/kit/core';
import { readGzip, storeAsGzip } from './gzip.ts';
import { buildImage, type PackageImage, readPackageManifest } from './image-manifest.ts';
import { badPackage, type PackageFile } from './package-file.ts';
import { formatReference, type OciReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { readTar, type TarLimits } from './tar-read.ts';
import { writeTar } from './tar-write.ts';

/** The limits of a package, far above what definitions need. */
export const PACKAGE_LIMITS: TarLimits & { readonly maxLayerBytes: number } = {
  maxEntries: 10_000,
  maxBytes: 64 * 1024 * 1024,
  maxLayerBytes: 64 * 1024 * 1024,
};

/** A package that was read from a registry. */
export interface PulledPackage {
  readonly files: readonly PackageFile[];
  /** The digest of its manifest. */
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Packs files into an image of one layer. Equal files and annotations give equal bytes on every machine. */
export function packFiles(files: readonly PackageFile[], annotations: Readonly<Record<string, string>>): PackageImage {
  const archive = writeTar(files);
  // What is pushed must be accepted by `pullPackage`.
  readTar(archive, PACKAGE_LIMITS);
  return buildImage(storeAsGzip(archive), archive, annotations);
}

/**
 * Reads a package. Its digest, lengths and archive are verified before anything is returned.
 *
 * @param check of the place with the digest that the tag has now, before the files are read
 * @throws TypeKroError `oci/not-found`, `oci/package` for a package that is refused, and the codes of `RegistryClient`
 */
export async function pullPackage(
  client: RegistryClient,
  reference: OciReference,
  check?: (place: OciReference & { readonly digest: string }) => Promise<void>,
): Promise<PulledPackage> {
  const stored = await client.manifest(reference);
  if (stored === undefined) {
    throw new TypeKroError(`${formatReference(reference)} does not exist`, {
      code: 'oci/not-found',
      remedy: 'check the repository and the tag, and that you may read the repository',
    });
  }
  await check?.({ ...reference, digest: stored.digest });
  const { layer, annotations } = readPackageManifest(stored.bytes, PACKAGE_LIMITS.maxLayerBytes);
  // The padding of an archive is at most two blocks for each entry and a filled record.
  const maxArchiveBytes = PACKAGE_LIMITS.maxBytes + PACKAGE_LIMITS.maxEntries * 2048;
  const archive = readGzip(await client.blob(layer), maxArchiveBytes);
  const files = readTar(archive, PACKAGE_LIMITS);
  if (files.length === 0) throw badPackage('it has no files');
  return { files, digest: stored.digest, annotations };
}

/**
 * Writes a package, and lets a tag name it. The manifest is written last, so that a tag never names a package of which
 * a part is missing.
 *
 * @param replace moves a tag that names another package
 * @param attach writes what belongs to the package, such as a signature, before the tag names it
 * @returns whether the registry already had this package at this tag
 * @throws TypeKroError `oci/tag-exists` for a tag that names another package, and the codes of `RegistryClient`
 */
export async function pushPackage(
  client: RegistryClient,
  reference: OciReference & { readonly tag: string },
  { manifest, config, layer, digest }: PackageImage,
  replace: boolean,
  attach?: () => Promise<void>,
): Promise<'pushed' | 'unchanged'> {
  const before = await client.manifest({ tag: reference.tag });
  if (before?.digest === digest) {
    await attach?.();
    return 'unchanged';
  }
  if (before !== undefined && !replace) {
    throw new TypeKroError(`${formatReference(reference)} already names another package, ${before.digest}`, {
      code: 'oci/tag-exists',
      remedy: 'push under a new tag, because others may use this one; --replace moves the tag',
    });
  }
  await client.putBlob(config);
  await client.putBlob(layer);
  await attach?.();
  await client.putManifest(manifest, reference.tag);
  return 'pushed';
}
