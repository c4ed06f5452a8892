import { TypeKroError } from '../../core/index.ts';

/** Addresses that hold such a text are known by this name, whether they are registries or not. */
const WELL_KNOWN = ['bitnami'];

/**
 * Name of the HelmRepository that a release refers to when it is told an address only: a well-known name; for a registry
 * (`oci://…`) the name of the release and `-helm-repo`, because a registry has one address for many charts; else the last
 * part of the address (`https://charts.example.com/stable` → `stable`), without a path the host.
 *
 * @param address of the repository; a constant text
 * @param release name of the release, which may be known only when the graph runs
 * @throws TypeKroError `factories/no-chart-source` when the address is no constant text.
 */
export function sourceName(address: unknown, release: string): string {
  const text = typeof address === 'string' ? address : '';
  const known = WELL_KNOWN.find((name) => text.includes(name));
  if (known !== undefined) return known;
  return text.startsWith('oci://') ? `${release}-helm-repo` : repositoryName(text);
}

/** The last part of an address as a name, without a path the host. @throws TypeKroError `factories/no-chart-source`. */
export function repositoryName(address: string): string {
  const [host = '', ...path] = address
    .replace(/^[a-z]+:\/\//, '')
    .split('/')
    .filter((part) => part !== '');
  const name = (path.at(-1) ?? host)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name !== '') return name;
  throw new TypeKroError('a Helm release does not say where its chart is', {
    code: 'factories/no-chart-source',
    remedy: 'give chart.repository as a constant address, or sourceRef with the name of a HelmRepository',
  });
}
