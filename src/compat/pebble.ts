/**
 * Names of the entry point `typekro/pebble` of TypeKro 0.33: programs that import them load, and learn the way when they use one.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/** Gone: deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values. */
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
