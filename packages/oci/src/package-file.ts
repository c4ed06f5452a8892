import { TypeKroError } from '@typekro/kit/core';

/** A file of a package. */
export interface PackageFile {
  /** The path in the package, with `/` between its parts, such as `manifests/web-app.yaml`. */
  readonly path: string;
  readonly content: Uint8Array;
}

const MAX_PATH_LENGTH = 1000;
const MAX_DEPTH = 32;
/** The longest name that the usual file systems hold. */
const MAX_NAME_BYTES = 255;
/** Names that Windows reserves for devices, also with an extension. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
/** Control characters, and characters that a file system of a user cannot have in a name, or reads as a separator. */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f<>:"|?*\\]|[. ]$|[\u202a-\u202e\u2066-\u2069]/;

/**
 * Why a path cannot be a path of a package on every machine; `undefined` for one that can. The path stays in the folder
 * into which a package is written.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty';
  if (path.length > MAX_PATH_LENGTH) return `it is longer than ${MAX_PATH_LENGTH} characters`;
  if (path.startsWith('/')) return 'it is absolute';
  const parts = path.split('/');
  if (parts.includes('..')) return 'it leaves the folder';
  if (parts.some((part) => part === '' || part === '.')) return 'it has an empty part or "."';
  if (parts.length > MAX_DEPTH) return `it has more than ${MAX_DEPTH} parts`;
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES))
    return `a part is longer than ${MAX_NAME_BYTES} bytes`;
  if (parts.some((part) => FORBIDDEN.test(part) || DEVICE.test(part))) return 'a part is no name of a file everywhere';
  return !/\p{Surrogate}/u.test(path) && path.normalize('NFC') === path
    ? undefined
    : 'it is not in the normal form of Unicode';
}

/** The error for a package whose content is refused. */
export const badPackage = (why: string, cause?: unknown): TypeKroError =>
  new TypeKroError(`the package is refused: ${why}`, {
    code: 'oci/package',
    remedy: 'push the package again; if it comes from another person, do not use it',
    ...(cause === undefined ? {} : { cause }),
  });

/** Compares two paths by their bytes, as no locale does. */
export const compareAsBytes = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));
