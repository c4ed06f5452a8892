/**
 * Names of the entry point `typekro/webapp` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: write the web application as a composition with Deployment of typekro/simple, cluster of typekro/cnpg
 * and valkey of typekro/valkey.
 */
export const {
  WebAppWithProcessingConfigSchema,
  WebAppWithProcessingStatusSchema,
  makeWebAppWithProcessing,
  webAppWithProcessing,
} = movedNames(
  'write the web application as a composition with Deployment of typekro/simple, cluster of typekro/cnpg and valkey of typekro/valkey',
  [
    'WebAppWithProcessingConfigSchema',
    'WebAppWithProcessingStatusSchema',
    'makeWebAppWithProcessing',
    'webAppWithProcessing',
  ],
);
