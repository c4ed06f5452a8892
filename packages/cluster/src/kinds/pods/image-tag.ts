/** Reads the tags of image names, by the rules of `github.com/distribution/reference`. */
const LABEL = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)';
const DOMAIN = String.raw`(?:${LABEL}(?:\.${LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?`;
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = String.raw`[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}`;
const DIGEST = 'sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}';
const REFERENCE = new RegExp(
  `^(?:${DOMAIN}/)?(?<path>${COMPONENT}(?:/${COMPONENT})*)(?::(?<tag>${TAG}))?(?:@(?<digest>${DIGEST}))?$`,
);
const IDENTIFIER = /^[a-f0-9]{64}$/;
const MAX_PATH_LENGTH = 255;

/**
 * Returns the tag of an image name: `latest` for a name without a tag and a digest, and an empty string for a name with
 * only a digest. Returns `undefined` for an invalid name, such as a name with a capital letter.
 */
export function imageTag(image: string): string | undefined {
  if (IDENTIFIER.test(image)) return undefined;
  const groups = REFERENCE.exec(withDomain(image))?.groups;
  if (groups === undefined || (groups['path'] ?? '').length > MAX_PATH_LENGTH) return undefined;
  return groups['tag'] ?? (groups['digest'] === undefined ? 'latest' : '');
}

/**
 * Adds the domain of Docker Hub to a name without a domain. The part before the first slash is a domain if it is
 * `localhost`, or contains a dot, a colon or a capital letter.
 */
function withDomain(image: string): string {
  const slash = image.indexOf('/');
  const first = image.slice(0, Math.max(0, slash));
  return first === 'localhost' || /[.:A-Z]/.test(first) ? image : `docker.io/${slash < 0 ? 'library/' : ''}${image}`;
}
