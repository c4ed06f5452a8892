/**
 * Names of the entry point `typekro/searxng` of TypeKro 0.33: programs that import them load, and learn the way when they use one.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/** Gone: write it as a composition: Deployment, Service and ConfigMap of typekro/simple. */
export const { DEFAULT_SEARXNG_IMAGE, DEFAULT_SEARXNG_PORT, buildSearxngSettings, searxng, searxngBootstrap } =
  movedNames('write it as a composition: Deployment, Service and ConfigMap of typekro/simple', [
    'DEFAULT_SEARXNG_IMAGE',
    'DEFAULT_SEARXNG_PORT',
    'buildSearxngSettings',
    'searxng',
    'searxngBootstrap',
  ]);
