import { isLoopbackHost, TypeKroError } from '@typekro/kit/core';

/** A place in a registry. Without a digest, the tag can name another content tomorrow. */
export interface OciReference {
  /** Host and port as in the reference, such as `registry.example.com:5000`. */
  readonly registry: string;
  readonly repository: string;
  /** `latest`, if the reference has neither a tag nor a digest. */
  readonly tag?: string;
  /** `sha256:` and 64 hexadecimal digits. It decides, if there is also a tag. */
  readonly digest?: string;
}

const SCHEME = 'oci://';
const MAX_REPOSITORY_LENGTH = 255;
const MAX_REFERENCE_LENGTH = 1024;
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/i;
const PATH_PART = /^[a-z\d]+(?:(?:[._]|__|-+)[a-z\d]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[\da-f]{64}$/;

/** Is the text a digest that this room accepts? It accepts SHA-256 only. */
export const isDigest = (text: unknown): text is string => typeof text === 'string' && DIGEST.test(text);

/** Can a tag of a registry have this text? */
export const isTag = (text: unknown): text is string => typeof text === 'string' && TAG.test(text);

/**
 * Reads `oci://host[:port]/repository[:tag][@sha256:…]`, with the grammar of the distribution specification.
 *
 * @throws TypeKroError `oci/reference` with the part that is wrong
 */
export function parseReference(text: string): OciReference {
  const refuse = (why: string): TypeKroError =>
    new TypeKroError(`${JSON.stringify(text.slice(0, MAX_REFERENCE_LENGTH))} is no reference: ${why}`, {
      code: 'oci/reference',
      remedy: 'write oci://HOST/REPOSITORY:TAG, for example oci://registry.example.com/platform/web-app:1.2.0',
    });
  if (text.length > MAX_REFERENCE_LENGTH) throw refuse(`it is longer than ${MAX_REFERENCE_LENGTH} characters`);
  if (!text.startsWith(SCHEME)) throw refuse(`it does not begin with ${SCHEME}`);
  const rest = text.slice(SCHEME.length);
  const slash = rest.indexOf('/');
  if (slash < 0) throw refuse('it has no repository after the host');
  const registry = rest.slice(0, slash);
  // A password on a command line is visible to other users of the machine, and would be part of messages.
  if (registry.includes('@')) throw withoutCredentials();
  if (!isRegistry(registry)) throw refuse('its host is not a name or an address with an optional port');
  const at = rest.indexOf('@', slash);
  const digest = at < 0 ? undefined : rest.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw refuse('its digest is not "sha256:" and 64 hexadecimal digits in lower case');
  }
  const name = rest.slice(slash + 1, at < 0 ? undefined : at);
  const colon = name.indexOf(':');
  const repository = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? undefined : name.slice(colon + 1);
  if (repository.length > MAX_REPOSITORY_LENGTH || !repository.split('/').every((part) => PATH_PART.test(part))) {
    throw refuse(
      'its repository must have parts of lower-case letters and digits, separated by "/", and inside a part by ".", "_" or "-"',
    );
  }
  if (tag !== undefined && !isTag(tag)) {
    throw refuse('its tag must have at most 128 letters, digits, "_", "." and "-", and not begin with "." or "-"');
  }
  if (digest !== undefined) return { registry, repository, ...(tag === undefined ? {} : { tag }), digest };
  return { registry, repository, tag: tag ?? 'latest' };
}

/** The tag of the index of what is attached to a digest, in a registry without an API for that. */
export const referrersTag = (digest: string): string => digest.replace(':', '-');

/** The text of a reference. */
export function formatReference({ registry, repository, tag, digest }: OciReference): string {
  const ending = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return `${SCHEME}${registry}/${repository}${ending}`;
}

/**
 * The origin of the registry's API. Docker Hub serves it at another name than its references have. Plain HTTP is only
 * for registries on this machine.
 *
 * @throws TypeKroError `oci/plain-http` for plain HTTP to another machine
 */
export function registryOrigin(registry: string, plainHttp: boolean): string {
  const host = registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
  if (plainHttp && !isLoopbackHost(new URL(`http://${host}`).hostname)) {
    throw new TypeKroError(`${registry} is not on this machine, so plain HTTP would show the content and credentials`, {
      code: 'oci/plain-http',
      remedy: 'leave out --plain-http; name the authority of a private certificate with --ca-file',
    });
  }
  return new URL(`${plainHttp ? 'http' : 'https'}://${host}`).origin;
}

function isRegistry(registry: string): boolean {
  const [, host = '', port] = /^(\[[\da-f:.]{2,45}\]|[^:]*)(?::(\d{1,5}))?$/i.exec(registry) ?? [];
  if (port !== undefined && (Number(port) === 0 || Number(port) > 65_535)) return false;
  if (host.startsWith('[')) return URL.canParse(`https://${host}`);
  return host.length <= 253 && host.split('.').every((label) => LABEL.test(label)) && URL.canParse(`https://${host}`);
}

const withoutCredentials = (): TypeKroError =>
  new TypeKroError('the reference has credentials or an "@" before its repository', {
    code: 'oci/reference',
    remedy: 'leave them out, and log in with docker login: its configuration is read',
  });
