/**
 * Names of the entry point `typekro/pebble` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: deploy the chart of Pebble with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  PebbleBootstrapConfigSchema,
  PebbleBootstrapStatusSchema,
  pebbleBootstrap,
  pebbleHelmRelease,
  pebbleHelmRepository,
} = movedNames(
  'deploy the chart of Pebble with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'PebbleBootstrapConfigSchema',
    'PebbleBootstrapStatusSchema',
    'pebbleBootstrap',
    'pebbleHelmRelease',
    'pebbleHelmRepository',
  ],
);
