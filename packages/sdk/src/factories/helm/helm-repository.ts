import type { Read, Resource } from '../../compose/index.ts';
import { defineResourceFactory, argumentMembers } from '../../compose/index.ts';
import type { FlatInput } from '../flux/flat.ts';
import { divideFields } from '../flux/flat.ts';
import * as raw from '../flux/generated/source.toolkit.fluxcd.io.ts';
import type { HelmRepositoryFields, HelmRepositorySpec } from '../flux/generated/source.toolkit.fluxcd.io.ts';

/** The default namespace of Flux and of HelmRepositories. */
export const FLUX_NAMESPACE = 'flux-system';

/** Arguments of `helmRepository`. */
export type HelmRepositoryConfig = FlatInput<HelmRepositorySpec, 'interval'>;

/**
 * A repository of Helm charts, in `flux-system` unless a namespace is given. When `url` is a constant string that
 * begins with `oci://`, `type` defaults to `oci`.
 */
export const helmRepository = defineResourceFactory(
  (input: HelmRepositoryConfig): Resource<Read<HelmRepositoryFields>> => {
    const given = argumentMembers('helmRepository', input);
    const { url } = given;
    const oci = typeof url === 'string' && url.startsWith('oci://') ? { type: 'oci' } : {};
    const defaults = { own: { namespace: FLUX_NAMESPACE }, spec: { interval: '5m', ...oci } };
    const { own, spec } = divideFields(given, defaults);
    return (raw.helmRepository as (object: object) => Resource<Read<HelmRepositoryFields>>)({ ...own, spec });
  },
);
