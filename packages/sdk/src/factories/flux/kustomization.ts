import { type Read, type Resource, defineResourceFactory, argumentMembers, withDefault } from '../../compose/index.ts';
import type { KubeObject } from '@typekro/kit/core';
import { readinessOf } from '@typekro/engine/readiness';
import { type FlatInput, divideFields } from './flat.ts';
import * as raw from './generated/kustomize.toolkit.fluxcd.io.ts';
import type { KustomizationFields, KustomizationSpec } from './generated/kustomize.toolkit.fluxcd.io.ts';
import { DEFAULT_INTERVAL } from './sources.ts';

/** Arguments of `kustomization`: the members of the spec; `sourceRef` may also be written `source`. */
export type KustomizationConfig = FlatInput<
  Omit<KustomizationSpec, 'sourceRef'>,
  'interval' | 'path' | 'prune' | 'wait' | 'timeout'
> &
  (
    | { readonly source: KustomizationSpec['sourceRef']; readonly sourceRef?: never }
    | { readonly sourceRef: KustomizationSpec['sourceRef']; readonly source?: never }
  );

/**
 * A folder of a source that Flux builds and applies. Defaults: The path is `./`. Flux applies the folder every 5
 * minutes, deletes objects that are no longer in it, and waits up to 10 minutes until the applied objects are ready.
 *
 * @example kustomization({ name: 'app', source: { kind: 'GitRepository', name: 'app' }, path: './deploy' })
 */
export const kustomization = defineResourceFactory(
  (input: KustomizationConfig): Resource<Read<KustomizationFields>> => {
    const { source, ...rest } = argumentMembers('kustomization', input);
    const defaults = { path: './', interval: DEFAULT_INTERVAL, prune: true, wait: true, timeout: '10m' };
    const { own, spec } = divideFields(
      { ...rest, sourceRef: withDefault(source, rest['sourceRef']) },
      { spec: defaults },
    );
    return (raw.kustomization as (object: object) => Resource<Read<KustomizationFields>>)({ ...own, spec });
  },
);

/** Is a live Kustomization ready, by the rule of its kind? A function for `withReadinessEvaluator`. */
export const kustomizationReadinessEvaluator = (live: KubeObject) => readinessOf(live);
