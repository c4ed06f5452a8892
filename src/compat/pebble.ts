/**
 * Names of the entry point `typekro/pebble` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/**
 * Removed in 1.0: deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart`
 * types its values.
 */
export const {
  PebbleBootstrapConfigSchema,
  PebbleBootstrapStatusSchema,
  pebbleBootstrap,
  pebbleHelmRelease,
  pebbleHelmRepository,
} = movedNames(
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
  [
    'PebbleBootstrapConfigSchema',
    'PebbleBootstrapStatusSchema',
    'pebbleBootstrap',
    'pebbleHelmRelease',
    'pebbleHelmRepository',
  ],
);
