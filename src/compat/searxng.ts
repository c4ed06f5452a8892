/**
 * Names of the entry point `typekro/searxng` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/** Removed in 1.0: write it as a composition: Deployment, Service and ConfigMap of typekro/simple. */
export const { DEFAULT_SEARXNG_IMAGE, DEFAULT_SEARXNG_PORT, buildSearxngSettings, searxng, searxngBootstrap } =
  movedNames('write it as a composition: Deployment, Service and ConfigMap of typekro/simple', [
    'DEFAULT_SEARXNG_IMAGE',
    'DEFAULT_SEARXNG_PORT',
    'buildSearxngSettings',
    'searxng',
    'searxngBootstrap',
  ]);
