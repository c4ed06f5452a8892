import { requireKnownOptions } from '@typekro/kit/core';
import { TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { GATES } from './feature-gates.ts';
import type { ControllerOptions } from './controller-options.ts';

/** The TypeScript compiler checks that the table is complete. */
const OPTIONS: Readonly<Record<keyof ControllerOptions, true>> = {
  client: true,
  logger: true,
  clock: true,
  random: true,
  version: true,
  allowCrdDeletion: true,
  maxGraphRevisions: true,
  maxCollectionSize: true,
  maxCollectionDimensions: true,
  definitionConcurrency: true,
  instanceConcurrency: true,
  features: true,
  serviceAccount: true,
  graphConcurrency: true,
  kroCompatibility: true,
  adoption: true,
  namespaces: true,
  instanceServiceAccount: true,
  shutdownGraceMs: true,
  share: true,
  traces: true,
  budget: true,
  conversions: true,
  migrationRate: true,
  publisherKeys: true,
};

/** A caller may pass all features of the compiler, also those without a gate. */
const FEATURES = { ...TYPEKRO_FEATURES, ...GATES };

/**
 * Refuses unknown options and unknown features of a controller.
 *
 * @throws TypeKroError `controller/unknown-option` for the first one
 */
export function requireKnownControllerOptions(options: ControllerOptions): void {
  requireKnownOptions('a controller', options, OPTIONS, 'controller/unknown-option');
  const { features } = options;
  if (features !== undefined) requireKnownOptions('features', features, FEATURES, 'controller/unknown-option');
}
