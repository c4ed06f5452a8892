/**
 * Factories for Argo CD: applications and projects, and the metadata by which Argo CD tracks an instance's objects.
 *
 * @packageDocumentation
 */
export * from './generated/argoproj.io.ts';
export type { TrackingMetadata, TrackingMethod, TrackingOptions } from './argocd-tracking.ts';
export { argocdTracking } from './argocd-tracking.ts';
