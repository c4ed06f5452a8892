/**
 * Names of the entry point `typekro/webapp` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/**
 * Removed in 1.0: write it as a composition: Deployment of typekro/simple, cluster of typekro/cnpg, valkey of
 * typekro/valkey.
 */
export const {
  WebAppWithProcessingConfigSchema,
  WebAppWithProcessingStatusSchema,
  makeWebAppWithProcessing,
  webAppWithProcessing,
} = movedNames(
  'write it as a composition: Deployment of typekro/simple, cluster of typekro/cnpg, valkey of typekro/valkey',
  [
    'WebAppWithProcessingConfigSchema',
    'WebAppWithProcessingStatusSchema',
    'makeWebAppWithProcessing',
    'webAppWithProcessing',
  ],
);
