import { TypeKroError } from '@typekro/kit/core';

/**
 * When an address contains one of these strings, that string is the name of the HelmRepository, even for a registry.
 */
const WELL_KNOWN = ['bitnami'];

/**
 * Derives the name of a release's HelmRepository from the address of the repository. An entry of `WELL_KNOWN` in the
 * address is the name. For a registry (`oci://…`), the name is that of the release followed by `-helm-repo`, because
 * many charts can have the same address. Otherwise it is the last part of the path (`https://charts.example.com/stable`
 * → `stable`), or the host when there is no path.
 *
 * @param address the address of the repository, a constant string
 * @param release the name of the release; it can be an expression
 * @throws TypeKroError `factories/no-chart-source` when the address has no host, or is not a constant string.
 */
export function sourceName(address: unknown, release: string): string {
  const text = typeof address === 'string' ? address : '';
  const known = WELL_KNOWN.find((name) => text.includes(name));
  if (known !== undefined) return known;
  return text.startsWith('oci://') ? `${release}-helm-repo` : repositoryName(text);
}

/**
 * The last part of an address's path as a name, or its host when there is no path.
 *
 * @throws TypeKroError `factories/no-chart-source` for an address without a host.
 */
export function repositoryName(address: string): string {
  const [host = '', ...path] = address
    .replace(/^[a-z]+:\/\//, '')
    // Removes the query and the fragment, because they may contain a password or a token that the name of an object
    // must not show.
    .replace(/[?#].*$/s, '')
    .replace(/^[^/]*@/, '')
    .split('/')
    .filter((part) => part !== '');
  const name = (path.at(-1) ?? host)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name !== '') return name;
  throw new TypeKroError('a Helm release has no source for its chart', {
    code: 'factories/no-chart-source',
    remedy: 'pass chart.repository as a constant URL, or sourceRef with the name of a HelmRepository',
  });
}
