import { fluxDefinitionsText, parseJson } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import type { StandIn } from '../../../stand-in.ts';
import { helmReleases } from './helm.ts';
import { kustomizations } from './kustomize.ts';
import { sources } from './source.ts';

/**
 * Simulates Flux's source, helm and kustomize controllers. Each success message says that nothing was fetched, rendered
 * or applied.
 */
export const fluxStandIn: StandIn = {
  name: 'flux',
  definitions: () => (parseJson(fluxDefinitionsText()) as unknown as { readonly items: readonly KubeObject[] }).items,
  kinds: [sources, helmReleases, kustomizations],
};
