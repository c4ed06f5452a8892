/**
 * Factories for Argo CD: applications and projects, and the metadata by which Argo CD tracks an instance's objects.
 *
 * @packageDocumentation
 */
export * from './generated/argoproj.io.ts';
export { type TrackingMetadata, type TrackingMethod, type TrackingOptions, argocdTracking } from './argocd-tracking.ts';
