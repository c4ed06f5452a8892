import { cryptoLibrary, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@typekro/kit/core';
import { badPackage } from './package-file.ts';
import { isDigest } from './reference.ts';

/** The media types of a package: those of a plain image, which every registry, Flux and Argo CD accept. */
export const MEDIA_TYPES = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** Layers that are read: also those that `flux push artifact` writes. */
const LAYER_TYPES: readonly unknown[] = [MEDIA_TYPES.layer, 'application/vnd.cncf.flux.content.v1.tar+gzip'];
const INDEX_TYPES: readonly unknown[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** Content of a registry, named by its digest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

/** The manifest of a package. */
export interface PackageManifest {
  readonly config: Descriptor;
  readonly layer: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
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
  const value = parsed(bytes);
  if (!isJsonObject(value)) throw badPackage('its manifest is not an object');
  const { mediaType, layers, annotations } = value;
  if (INDEX_TYPES.includes(mediaType)) throw badPackage('it is an index of images for several platforms');
  if (value['schemaVersion'] !== 2 || (mediaType !== undefined && mediaType !== MEDIA_TYPES.manifest)) {
    throw badPackage(`its manifest has the type ${JSON.stringify(mediaType)} instead of ${MEDIA_TYPES.manifest}`);
  }
  if (!Array.isArray(layers) || layers.length !== 1) throw badPackage('it does not have exactly one layer');
  const layer = descriptor(layers[0], 'layer');
  if (!LAYER_TYPES.includes(layer.mediaType))
    throw badPackage(`its layer has the type ${JSON.stringify(layer.mediaType)}`);
  if (layer.size > maxLayerBytes) throw badPackage(`its layer has more than ${maxLayerBytes} bytes`);
  return { config: descriptor(value['config'], 'config'), layer, annotations: texts(annotations) };
}

function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw badPackage('its manifest is not JSON', error);
  }
}

function descriptor(value: JsonValue | undefined, what: string): Descriptor {
  const { mediaType, digest, size } = isJsonObject(value) ? value : ({} as JsonObject);
  if (typeof mediaType !== 'string' || !isDigest(digest) || !Number.isSafeInteger(size) || Number(size) < 0) {
    throw badPackage(`its ${what} has no media type, no SHA-256 digest or no size`);
  }
  return { mediaType, digest, size: Number(size) };
}

function texts(value: JsonValue | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  const isMap = isJsonObject(value) && Object.values(value).every((each) => typeof each === 'string');
  if (!isMap) throw badPackage('its annotations are not texts');
  return value as Record<string, string>;
}

const describe = (mediaType: string, bytes: Uint8Array) => ({
  mediaType,
  digest: sha256Digest(bytes),
  size: bytes.length,
});

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
