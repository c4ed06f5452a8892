import { type Resource, createResource, defineResourceFactory, present } from '../../compose/index.ts';
import { sourceName } from '../helm/source-name.ts';
import { definedOnly } from './common.ts';
import type { Condition } from './kinds.ts';

/** The fields of a HelmRelease of Flux that a graph may read. */
export type HelmChartResource = Resource<{
  readonly spec: {
    readonly interval: string;
    readonly values: Readonly<Record<string, unknown>>;
    readonly targetNamespace: string;
  };
  readonly status: {
    readonly observedGeneration: number;
    readonly lastAttemptedRevision: string;
    readonly conditions: readonly Condition[];
  };
}>;

/**
 * A chart that Flux installs: a HelmRelease that refers to a HelmRepository in `flux-system`. The name of the
 * HelmRepository is the last part of the repository's address (`https://charts.example.com/stable` → `stable`). For a
 * registry (`oci://…`), it is the name of the release followed by `-helm-repo`. For an address that contains `bitnami`,
 * it is `bitnami`.
 *
 * @param name the name of the release and of the object
 * @param repository address of the chart repository
 * @param chart name of the chart in the repository
 * @param values the values of the chart; they can contain expressions
 */
export const HelmChart = defineResourceFactory(
  (name: string, repository: string, chart: string, values?: Readonly<Record<string, unknown>>): HelmChartResource =>
    createResource({
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name },
      spec: {
        interval: '5m',
        chart: {
          spec: {
            chart,
            sourceRef: { kind: 'HelmRepository', name: sourceName(repository, name), namespace: 'flux-system' },
          },
        },
        install: { timeout: '10m', remediation: { retries: 3 } },
        upgrade: { timeout: '10m', remediation: { retries: 3 } },
        ...definedOnly({ values: present(values, (sure) => sure) }),
      },
    }) as HelmChartResource,
);
