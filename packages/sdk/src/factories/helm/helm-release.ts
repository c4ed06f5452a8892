import type { Read, Resource } from '../../compose/index.ts';
import {
  defineResourceFactory,
  ifPresent,
  memberOf,
  argumentMembers,
  mergeObjects,
  present,
  withDefault,
} from '../../compose/index.ts';
import type { KubeObject } from '@typekro/kit/core';
import { readinessOf } from '@typekro/engine/readiness';
import { type FlatInput, divideFields } from '../flux/flat.ts';
import * as raw from '../flux/generated/helm.toolkit.fluxcd.io.ts';
import type { HelmReleaseFields, HelmReleaseSpec } from '../flux/generated/helm.toolkit.fluxcd.io.ts';
import { FLUX_NAMESPACE } from './helm-repository.ts';
import { sourceName } from './source-name.ts';

/** A chart: its name, its version, and the address of its repository. */
export interface ChartInput {
  readonly name: string;
  readonly version?: string | undefined;
  /** Address of the repository. Without `sourceRef`, the name of the HelmRepository is derived from the address. */
  readonly repository?: string | undefined;
}

/** The source object of a chart. */
export interface ChartSource {
  readonly kind?: 'HelmRepository' | 'GitRepository' | 'Bucket' | undefined;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The members of a release's spec without its chart and its values. */
export type HelmReleaseSettings = Omit<HelmReleaseSpec, 'chart' | 'chartRef' | 'values'>;

/** Arguments of `helmRelease`. `Values` are the values of the chart. */
export type HelmReleaseConfig<Values extends object = Record<string, unknown>> = FlatInput<
  HelmReleaseSettings,
  'interval'
> & { readonly values?: Values | undefined } & (
    | { readonly chart: ChartInput; readonly sourceRef?: ChartSource | undefined; readonly chartRef?: never }
    | {
        readonly chartRef: NonNullable<HelmReleaseSpec['chartRef']>;
        readonly chart?: never;
        readonly sourceRef?: never;
      }
  );

/** A Helm release as a resource of a graph. */
export type HelmReleaseResource = Resource<Read<HelmReleaseFields>>;

const RETRIES = { timeout: '10m', remediation: { retries: 3 } };

/**
 * A Helm chart that Flux installs and keeps up to date. Defaults: Flux reconciles the release every 5 minutes; an
 * installation or upgrade takes at most 10 minutes and has three retries. Without `sourceRef`, the chart comes from a
 * HelmRepository in `flux-system`. The name of the HelmRepository is the last part of the repository's address. For a
 * registry (`oci://…`), it is the name of the release followed by `-helm-repo`. For an address that contains `bitnami`,
 * it is `bitnami`.
 *
 * @example
 * helmRelease({
 *   name: 'cache',
 *   chart: { repository: 'https://charts.example.com/stable', name: 'redis', version: '1.2.3' },
 *   values: { replicas: spec.replicas },
 * })
 *
 * @throws TypeKroError `factories/no-chart-source` for a `chart` with neither a `sourceRef` nor a constant repository.
 */
export const helmRelease = defineResourceFactory(
  <Values extends object = Record<string, unknown>>(input: HelmReleaseConfig<Values>): HelmReleaseResource => {
    const { chart, sourceRef, ...rest } = argumentMembers('helmRelease', input);
    const found = present(chart, (sure) => ({ spec: chartSpec(sure, sourceRef, input.name) }));
    const where = found === undefined ? {} : { chart: found };
    const { own, spec } = divideFields(rest, {
      spec: { interval: '5m', ...where, install: RETRIES, upgrade: RETRIES },
    });
    return (raw.helmRelease as (object: object) => HelmReleaseResource)({ ...own, spec });
  },
);

function chartSpec(chart: unknown, source: unknown, release: string): object {
  return {
    chart: memberOf(chart, 'name'),
    version: memberOf(chart, 'version'),
    sourceRef: ifPresent(
      source,
      (sure) => mergeObjects(sure as object, { kind: withDefault(memberOf(sure, 'kind'), 'HelmRepository') }),
      () => ({
        kind: 'HelmRepository',
        name: sourceName(memberOf(chart, 'repository'), release),
        namespace: FLUX_NAMESPACE,
      }),
    ),
  };
}

/**
 * A form of `helmRelease` with only the name, the repository, the chart and the values. The HelmRepository must exist
 * in `flux-system`.
 */
export const simpleHelmChart = defineResourceFactory(
  (name: string, repository: string, chart: string, values?: Record<string, unknown>): HelmReleaseResource =>
    helmRelease({ name, chart: { repository, name: chart }, values }),
);

/** Is a live Helm release ready, by the rule of its kind? A function for `withReadinessEvaluator`. */
export const helmReleaseReadinessEvaluator = (live: KubeObject) => readinessOf(live);
