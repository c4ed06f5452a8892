import { defineResourceFactory, ifPresent, argumentMembers, requireKnown, withDefault } from '../../compose/index.ts';
import type { FactoryExtras, NamedInput } from '../../compose/index.ts';
import { type ChartSource, type HelmReleaseConfig, type HelmReleaseResource, helmRelease } from './helm-release.ts';
import { repositoryName } from './source-name.ts';
import { FLUX_NAMESPACE, helmRepository } from './helm-repository.ts';

/** The chart that a chart factory installs. */
export interface ChartReference {
  /** Name of the chart in its repository. */
  readonly chart: string;
  /** Address of the repository, `https://` or `oci://`. */
  readonly repository: string;
  /** Version or range of versions; the newest version when absent. */
  readonly version?: string;
}

/** Arguments of a chart factory. */
export type ChartConfig<Values extends object> = NamedInput &
  FactoryExtras & {
    readonly values?: Values | undefined;
    /** A version or range that replaces the one in the factory's reference. */
    readonly version?: string | undefined;
    /** An existing source of the chart. By default the factory also makes a HelmRepository. */
    readonly sourceRef?: ChartSource | undefined;
    /** The namespace for the objects of the chart; the namespace of the release when absent. */
    readonly targetNamespace?: string | undefined;
    readonly interval?: string | undefined;
  };

/** Installs one chart as a part of a graph. */
export type ChartFactory<Values extends object> = (config: ChartConfig<Values>) => HelmReleaseResource;

/**
 * Makes a factory for one Helm chart with typed values. `typekro generate --chart` writes a call of this function and
 * the type of the values, from the chart's `values.schema.json`. The factory makes a HelmRelease and, unless
 * `sourceRef` names a source, a HelmRepository.
 *
 * @example
 * const redis = chartFactory<{ replicas: number }>({ chart: 'redis', repository: 'https://charts.example.com/stable' });
 * redis({ name: 'cache', values: { replicas: 3 } });
 */
export function chartFactory<Values extends object>(reference: ChartReference): ChartFactory<Values> {
  return defineResourceFactory((config: ChartConfig<Values>): HelmReleaseResource => {
    const { sourceRef, version, id, ...rest } = argumentMembers(reference.chart, config);
    requireKnown(reference.chart, 'id', id);
    const own = (id as string | undefined) ?? camel(reference.chart);
    const chart = { name: reference.chart, version: withDefault(version, reference.version) };
    const source = ifPresent(
      sourceRef,
      (sure) => sure,
      () => ownRepository(reference.repository, own),
    );
    const release = { id: own, ...rest, chart, sourceRef: source };
    return helmRelease(release as HelmReleaseConfig<Values>);
  });
}

/** Makes the HelmRepository. The release reads the name of the repository, so that the repository is applied first. */
function ownRepository(url: string, release: string): ChartSource {
  const made = helmRepository({ id: `${release}Repository`, name: repositoryName(url), url });
  return { kind: 'HelmRepository', name: made.metadata.name, namespace: FLUX_NAMESPACE };
}

/** Converts the name of a chart to an id in camel case. */
const camel = (text: string): string =>
  text.replace(/[^A-Za-z0-9]+([A-Za-z0-9]?)/g, (_, next: string) => next.toUpperCase()).replace(/^[^a-z]*/, '') ||
  'chart';
