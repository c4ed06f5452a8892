/**
 * Names of the entry point `typekro/searxng` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: write SearXNG as a composition with Deployment, Service and ConfigMap of typekro/simple. */
export const { DEFAULT_SEARXNG_IMAGE, DEFAULT_SEARXNG_PORT, buildSearxngSettings, searxng, searxngBootstrap } =
  movedNames('write SearXNG as a composition with Deployment, Service and ConfigMap of typekro/simple', [
    'DEFAULT_SEARXNG_IMAGE',
    'DEFAULT_SEARXNG_PORT',
    'buildSearxngSettings',
    'searxng',
    'searxngBootstrap',
  ]);
