import { isUtf8 } from 'node:buffer';
import { cryptoLibrary, isJsonObject, type JsonObject, type JsonValue, tryParseJson } from '@typekro/kit/core';
import { badPackage } from './package-file.ts';
import { isDigest } from './reference.ts';

/** The media types of a plain image, which every registry, Flux and Argo CD accept, and of an index of images. */
export const MEDIA_TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Layers that are read: also those that `flux push artifact` writes. */
const LAYER_TYPES: readonly unknown[] = [MEDIA_TYPES.layer, 'application/vnd.cncf.flux.content.v1.tar+gzip'];
const INDEX_TYPES: readonly unknown[] = [
  MEDIA_TYPES.index,
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** Content of a registry, named by its digest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The manifest of an image. */
export interface ImageManifest {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
  /** The image that this one is about, for an image that is attached to another one. */
  readonly subject?: Descriptor;
}

/** The manifest of a package. */
export interface PackageManifest extends ImageManifest {
  /** The only layer. */
  readonly layer: Descriptor;
}

/** A package as a registry stores it. */
export interface PackageImage {
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly layer: Buffer;
  /** The digest of the manifest, which names the package. */
  readonly digest: string;
}

/** The digest of bytes, as registries write it. */
export const sha256Digest = (bytes: Uint8Array): string =>
  `sha256:${cryptoLibrary().createHash('sha256').update(bytes).digest('hex')}`;

/**
 * Makes the image of one layer.
 *
 * @param archive the tar archive in the layer, whose digest the config has
 */
export function buildImage(
  layer: Buffer,
  archive: Uint8Array,
  annotations: Readonly<Record<string, string>>,
): PackageImage {
  const config = json({
    architecture: 'unknown',
    config: {},
    os: 'unknown',
    rootfs: { type: 'layers', diff_ids: [sha256Digest(archive)] },
  });
  const names = Object.keys(annotations).sort();
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: describe(MEDIA_TYPES.config, config),
    layers: [describe(MEDIA_TYPES.layer, layer)],
    annotations: Object.fromEntries(names.map((name) => [name, annotations[name]])),
  });
  return { manifest, config, layer, digest: sha256Digest(manifest) };
}

/**
 * Reads the manifest of a package.
 *
 * @throws TypeKroError `oci/package` for text that is not a manifest of an image with exactly one layer of files
 */
export function readPackageManifest(bytes: Uint8Array, maxLayerBytes: number): PackageManifest {
  const manifest = readImageManifest(bytes);
  if (typeof manifest === 'string') throw badPackage(manifest);
  const [layer, ...others] = manifest.layers;
  if (layer === undefined || others.length > 0) throw badPackage('it does not have exactly one layer');
  if (!LAYER_TYPES.includes(layer.mediaType))
    throw badPackage(`its layer has the type ${JSON.stringify(layer.mediaType)}`);
  if (layer.size > maxLayerBytes) throw badPackage(`its layer has more than ${maxLayerBytes} bytes`);
  return { ...manifest, layer };
}

/** Reads the manifest of any image, or returns why it is none. */
export function readImageManifest(bytes: Uint8Array): ImageManifest | string {
  const value = jsonOf(bytes);
  if (value === undefined) return 'its manifest is not JSON';
  if (!isJsonObject(value)) return 'its manifest is not an object';
  const { mediaType, layers, annotations, subject } = value;
  if (INDEX_TYPES.includes(mediaType)) return 'it is an index of images for several platforms';
  if (value['schemaVersion'] !== 2 || (mediaType !== undefined && mediaType !== MEDIA_TYPES.manifest))
    return `its manifest has the type ${JSON.stringify(mediaType)} instead of ${MEDIA_TYPES.manifest}`;
  const config = readDescriptor(value['config']);
  const read = Array.isArray(layers) ? layers.map(readDescriptor) : [];
  const known = read.filter((layer) => layer !== undefined);
  if (config === undefined || known.length < read.length)
    return `its ${config === undefined ? 'config' : 'layer'} has no media type, no SHA-256 digest or no size`;
  if (!isTexts(annotations)) return 'its annotations are not texts';
  const of = readDescriptor(subject);
  return { config, layers: known, annotations: annotations ?? {}, ...(of === undefined ? {} : { subject: of }) };
}

/** The JSON in bytes; `undefined` for bytes that are not JSON in UTF-8. */
export function jsonOf(bytes: Uint8Array): JsonValue | undefined {
  return isUtf8(bytes) ? tryParseJson(Buffer.from(bytes).toString('utf8')) : undefined;
}

/** Reads a descriptor; `undefined` for a value that is none. */
export function readDescriptor(value: JsonValue | undefined): Descriptor | undefined {
  const { mediaType, digest, size, annotations } = isJsonObject(value) ? value : ({} as JsonObject);
  const isRight = isDigest(digest) && Number.isSafeInteger(size) && Number(size) >= 0 && isTexts(annotations);
  if (typeof mediaType !== 'string' || !isRight) return undefined;
  return { mediaType, digest, size: Number(size), ...(annotations === undefined ? {} : { annotations }) };
}

const isTexts = (value: JsonValue | undefined): value is Readonly<Record<string, string>> | undefined =>
  value === undefined || (isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string'));

/** Describes content of a registry. */
export const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: sha256Digest(bytes),
  size: bytes.length,
});

/** The JSON of a manifest or config. */
export const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
