import { Cel, createResource, externalRef, opaque } from '../../compose/index.ts';
import type { Composition, CompositionApi, SchemaInput } from '../../compose/index.ts';
import type { RuntimeSettings } from './runtime-settings.ts';

/** The spec of a runtime. */
export interface TypeKroRuntimeSpec {
  /** Namespace of Flux. */
  readonly namespace: string;
}

/** The status of a runtime. */
export interface TypeKroRuntimeStatus {
  /** `Ready` when all components are ready, else `Installing`. */
  readonly phase: string;
  readonly components: { readonly fluxSystem: boolean; readonly kroSystem: boolean };
}

/** The registries of kro's chart: `now` has version 0.6 and later versions, and `before` has earlier versions. */
const KRO_CHARTS = { now: 'oci://registry.k8s.io/kro/charts', before: 'oci://ghcr.io/kro-run/kro' } as const;

/** The namespace and the Deployment of an existing installation of kro. The bootstrap keeps such an installation. */
export const EARLIER_KRO = { namespace: 'kro-system', name: 'kro' } as const;

/** The controllers of Flux that a runtime needs. */
export const FLUX_CONTROLLERS = ['source-controller', 'helm-controller'] as const;

/** Where kro comes from: its Helm chart, or a Deployment that already exists or is applied from manifests. */
export type KroSource = 'chart' | { readonly namespace: string; readonly name: string };

const SPEC: SchemaInput = {
  type: 'object',
  required: ['namespace'],
  properties: { namespace: { type: 'string', minLength: 1 } },
};
const STATUS: SchemaInput = {
  type: 'object',
  properties: {
    phase: { type: 'string' },
    components: { type: 'object', properties: { fluxSystem: { type: 'boolean' }, kroSystem: { type: 'boolean' } } },
  },
};

const AVAILABLE = '.?status.?conditions.orValue([]).exists(c, c.type == "Available" && c.status == "True")';
const READY = '.?status.?conditions.orValue([]).exists(c, c.type == "Ready" && c.status == "True")';

type Part = object & { readonly id: string };

/**
 * The graph of a runtime: references to Flux's controllers, and either a Helm release of kro or a reference to the
 * Deployment of kro.
 */
export function runtimeComposition(
  api: CompositionApi,
  settings: RuntimeSettings,
  kro: KroSource,
): Composition<TypeKroRuntimeSpec, TypeKroRuntimeStatus> {
  const build = opaque((spec: TypeKroRuntimeSpec): object => {
    const flux = FLUX_CONTROLLERS.map((name) => external(idOf(name), spec.namespace, name));
    const installed = kro === 'chart' ? kroRelease(spec, settings) : external('kroController', kro.namespace, kro.name);
    const kroSystem = [installed, kro === 'chart' ? READY : AVAILABLE];
    const fluxSystem = flux.flatMap((part, index) => [...(index === 0 ? [] : [' && ']), part, AVAILABLE]);
    return {
      phase: Cel.expr(...fluxSystem, ' && ', ...kroSystem, ' ? "Ready" : "Installing"'),
      components: { fluxSystem: Cel.expr(...fluxSystem), kroSystem: Cel.expr(...kroSystem) },
    };
  });
  const definition = { name: 'typekro-runtime', kind: 'TypeKroRuntime', spec: SPEC, status: STATUS };
  return api.kubernetesComposition(definition, (spec) => build(spec as TypeKroRuntimeSpec), {
    scope: () => ({ build }),
  }) as Composition<TypeKroRuntimeSpec, TypeKroRuntimeStatus>;
}

const idOf = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function external(id: string, namespaceName: string, name: string): Part {
  return externalRef({ id, apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: namespaceName } });
}

/**
 * The resources that install kro by its chart: namespace, repository, release. The manifests are literals instead of
 * calls of the Flux factories, because `import 'typekro'` loads this file and would then also load the schemas of these
 * factories.
 */
function kroRelease(spec: TypeKroRuntimeSpec, settings: RuntimeSettings): Part {
  const namespace = createResource(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: settings.kroNamespace } },
    { id: 'kroNamespace' },
  );
  const url = /^v?0\.[0-5](?:\.|$)/.test(settings.kroVersion) ? KRO_CHARTS.before : KRO_CHARTS.now;
  const repository = createResource(
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'HelmRepository',
      metadata: { name: 'kro-helm-repo', namespace: spec.namespace },
      spec: { interval: '5m', type: 'oci', url },
    },
    { id: 'kroRepository' },
  );
  const sourceRef = { kind: 'HelmRepository', name: repository.metadata.name, namespace: spec.namespace };
  const retries = { timeout: '10m', remediation: { retries: 3 } };
  return createResource(
    {
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: 'kro', namespace: namespace.metadata.name },
      spec: {
        interval: '5m',
        chart: { spec: { chart: 'kro', version: settings.kroVersion, sourceRef } },
        install: retries,
        upgrade: retries,
      },
    },
    { id: 'kroRelease' },
  );
}
